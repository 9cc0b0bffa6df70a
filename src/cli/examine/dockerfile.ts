// `history --dockerfile`: the text of a Dockerfile that builds an image again, and the folder that it builds in.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { exportTree } from '../../copy/export-tree.ts';
import type { BuildPart } from '../../layers/dockerfile/build.ts';
import { dockerfileLines } from '../../layers/dockerfile/dockerfile.ts';
import { mustBeThere } from '../../open/missing.ts';
import { openTree, recordsOf, type StoreOptions } from '../../open/stack.ts';
import type { Tree } from '../../overlay/tree.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { chooseLayers, layerNumber, oneLayer } from '../../store/reference/choice.ts';
import { type ByteString, bytesOfText, textOf } from '../../sys/bytes.ts';
import { systemWords, Trouble } from '../../sys/errors.ts';
import { checkWritable } from '../../sys/kept.ts';
import { joinPath } from '../../tar/path.ts';
import { escapeBytes, escapeText } from '../../told/escape.ts';
import { OutputFile } from '../new-file.ts';
import { DescriptorOutput } from '../print/output.ts';
import { type WorkProgress, withProgress } from '../print/progress/work-progress.ts';
import { humanSize } from '../print/size.ts';
import type { Terminal } from '../print/terminal.ts';
import { countedOutput, tarSink } from '../tar-output.ts';

/** What is known of a layer that is added: whether it holds anything, and the paths that it deletes. */
interface Added {
  readonly isEmpty: boolean;
  readonly deleted: readonly ByteString[];
}

/** The text; of layers that were not looked at it is assumed that they hold something and delete nothing. */
export function dockerfileText(
  stack: LayerStack,
  parts: readonly BuildPart[],
  added: ReadonlyMap<number, Added> = new Map(),
): string {
  const lines = ['FROM scratch'];
  const add = (more: readonly string[]) => {
    for (const line of more) lines.push(line);
  };
  for (const part of parts) {
    const layer = part.kind === 'layer' || part.kind === 'instruction' ? part.layer : undefined;
    if (layer !== undefined) lines.push(layerWords(stack, layer));
    if (part.kind === 'line') lines.push(oneLine(part.text));
    else if (part.kind === 'instruction') add(dockerfileLines(part.instruction));
    else if (part.kind === 'told') add(commented(dockerfileLines(part.instruction)));
    else {
      if (part.step !== undefined) add(commented(dockerfileLines(part.step)));
      const { isEmpty, deleted } = added.get(part.layer) ?? { isEmpty: false, deleted: [] };
      add(deletions(deleted, part.user));
      if (!isEmpty) lines.push(`ADD ${tarName(stack, part.layer)} /`);
    }
  }
  return lines.map((line) => `${showLine(line)}\n`).join('');
}

/** Makes the folder, with the layers that the text adds, and writes the text last. Throws Trouble. */
export async function writeBuildFolder(
  stack: LayerStack,
  parts: readonly BuildPart[],
  folder: string,
  options: StoreOptions,
  { terminal, kept }: { readonly terminal: Terminal; readonly kept: Parameters<typeof checkWritable>[1] },
): Promise<void> {
  checkWritable(bytesOfText(folder), kept);
  try {
    mkdirSync(folder);
  } catch (cause) {
    throw new Trouble('usage', `Cannot create "${folder}": ${systemWords(cause)}`, { cause });
  }
  const added = new Map<number, Added>();
  await withProgress(terminal, 'writing layers', async (progress) => {
    for (const part of parts) {
      if (part.kind !== 'layer') continue;
      const layer = stack.layers[part.layer];
      if (layer !== undefined) mustBeThere(layer);
      const one = oneLayer(stack, part.layer);
      const isEmpty = await withTree(one, options, (tree) => {
        if (tree.entries(tree.root).length === 0) return true;
        writeTar(tree, join(folder, tarName(stack, part.layer)), progress, terminal);
        return false;
      });
      added.set(part.layer, { isEmpty, deleted: await deletedBy(stack, part.layer, options) });
    }
  });
  const file = new OutputFile(join(folder, 'Dockerfile'));
  file.write(dockerfileText(stack, parts, added));
  file.keep();
}

function writeTar(tree: Tree, path: string, progress: WorkProgress, terminal: Terminal): void {
  const file = new OutputFile(path);
  try {
    const out = new DescriptorOutput(file.descriptor);
    const counted = countedOutput(out, progress);
    for (const _ of exportTree(tree, tarSink(tree.stack.label, counted, terminal)));
    out.flush();
    file.keep();
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** What those below show and those with it do not, and what it puts something else in the place of. */
async function deletedBy(stack: LayerStack, layer: number, options: StoreOptions): Promise<ByteString[]> {
  const place = stack.layers.length - layer;
  if (place === 1) return [];
  const upTo = (to: number) => chooseLayers(stack, { text: '', reference: '', range: () => [1, to] });
  return withTree(upTo(place - 1), options, (below) =>
    withTree(upTo(place), options, (above) => [...missingPaths(below, above)]),
  );
}

function* missingPaths(below: Tree, above: Tree): Generator<ByteString> {
  const pending = [{ path: '' as ByteString, from: below.root, to: above.root }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of below.entries(next.from)) {
      const name = below.name(entry);
      const path = joinPath(next.path, name);
      const found = above.find(next.to, name);
      if (found === 0 || below.typeOf(entry) !== above.typeOf(found)) yield path;
      else if (below.isDirectory(entry)) {
        pending.push({ path, from: below.nodeOf(entry), to: above.nodeOf(found) });
      }
    }
  }
}

async function withTree<T>(
  stack: LayerStack,
  options: StoreOptions,
  use: (tree: Tree) => T | Promise<T>,
): Promise<T> {
  const tree = await openTree(stack, await recordsOf(stack, options));
  try {
    return await use(tree);
  } finally {
    tree.close();
  }
}

/** What a configuration sets may have several lines, which an instruction cannot say. */
function oneLine(text: string): string {
  return /[\n\r]/.test(text) ? `# not set: ${escapeText(text)}` : text;
}

/** By root, and by whatever `rm` the image has; who was the user before is so again. */
function deletions(paths: readonly ByteString[], user: string): string[] {
  const texts = paths.flatMap((path) => textOf(path) ?? []).map((path) => `/${path}`);
  const untold = paths
    .filter((path) => textOf(path) === undefined)
    .map((path) => `# not deleted: /${escapeBytes(path)}`);
  if (texts.length === 0) return untold;
  const remove = `RUN ${JSON.stringify(['rm', '-rf', '--', ...texts])}`;
  return [...untold, ...(user === '' ? [remove] : ['USER 0', remove, `USER ${user}`])];
}

function layerWords(stack: LayerStack, index: number): string {
  const layer = stack.layers[index];
  const size = layer?.size === undefined ? '' : `, ${humanSize(layer.size)}`;
  const diffId = layer?.diffId === undefined ? '' : `, ${layer.diffId}`;
  return `# layer ${layerNumber(stack, index)}, ${layer?.role}${size}${diffId}`;
}

function tarName(stack: LayerStack, index: number): string {
  return `layer${layerNumber(stack, index)}.tar`;
}

function commented(lines: readonly string[]): string[] {
  return lines.map((line) => (line.startsWith('#') ? line : `# ${line}`));
}

/** A backslash stays one, and a tab a tab: this is a file, not a name. */
function showLine(line: string): string {
  return line
    .split(/([\\\t\n])/)
    .map((part) => (/^[\\\t\n]$/.test(part) ? part : escapeText(part)))
    .join('');
}
