// What was found, as tables: health, verification, what was deleted, and when things happened.
import type { ReportSection, ReportTable, TableCell } from '../../../report/store/record.ts';
import { asBytes, shownBytes } from '../../../sys/bytes.ts';
import { escapeBytes, escapeMessage, escapeText } from '../../../told/escape.ts';
import type { Finding } from '../../../verify/finding.ts';
import { counted } from '../../print/count.ts';
import { nameList, shortName, timeText } from './cells.ts';
import type { Examination } from './examination.ts';
import type { Verification } from './verification.ts';

/** Things deleted of which the page has rows: the largest. */
const MOST_DELETED = 100_000;

export function healthSection({ findings, findingsLeftOut, opened }: Examination): ReportSection {
  const isSeveral = opened.stores.length > 1;
  const rows = findings.map(({ store, finding }): TableCell[] => [
    finding.severity,
    finding.code,
    escapeBytes(finding.path),
    escapeMessage(finding.detail),
    finding.takes?.allocated ?? null,
    ...(isSeveral ? [escapeText(store)] : []),
  ]);
  const kinds = [...new Map(findings.map(({ finding }) => [finding.code, finding])).values()];
  return {
    id: 'health',
    heading: 'Health',
    intro: '',
    remarks: [],
    tables: [
      {
        id: 'health',
        caption: `${counted(findings.length + findingsLeftOut, 'finding')}, as "doctor" tells them`,
        columns: [
          { heading: 'Severity', kind: 'state' },
          { heading: 'Finding', kind: 'id' },
          { heading: 'Path', kind: 'name' },
          { heading: 'What is wrong', kind: 'text' },
          { heading: 'It takes', kind: 'bytes' },
          ...(isSeveral ? [{ heading: 'Store', kind: 'text' } as const] : []),
        ],
        rows,
        leftOut: findingsLeftOut,
        none: opened.healths instanceof Error ? escapeMessage(opened.healths.message) : 'Nothing was found.',
      },
      ...(kinds.length === 0
        ? []
        : [
            {
              id: 'meanings',
              caption: 'What the findings mean, and what still works',
              columns: [
                { heading: 'Finding', kind: 'id' },
                { heading: 'Meaning', kind: 'text' },
                { heading: 'Still works', kind: 'text' },
              ] as const,
              rows: kinds.map(({ code, meaning, works }) => [code, meaning, works]),
              leftOut: 0,
              none: '',
            },
          ]),
    ],
  };
}

export function verificationSection(verification: Verification | undefined): ReportSection {
  const section = { id: 'verification', heading: 'Verification' };
  if (verification === undefined)
    return {
      ...section,
      intro:
        'Not verified: it was not asked for (--verify). Nothing in this report is proven against the IDs.',
      remarks: [],
      tables: [],
    };
  return {
    ...section,
    intro: `${verification.totals}.`,
    remarks: [
      'Verified: the sha256 of all contents, put together again from record and disk, is the diff ID, and nothing else differs. ' +
        'Nothing records what containers changed: their own layers are unverifiable by nature.',
    ],
    tables: [subjectTable(verification), verifiedLayers(verification), differenceTable(verification)],
  };
}

function subjectTable({ subjects }: Verification): ReportTable {
  return {
    id: 'subjects',
    caption: 'Verdicts on images, containers, layers of no image, and the lists of the store',
    columns: [
      { heading: 'Verdict', kind: 'state' },
      { heading: 'Of', kind: 'name' },
      { heading: 'Kind', kind: 'text' },
      { heading: 'ID', kind: 'id' },
    ],
    rows: subjects.map(({ verdict, label, kind, id }) => [
      verdict,
      escapeText(label),
      kind,
      id === undefined ? '' : escapeText(id),
    ]),
    leftOut: 0,
    none: 'There was nothing to verify.',
  };
}

function verifiedLayers({ layers }: Verification): ReportTable {
  return {
    id: 'verified-layers',
    caption: `${counted(layers.length, 'layer')}, each once, where it was first met`,
    columns: [
      { heading: 'Verdict', kind: 'state' },
      { heading: 'Of', kind: 'name' },
      { heading: 'Layer', kind: 'number' },
      { heading: 'Diff ID', kind: 'id' },
      { heading: 'sha256 of contents', kind: 'text' },
      { heading: 'Entries', kind: 'number' },
      { heading: 'Bytes of tar', kind: 'bytes' },
      { heading: 'What differs', kind: 'text' },
    ],
    rows: layers.map(({ verdict, label, number, diffId, sha256, entries, bytes, counts, role }) => [
      verdict,
      escapeText(label),
      number,
      diffId === undefined ? '' : shortName(diffId),
      sha256 ??
        `none is recorded${role === undefined ? '' : ` of the ${role === 'upper' ? "container's" : "engine's"} own layer`}`,
      sha256 === undefined ? null : entries,
      sha256 === undefined ? null : bytes,
      [...counts].map(([kind, count]) => `${count} ${kind}`).join(', '),
    ]),
    leftOut: 0,
    none: 'No layer was verified.',
  };
}

