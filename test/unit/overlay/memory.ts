// Layers in memory, made of the same steps that write them on disk: what `merge.ts` asks, without a file system.
import { isMetacopy } from '../../../src/overlay/layer/marks.ts';
import { type Found, type MergeOptions, resolve, type Source } from '../../../src/overlay/merge.ts';
import { Errno, errnoName } from '../../../src/sys/errors.ts';
import type { Step } from '../../support/layers.ts';

/** One object of one layer, a real directory included. */
export class MemoryNode implements Found<MemoryNode> {
  readonly layer: number;
  readonly step: Step;
  readonly children = new Map<string, MemoryNode>();
  readonly marks = new Map<string, string>();

  constructor(layer: number, step: Step) {
    this.layer = layer;
    this.step = step;
    this.mark(step);
  }

  mark(step: Step): void {
    for (const [name, value] of step.xattrs ?? []) {
      if (name.startsWith('trusted.overlay.')) this.marks.set(name.slice('trusted.overlay.'.length), value);
    }
  }

  get type(): string {
    return this.step.kind === 'directory' ? 'dir' : this.step.kind;
  }

  get kind(): Found<MemoryNode>['kind'] {
    const { kind, major, minor } = this.step;
    if (kind === 'directory') return 'directory';
    if (kind === 'char' && major === 0 && minor === 0) return 'whiteout';
    if (kind !== 'file') return 'other';
    const isEmpty = (this.step.data ?? []).length === 0 && (this.step.size ?? 0) === 0;
    return isEmpty && this.marks.has('whiteout') ? 'whiteout' : 'regular';
  }

  directory(): MemoryNode {
    return this;
  }

  opaque(): string {
    return this.marks.get('opaque') ?? '';
  }

  redirect(): string | undefined {
    return this.marks.get('redirect');
  }

  metacopy(): boolean {
    const value = this.marks.get('metacopy');
    return isMetacopy(value === undefined ? undefined : Buffer.from(value, 'latin1'));
  }
}

export class MemoryLayers implements Source<MemoryNode, MemoryNode> {
  readonly roots: readonly MemoryNode[];

  /** `layers` top first. Directories on a step's way are made where they are missing. */
  constructor(layers: readonly (readonly Step[])[]) {
    this.roots = layers.map((steps, layer) => {
      const root = new MemoryNode(layer, { kind: 'directory', path: '.' });
      for (const step of steps) carryOut(root, step);
      return root;
    });
  }

  find(directory: MemoryNode, name: string): MemoryNode | undefined {
    return directory.children.get(name);
  }

  layerOf(directory: MemoryNode): number {
    return directory.layer;
  }
}

function carryOut(root: MemoryNode, step: Step): void {
  const path = step.path.split('/');
  const name = path.pop() ?? '.';
  let parent = root;
  for (const part of path)
    parent = child(parent, part) ?? add(parent, part, { kind: 'directory', path: part });
  const existing = name === '.' ? root : child(parent, name);
  if (existing === undefined) add(parent, name, step);
  else if (step.kind === 'change' || step.kind === 'directory') existing.mark(step);
  else throw new Error(`"${step.path}" is there already`);
}

function child(parent: MemoryNode, name: string): MemoryNode | undefined {
  return parent.children.get(name);
}

function add(parent: MemoryNode, name: string, step: Step): MemoryNode {
  if (step.kind === 'change' || step.kind === 'link')
    throw new Error(`Cannot ${step.kind} "${step.path}" in memory`);
  const node = new MemoryNode(parent.layer, step);
  parent.children.set(name, node);
  return node;
}

/**
 * The merged tree as text, one line a name: `/path type layer`, `! errno` for what cannot be looked up; `data layer` for
 * a metacopy file, `data path` for one whose data are looked for when it is read.
 */
export function mergedLines(source: MemoryLayers, options: MergeOptions): string[] {
  const lines: string[] = [];
  const visit = (stack: readonly MemoryNode[], path: string) => {
    const names = new Set(stack.flatMap((directory) => [...directory.children.keys()]));
    for (const name of [...names].sort()) {
      const here = `${path}/${name}`;
      const line = resolved(stack, name, source, options);
      if (line === undefined) continue;
      lines.push(`${here} ${line.text}`);
      if (line.stack !== undefined) visit(line.stack, here);
    }
  };
  visit(source.roots, '');
  return lines;
}

function resolved(
  stack: readonly MemoryNode[],
  name: string,
  source: MemoryLayers,
  options: MergeOptions,
): { readonly text: string; readonly stack?: readonly MemoryNode[] } | undefined {
  try {
    const found = resolve(stack, name, source, options);
    if (found === undefined) return undefined;
    const text = `${found.top.type} ${found.top.layer}`;
    if (found.kind === 'directory') return { text, stack: found.stack };
    if (found.data === undefined) return { text };
    return { text: `${text} data ${'path' in found.data ? found.data.path : found.data.found.layer}` };
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return { text: `! ${errnoName(error.errno)}` };
  }
}
