// What each form of output of `stratafs diff` is: it takes changes as they are found, and the counts in the end.
import type { Sink, Summary } from '../../diff/change.ts';
import type { ConfigChange } from '../../diff/explain/config.ts';
import type { ChangeGroup } from '../../diff/explain/groups.ts';
import { ASPECTS } from '../../diff/item.ts';
import type { StackGrowth } from '../../layers/survey/growth.ts';
import type { SideLabel } from '../../open/sides.ts';
import { shortId } from '../../store/digest.ts';
import { counted } from '../print/count.ts';
import type { Output } from '../print/output.ts';
import { humanSize } from '../print/size.ts';

export interface DiffContext {
  readonly out: Output;
  readonly a: SideLabel;
  readonly b: SideLabel;
  readonly sharedLayers: number;
  readonly color: boolean;
  /** A line on the error output, for what a form has no words for. */
  readonly note: (message: string) => void;
  /** Writes the header of JSON lines, with these fields besides what all have, and sees to their end. */
  readonly beginJson: (more: object) => void;
}

/** What a gate came to. */
export interface GateVerdict {
  /** The words of `--fail-on`; absent where that was not asked for. */
  readonly policy?: string;
  readonly reasons: readonly string[];
  /** False where not all that counts could be compared. */
  readonly isDecided: boolean;
}

/** What a gate's policy came to. */
export function outcomeOf({ reasons, isDecided }: GateVerdict): 'failed' | 'passed' | 'not decided' {
  if (reasons.length > 0) return 'failed';
  return isDecided ? 'passed' : 'not decided';
}

export interface Printer extends Omit<Sink, 'error'> {
  error?: Sink['error'];
  /** Metadata changes that are told as one; where a form tells them so. */
  group?(group: ChangeGroup): void;
  /** Before the first change. */
  begin?(): void;
  /** After the last change, where it is known how much the layers of both store; only of forms that tell it. */
  growth?(growth: StackGrowth): void;
  /** After the last change, where configurations are compared; only of forms that tell them. */
  configuration?(changes: readonly ConfigChange[]): void;
  /** Before the end; only of forms that tell it. */
  verdict?(verdict: GateVerdict): void;
  end(summary: Summary): void;
  /** At last, whatever happened: what was begun and has not ended is gone. */
  close?(): void;
}

/** `contents of 12 files, xattr of 14`: what a manifest does not tell was not compared. */
export function untoldWords(untold: Summary['untold']): string {
  return ASPECTS.flatMap((aspect) => {
    const count = untold.get(aspect);
    return count === undefined ? [] : [[aspect, count] as const];
  })
    .map(([aspect, count]) =>
      aspect === 'content' ? `contents of ${counted(count, 'file')}` : `${aspect} of ${count}`,
    )
    .join(', ');
}

/** `1 added, 632 removed, 6 changed, 2 metadata only` and what is hidden. */
export function summaryWords(summary: Summary): string {
  const { add, remove, modify, meta, type, rename, hidden, noise, config = 0, errors, untold } = summary;
  const counts = [
    [add, 'added'],
    [remove, 'removed'],
    [modify, 'changed'],
    [meta, 'metadata only'],
    [type, 'of another type'],
    [rename, 'renamed'],
    [config, 'of the configuration'],
    [errors, 'not compared'],
  ] as const;
  const told = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const notes = [
    ...(hidden.mtime > 0 ? [`${hidden.mtime} differ in time only, --mtime shows them`] : []),
    ...(hidden.init > 0 ? [`${hidden.init} of Docker's init layer hidden, --show-init shows them`] : []),
    ...(noise > 0 ? [`${noise} noise, --ignore-noise all hides them`] : []),
    ...(hidden.noise > 0 ? [`${hidden.noise} hidden as noise`] : []),
    ...(untold.size > 0 ? [`the manifest tells no ${untoldWords(untold)}`] : []),
  ];
  const none = untold.has('content') ? 'no difference in what was compared' : 'no difference';
  const words = told.length === 0 ? none : told.join(', ');
  return notes.length === 0 ? words : `${words} (${notes.join('; ')})`;
}

/** What a side is besides its name: ID, layers and size of a stack. `shown` makes text of a store harmless. */
export function sideFacts({ stack }: SideLabel, shown: (text: string) => string): string[] {
  if (stack === undefined) return ['manifest'];
  const size = stack.layers.reduce((sum, layer) => sum + (layer.size ?? 0), 0);
  return [
    ...(stack.id === undefined ? [] : [shown(shortId(stack.id))]),
    counted(stack.layers.length, 'layer'),
    ...(size > 0 ? [humanSize(size)] : []),
  ];
}

/** The same in one line, its name before it, and behind it what is mounted in a container. */
export function sideLine(side: SideLabel, shown: (text: string) => string): string {
  const mountPoints = side.stack?.mountPoints;
  return [
    shown(side.reference),
    ...sideFacts(side, shown),
    ...(mountPoints === undefined
      ? []
      : [`mounted in it, and not compared: ${mountPoints.map(shown).join(', ')}`]),
  ].join(', ');
}
