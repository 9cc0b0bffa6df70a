// A scenario: work that one contender does in one go, and the samples of a row or more that come of it.
import type { Clients, Measured } from './clients.ts';
import type { Contender } from './contenders.ts';
import { type Mounted, withMount } from './mount.ts';
import type { Placement } from './process.ts';
import { type Row, rowOf } from './rows.ts';
import type { Session } from './session.ts';
import type { Stack } from './stack.ts';

export interface Sample {
  readonly row: Row;
  readonly value: number;
  /** Milliseconds of processor time, of client and server. */
  readonly processor?: number;
  /** Why it does not count, where it does not. */
  readonly fault?: string | undefined;
  /** What the client saw: the same for every contender, or one of them is wrong. */
  readonly answer?: string;
  /** Where it is not the contender's own: that of `node -e 0` by the contender's Node. */
  readonly of?: string;
}

export interface Scenario {
  readonly rows: readonly Row[];
  /** Programs without which it cannot be. */
  readonly needs: readonly string[];
  /** Measured in each placement, or in the first alone where placement does not matter. */
  readonly isPlaced: boolean;
  suits(contender: Contender): boolean;
  measure(contender: Contender, placement: Placement): Promise<Sample[]>;
}

export interface Stacks {
  readonly full: Stack;
  readonly small: Stack;
  readonly middle: Stack;
  readonly empty: Stack;
  readonly growth: readonly { readonly names: number; readonly stack: Stack }[];
}

export interface Bench {
  readonly session: Session;
  readonly clients: Clients;
  readonly stacks: Stacks;
  /** Whether the stacks lie on a disk; otherwise nothing can be read from one. */
  readonly hasDisk: boolean;
}

export function scenario(
  ids: readonly string[],
  rest: Pick<Scenario, 'measure'> & Partial<Scenario>,
): Scenario {
  return { rows: ids.map(rowOf), needs: [], isPlaced: true, suits: () => true, ...rest };
}

/** What `clients` measure, one after the other, on one fresh mount; the server's share added to theirs. */
export function onFreshMount(
  { session }: Bench,
  contender: Contender,
  stack: Stack,
  placement: Placement,
  clients: readonly ((directory: string) => Promise<Measured>)[],
): Promise<Measured[]> {
  return withMount(session, contender, stack.layers, placement, async (mounted) => {
    const all: Measured[] = [];
    for (const client of clients) all.push(await watched(mounted, client));
    return all;
  });
}

/** With the server's reads from disk and processor time added to the client's. */
export async function watched(
  mounted: Mounted,
  client: (directory: string) => Promise<Measured>,
): Promise<Measured> {
  const [bytes, processor] = [mounted.serverDiskBytes(), mounted.serverProcessor()];
  const measured = await client(mounted.directory);
  return {
    ...measured,
    diskBytes: measured.diskBytes + mounted.serverDiskBytes() - bytes,
    processor: measured.processor + mounted.serverProcessor() - processor,
  };
}

/** One of `ids` for each measured; none may have read from disk. */
export function fromMemory(ids: readonly string[], measured: readonly Measured[]): Sample[] {
  return measured.map((one, index) => inMilliseconds(ids[index] ?? '', one, readFault(one)));
}

/** It must have read `least` bytes from disk, or something was in a cache. */
export function fromDisk(id: string, measured: Measured, least: number): Sample {
  const { diskBytes } = measured;
  const fault = diskBytes < least ? `read only ${diskBytes} bytes from disk, not ${least}` : undefined;
  return inMilliseconds(id, measured, fault);
}

export function readFault({ diskBytes }: Measured): string | undefined {
  return diskBytes > 0 ? `read ${diskBytes} bytes from disk` : undefined;
}

function inMilliseconds(
  id: string,
  { milliseconds, processor, answer }: Measured,
  fault: string | undefined,
): Sample {
  return { row: rowOf(id), value: milliseconds, ...(processor > 0 ? { processor } : {}), answer, fault };
}
