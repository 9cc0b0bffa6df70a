// The record of a report on a root: its first page, and what every part of the examination came to.
import type { KeyFigure, ReportSection, StoreReport } from '../../../report/store/record.ts';
import type { Store } from '../../../store/store.ts';
import { escapeBytes, escapeMessage, escapeText } from '../../../told/escape.ts';
import { sumOfSizes } from '../../examine/usage-sums.ts';
import { counted } from '../../print/count.ts';
import { humanSize } from '../../print/size.ts';
import { nameList } from './cells.ts';
import type { Examination } from './examination.ts';
import { deletedSection, healthSection, timelineSection, verificationSection } from './finding-tables.ts';
import { layerSection, spaceSection } from './layer-tables.ts';
import { containerSection, imageSection, volumeSection } from './list-tables.ts';
import { lookSection } from './look.ts';
import type { WrittenPart } from './parts.ts';
import { plainTable } from './plain-table.ts';
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
  return [
    { name: 'images', value: String(count('images')), section: 'images' },
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
    verificationFigure(verification),
    { name: 'deleted things', value: String(deletions.all.length), section: 'deleted' },
    { name: 'days with events', value: String(days.all.length), section: 'timeline' },
  ];
}

/** Of containers nothing can be proven but what they have of images. */
function verificationFigure(verification: Verification | undefined): KeyFigure {
  const section = 'verification';
  const state = verification?.verdict ?? 'not verified';
  if (state !== 'verified' || verification?.unprovenContainers === 0)
    return { name: 'verification', value: state, section, state };
  return { name: 'containers unverifiable', value: 'images verified', section, state: 'in part' };
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
      plainTable(
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
      plainTable(
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
            plainTable(
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
