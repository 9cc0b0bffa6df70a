// What a report says to look at first: what is wrong, of all parts of the examination, in a few rows.
import type { ReportSection, TableCell } from '../../../report/store/record.ts';
import { escapeBytes, escapeMessage, escapeText } from '../../../told/escape.ts';
import type { Verdict } from '../../../verify/verdict.ts';
import { sumOfSizes } from '../../examine/usage-sums.ts';
import { counted } from '../../print/count.ts';
import { humanSize } from '../../print/size.ts';
import type { Examination } from './examination.ts';
import { plainTable } from './plain-table.ts';
import type { Verification } from './verification.ts';

/** Rows of what is to be looked at first, of one kind. */
const MOST_OF_A_KIND = 20;

/** What is wrong, the worst first. */
export function lookSection({ opened, verification, findings, layers }: Examination): ReportSection {
  const wrong = verification === undefined ? [] : verdictRows(verification);
  const damaged = opened.lists.flatMap(({ images, containers }) => [
    ...images.flatMap(({ damage, tags, id }) =>
      damage === undefined ? [] : [[tags[0] ?? id, damage] as const],
    ),
    ...containers.flatMap(({ damage, name, id }) =>
      damage === undefined ? [] : [[name || id, damage] as const],
    ),
  ]);
  const loose = layers.filter(({ users }) => users.length === 0);
  const rows = [
    ...most(wrong.filter(([verdict]) => verdict === 'tampered')),
    ...most(wrong.filter(([verdict]) => verdict === 'unverifiable')),
    ...(verification === undefined || verification.unprovenContainers === 0
      ? []
      : [
          [
            'unverifiable',
            `${counted(verification.unprovenContainers, 'container')}: nothing records what containers changed`,
            'Verification',
          ],
        ]),
    ...most(
      damaged.map(([name, damage]) => [
        'damaged',
        `${escapeText(name)}: ${escapeMessage(damage)}`,
        'Images, Containers',
      ]),
    ),
    ...most(findingWords(findings).map(([severity, words]) => [severity, words, 'Health'])),
    ...(loose.length === 0
      ? []
      : [
          [
            'note',
            `${counted(loose.length, 'layer')} of no image or container: ${humanSize(sumOfSizes(loose.flatMap(({ place }) => place ?? [])).allocated)} on disk`,
            'Layers',
          ],
        ]),
    ...(verification === undefined
      ? [['not verified', 'nothing here is proven against the IDs: --verify was not given', 'Verification']]
      : []),
  ];
  return {
    id: 'look',
    heading: 'Look at first',
    intro: '',
    remarks: [],
    tables: [
      plainTable(
        'look',
        'The worst first',
        [
          ['State', 'state'],
          ['What', 'name'],
          ['Section', 'text'],
        ],
        rows,
        'Nothing wrong was found in what was examined.',
      ),
    ],
  };
}

/** What is not verified, without what no container can have verified: layers, each once, and what is wrong beside them. */
function verdictRows({ layers, subjects, differences }: Verification): [Verdict, string, string][] {
  const ofLayers = layers.flatMap(({ verdict, label, number, counts, role }): [Verdict, string][] => {
    if (verdict === 'verified' || (role !== undefined && verdict === 'unverifiable')) return [];
    const own = differences.filter((one) => one.label === label && one.layer === number);
    const path = own.find(({ finding }) => finding.path !== undefined)?.finding.path;
    const what = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
    const first = path === undefined ? firstMessage(own) : [`first /${escapeBytes(path)}`];
    const words = [...(what === '' ? [] : [what]), ...first].join(', ');
    return [[verdict, `layer ${number} of ${escapeText(label)}${words === '' ? '' : `: ${words}`}`]];
  });
  const ofSubjects = subjects.flatMap(({ verdict, label, kind }): [Verdict, string][] => {
    const own = differences.filter((one) => one.label === label && one.layer === undefined);
    if (verdict === 'verified' || own.length === 0) return [];
    // Of all others the label says what they are.
    const name = kind === 'image' || kind === 'container' ? `${kind} ${label}` : label;
    const classes = [...new Set(own.map(({ finding }) => finding.class))].join(', ');
    return [[verdict, `${escapeText(name)}: ${[classes, ...firstMessage(own)].join(', ')}`]];
  });
  return [...ofLayers, ...ofSubjects].map(([verdict, words]) => [verdict, words, 'Verification']);
}

/** What the first of them says in words, if any does. */
function firstMessage(differences: Verification['differences']): string[] {
  return differences
    .flatMap(({ finding: { message } }) => message ?? [])
    .slice(0, 1)
    .map(escapeMessage);
}

/** Errors and warnings of one code are one row. */
function findingWords(findings: Examination['findings']): [severity: string, words: string][] {
  const counts = new Map<string, { severity: string; count: number; path: string }>();
  for (const { finding } of findings) {
    const { severity, code, path } = finding;
    if (severity === 'note') continue;
    const known = counts.get(code) ?? { severity, count: 0, path: escapeBytes(path) };
    counts.set(code, { ...known, count: known.count + 1 });
  }
  return [...counts]
    .map(([code, { severity, count, path }]): [string, string] => [
      severity,
      `${code}: ${path}${count === 1 ? '' : ` and ${count - 1} more`}`,
    ])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function most(rows: readonly (readonly TableCell[])[]): (readonly TableCell[])[] {
  const rest = rows.length - MOST_OF_A_KIND;
  const [first] = rows;
  if (rest <= 0 || first === undefined) return [...rows];
  return [...rows.slice(0, MOST_OF_A_KIND), [first[0] ?? null, `and ${rest} more`, first[2] ?? null]];
}
