// The merged trees of images and containers as mtree specifications, a file each. Contents that several have are read once.
import { sha256OfItem } from '../../../diff/contents/digest.ts';
import type { LayerItem } from '../../../diff/layered.ts';
import { mustBeWhole } from '../../../open/missing.ts';
import type { Records } from '../../../open/stack.ts';
import { shortId } from '../../../store/digest.ts';
import { sourceName } from '../../../store/source.ts';
import type { ByteString } from '../../../sys/bytes.ts';
import { bigLongAt } from '../../../sys/long.ts';
import { STATX } from '../../../sys/statx.ts';
import { writeTreeManifest } from '../../examine/tree-manifest.ts';
import { counted } from '../../print/count.ts';
import type { Terminal } from '../../print/terminal.ts';
import { jsonLine } from './lines.ts';
import { type Parts, safeName } from './parts.ts';
import type { FailedStack, ListedStack } from './subjects.ts';

export interface WrittenManifest {
  readonly name: string;
  readonly kind: ListedStack['kind'];
  readonly id: string;
  readonly label: string;
  readonly names: number;
  /** Absent where all could be read; as `TreeManifest` has it. */
  readonly unread?: number;
  /** Whether the sha256 of contents is in it. */
  readonly hasDigests: boolean;
}

export class Manifests {
  readonly #parts: Parts;
  readonly #digests: LayerDigests | undefined;
  readonly #terminal: Terminal;
  readonly #names = new Set<string>();
  readonly all: WrittenManifest[] = [];

  /** `reads` says whether contents are read for their sha256. */
  constructor(parts: Parts, reads: boolean, stacks: readonly ListedStack[], terminal: Terminal) {
    this.#parts = parts;
    this.#digests = reads ? new LayerDigests(stacks) : undefined;
    this.#terminal = terminal;
  }

  /** Throws Trouble where a layer is missing, without which no file would be true, or the layers cannot be opened. */
  write(listed: ListedStack, recorded: Records | undefined): void {
    const { kind, id, stack } = listed;
    const { label } = stack;
    mustBeWhole(stack, stack, label);
    const name = `manifests/${this.#freeName(`${kind}-${safeName(label)}-${safeName(shortId(id))}`)}.mtree`;
    const digests = this.#digests;
    const { names, unread } = writeTreeManifest(stack, recorded, {
      reference: label,
      digest: (item) => digests?.digestOf(item),
      report: (error) => this.#terminal.report(error),
      open: () => this.#parts.open(name),
    });
    digests?.leave(listed);
    const hasDigests = digests !== undefined;
    this.all.push({ name, kind, id, label, names, hasDigests, ...(unread === 0 ? {} : { unread }) });
  }

  /** One for each stack: those that could not be written last, with why. */
  lines(failed: readonly FailedStack[]): string[] {
    return [...this.all.map(manifestLine), ...failed.map(unwrittenLine)];
  }

  /** What was done. */
  words({ length }: readonly FailedStack[]): string {
    const digests =
      this.#digests === undefined
        ? 'without the sha256 of contents (--verify reads them)'
        : 'with the sha256 of contents';
    const trees = `${counted(this.all.length, 'tree')} of images and containers, ${digests}`;
    if (length === 0) return trees;
    const others = counted(length, 'image or container', 'images and containers');
    return `${trees}; none of ${others} whose layers are not all there or cannot be read`;
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.#names.has(name); count++) name = `${wanted}-${count}`;
    this.#names.add(name);
    return name;
  }
}

function manifestLine({ name, label, ...told }: WrittenManifest): string {
  return jsonLine({ t: 'manifest', file: name, ref: label, ...told });
}

/** Of what no manifest could be written. */
function unwrittenLine([{ kind, id, stack }, { message }]: FailedStack): string {
  return jsonLine({ t: 'unwritten', ref: stack.label, kind, id, error: message });
}

/** Of the files of layers that stacks to come have too. */
class LayerDigests {
  /** How many of the stacks to come have a layer. */
  readonly #waiting = new Map<ByteString, number>();
  /** By layer and inode. */
  readonly #known = new Map<ByteString, Map<bigint, string>>();

  constructor(stacks: readonly ListedStack[]) {
    for (const { stack } of stacks) for (const name of namesOf(stack)) this.#count(name, 1);
  }

  #count(name: ByteString, more: number): number {
    const count = (this.#waiting.get(name) ?? 0) + more;
    this.#waiting.set(name, count);
    return count;
  }

  digestOf(item: LayerItem): string {
    const { side, entry, data } = item;
    const { source } = side.layerOf(entry.holder);
    const name = sourceName(source);
    // Contents of another layer's, and what no inode tells apart, are read each time.
    const isPlain = data === undefined && !item.isRecorded && source.kind === 'directory';
    if (!isPlain || (this.#waiting.get(name) ?? 0) < 2) return sha256OfItem(item);
    let known = this.#known.get(name);
    if (known === undefined) {
      known = new Map();
      this.#known.set(name, known);
    }
    const inode = bigLongAt(item.status, STATX.ino);
    const digest = known.get(inode) ?? sha256OfItem(item);
    known.set(inode, digest);
    return digest;
  }

  /** Layers that no stack to come has are forgotten. */
  leave({ stack }: ListedStack): void {
    for (const name of namesOf(stack)) if (this.#count(name, -1) < 2) this.#known.delete(name);
  }
}

function namesOf({ layers }: ListedStack['stack']): ByteString[] {
  return layers.map(({ source }) => sourceName(source));
}
