// The record of a report on a root: its first page, and what every part of the examination came to.
import type {
  KeyFigure,
  ReportSection,
  ReportTable,
  StoreReport,
  TableCell,
} from '../../../report/store/record.ts';
import type { Store } from '../../../store/store.ts';
import type { Verdict } from '../../../verify/verdict.ts';
import { sumOfSizes } from '../../examine/usage-sums.ts';
import { counted } from '../../print/count.ts';
import { escapeBytes, escapeMessage, escapeText } from '../../print/escape.ts';
import { humanSize } from '../../print/size.ts';
import { nameList } from './cells.ts';
import type { Examination } from './examination.ts';
import { deletedSection, healthSection, timelineSection, verificationSection } from './finding-tables.ts';
import { layerSection, spaceSection } from './layer-tables.ts';
import { containerSection, imageSection, volumeSection } from './list-tables.ts';
import type { WrittenPart } from './parts.ts';
import type { Verification } from './verification.ts';

/** How, when and on what a report was made. */
export interface ReportOrigin {
  readonly tool: string;
  /** As a shell would take it. */
  readonly commandLine: string;
  /** `2024-05-01 12:00:00Z`. */
  readonly when: string;
  /** Words about who this process is to the disk. */
  readonly rights: string;
  /** Another machine's disk; absent for this machine. */
  readonly hostRoot?: string;
  /** Roots on that disk that are not reported, in words. */
  readonly others: readonly string[];
  /** Undefined where it cannot be told. */
  readonly isLive: boolean | undefined;
}

export interface RecordInput {
  readonly examined: Examination;
  readonly origin: ReportOrigin;
  /** Printable, in the order in which they were told. */
  readonly told: readonly string[];
  /** Undefined where nothing but the page is written. */
  readonly parts: readonly WrittenPart[] | undefined;
}

/** Rows of what is to be looked at first, of one kind. */
const MOST_OF_A_KIND = 20;

export function storeReport({ examined, origin, told, parts }: RecordInput): StoreReport {
  const { root } = examined.opened;
  const verdicts = examined.verification?.verdicts();
  return {
    title: `Report on ${escapeBytes(root.directory)}`,
    facts: factsOf(root, origin),
    figures: keyFiguresOf(examined),
    sections: [
      lookSection(examined),
      doneSection(examined, origin, told),
      filesSection(parts),
      imageSection(examined, verdicts),
      containerSection(examined, verdicts),
      volumeSection(examined),
      layerSection(examined, verdicts),
      spaceSection(examined),
      healthSection(examined),
      verificationSection(examined.verification),
      deletedSection(examined),
      timelineSection(examined),
    ],
  };
}

function factsOf(root: Store, origin: ReportOrigin): StoreReport['facts'] {
  const { tool, commandLine, when, rights, hostRoot, isLive } = origin;
  return [
    ['Tool', tool],
    ['When (UTC)', when],
    ['Command line', escapeText(commandLine)],
    ['Data root', escapeBytes(root.directory)],
    ['Stores', escapeText(root.description)],
    ...(hostRoot === undefined ? [] : [["Another machine's disk", escapeText(hostRoot)] as const]),
    ['Run', rights],
    [
      'Engine',
      isLive === undefined
        ? 'cannot be told'
        : isLive
          ? 'at work: the store may have changed meanwhile'
          : 'not at work',
    ],
  ];
}