function differenceTable({ differences, differencesLeftOut }: Verification): ReportTable {
  return {
    id: 'differences',
    caption: `${counted(differences.length + differencesLeftOut, 'difference')} from what is recorded, and why something cannot be told`,
    columns: [
      { heading: 'Verdict', kind: 'state' },
      { heading: 'Class', kind: 'id' },
      { heading: 'Of', kind: 'name' },
      { heading: 'Layer', kind: 'number' },
      { heading: 'Path', kind: 'name' },
      { heading: 'Expected', kind: 'name' },
      { heading: 'Found', kind: 'name' },
      { heading: 'Remark', kind: 'text' },
    ],
    rows: differences.map(({ label, layer, finding }) => [
      finding.severity,
      finding.class,
      escapeText(label),
      layer ?? null,
      pathText(finding),
      valueText(finding.expected),
      valueText(finding.found),
      escapeMessage(finding.message ?? ''),
    ]),
    leftOut: differencesLeftOut,
    none: 'Nothing differs from what is recorded.',
  };
}

function pathText({ path }: Finding): string {
  return path === undefined ? '' : path === '' ? '.' : escapeBytes(path);
}

function valueText(value: string | undefined): string {
  return value === undefined ? '' : escapeMessage(shownBytes(asBytes(value)));
}

export function deletedSection({ deletions: { all } }: Examination): ReportSection {
  const sorted = all.toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
  const rows = sorted.slice(0, MOST_DELETED).map((one): TableCell[] => {
    const { path, isDirectory, bytes, entries, layer, removedIn, how, of, when, users } = one;
    return [
      `${escapeBytes(path)}${isDirectory && path !== '/' ? '/' : ''}`,
      bytes,
      isDirectory ? entries : null,
      escapeText(users[0] ?? ''),
      layer,
      removedIn,
      of === undefined ? how : `${how} of ${escapeBytes(of)}`,
      timeText(when) || escapeText(when),
      nameList(users),
    ];
  });
  return {
    id: 'deleted',
    heading: 'Deleted things',
    intro: '',
    remarks: [
      'The layers of the first image or container are counted from the lowest, 1. Of a container, a time between two: its whiteouts are one inode. ' +
        '"stratafs extract --layer" gets back what is deleted.',
    ],
    tables: [
      {
        id: 'deleted',
        caption: `${counted(all.length, 'thing')} that a layer has and a newer one took away, the largest first; each once, whoever has both layers`,
        columns: [
          { heading: 'Path', kind: 'name' },
          { heading: 'Size', kind: 'bytes' },
          { heading: 'Names below', kind: 'number' },
          { heading: 'Of', kind: 'name' },
          { heading: 'Layer', kind: 'number' },
          { heading: 'Removed in', kind: 'number' },
          { heading: 'How', kind: 'text' },
          { heading: 'When (UTC)', kind: 'time' },
          { heading: 'Images and containers', kind: 'name' },
        ],
        rows,
        leftOut: Math.max(0, all.length - MOST_DELETED),
        none: 'Nothing that could be read was deleted by a newer layer.',
      },
    ],
  };
}

export function timelineSection({ days: { all } }: Examination): ReportSection {
  return {
    id: 'timeline',
    heading: 'Timeline by day',
    intro: '',
    remarks: [
      'Days are UTC. An event is a time of an object: modified, accessed, metadata changed, born; several at one moment are one event. ' +
        'Only modification comes from an image: the others are as old as the files on this disk.',
    ],
    figure: {
      kind: 'days',
      days: all.map(({ day, events, removals }) => ({ day, events, removals })).reverse(),
    },
    tables: [
      {
        id: 'days',
        caption: `${counted(all.length, 'day')} with events of any layer, the latest first; each layer counts once`,
        columns: [
          { heading: 'Day', kind: 'time' },
          { heading: 'Events', kind: 'number' },
          { heading: 'Modified', kind: 'number' },
          { heading: 'Accessed', kind: 'number' },
          { heading: 'Changed', kind: 'number' },
          { heading: 'Born', kind: 'number' },
          { heading: 'Deletions', kind: 'number' },
        ],
        rows: all.map(({ day, events, modified, accessed, changed, born, removals }) => [
          ...[day, events, modified, accessed, changed, born, removals],
        ]),
        leftOut: 0,
        none: 'No times could be read.',
      },
    ],
  };
}