function keyFiguresOf(examined: Examination): KeyFigure[] {
  const { opened, layers, volumes, places, findings, verification, deletions, days } = examined;
  const count = (of: 'images' | 'containers') => opened.lists.reduce((sum, list) => sum + list[of].length, 0);
  const severities = findings.map(({ finding }) => finding.severity);
  const errors = severities.filter((severity) => severity === 'error').length;
  const warnings = severities.filter((severity) => severity === 'warning').length;
  const health = errors > 0 ? 'error' : warnings > 0 ? 'warning' : undefined;
  const intermediate = opened.lists
    .flatMap(({ images }) => images)
    .filter((image) => image.intermediate && image.damage === undefined).length;
  return [
    { name: 'images', value: String(count('images') - intermediate), section: 'images' },
    { name: 'containers', value: String(count('containers')), section: 'containers' },
    { name: 'volumes', value: String(volumes.length), section: 'volumes' },
    { name: 'layers', value: String(layers.length), section: 'layers' },
    {
      name: 'on disk',
      value: places.length === 0 ? '?' : humanSize(sumOfSizes(places).allocated),
      section: 'space',
    },
    {
      name: 'errors, warnings',
      value: `${errors}, ${warnings}`,
      section: 'health',
      ...(health === undefined ? {} : { state: health }),
    },
    {
      name: 'verification',
      value: verification?.verdict ?? 'not verified',
      section: 'verification',
      state: verification?.verdict ?? 'not verified',
    },
    { name: 'deleted things', value: String(deletions.all.length), section: 'deleted' },
    { name: 'days with events', value: String(days.all.length), section: 'timeline' },
  ];
}

/** What is wrong, the worst first. */
function lookSection({ opened, verification, findings, layers }: Examination): ReportSection {
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
      table(
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
    const first = path === undefined ? '' : `, first /${escapeBytes(path)}`;
    return [[verdict, `layer ${number} of ${escapeText(label)}: ${what}${first}`]];
  });
  const ofSubjects = subjects.flatMap(({ verdict, label, kind }): [Verdict, string][] => {
    const own = differences.filter((one) => one.label === label && one.layer === undefined);
    if (verdict === 'verified' || own.length === 0) return [];
    return [
      [
        verdict,
        `${kind} ${escapeText(label)}: ${[...new Set(own.map(({ finding }) => finding.class))].join(', ')}`,
      ],
    ];
  });
  return [...ofLayers, ...ofSubjects].map(([verdict, words]) => [verdict, words, 'Verification']);
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

function doneSection(
  { done, opened }: Examination,
  { isLive, others }: ReportOrigin,
  told: readonly string[],
): ReportSection {
  const { root } = opened;
  const beside = nameList([...(root.beside?.() ?? []).map(({ sentence }) => sentence), ...others]);
  return {
    id: 'done',
    heading: 'What was done, and what was not',
    intro:
      'The store was read only: nothing was written, locked or executed in it, no link in it followed, and access times were left alone wherever this user may (root: everywhere). ' +
      (isLive === true ? 'Its engine was at work meanwhile. ' : '') +
      (beside === '' ? '' : `Not in this report: ${beside}.`),
    remarks: [],
    tables: [
      table(
        'done',
        'By part of the examination',
        [
          ['State', 'state'],
          ['Part', 'text'],
          ['What', 'text'],
        ],
        done.map(({ state, part, words }) => [state, part, escapeMessage(words)]),
        '',
      ),
      table(
        'told',
        `${counted(told.length, 'fault or remark', 'faults and remarks')} on the error output: what was refused, missing, or could not be read, and why`,
        [['Message', 'text']],
        told.map((line) => [line]),
        'Nothing was refused, and all that was asked for could be read.',
      ),
    ],
  };
}

function filesSection(parts: readonly WrittenPart[] | undefined): ReportSection {
  const own =
    parts === undefined
      ? 'Only this page was written; its own sha256 stands in no file: the command printed it.'
      : 'The sha256 of this page (report.html) is in SHA256SUMS; that of SHA256SUMS was printed by the command.';
  return {
    id: 'files',
    heading: 'Files of this report',
    intro: own,
    remarks: [],
    tables:
      parts === undefined
        ? []
        : [
            table(
              'files',
              `${counted(parts.length, 'file')} beside this page; "sha256sum -c SHA256SUMS" proves all`,
              [
                ['File', 'code'],
                ['Size', 'bytes'],
                ['sha256', 'id'],
              ],
              parts.map(({ name, bytes, sha256 }) => [name, bytes, sha256]),
              '',
            ),
          ],
  };
}

function table(
  id: string,
  caption: string,
  columns: readonly (readonly [heading: string, kind: ReportTable['columns'][number]['kind']])[],
  rows: ReportTable['rows'],
  none: string,
): ReportTable {
  return {
    id,
    caption,
    columns: columns.map(([heading, kind]) => ({ heading, kind })),
    rows,
    leftOut: 0,
    none,
  };
}
