#!/usr/bin/env node
// The door for Node. The program behind it is a few files (scripts/bundle.mjs), each with its compiled code beside it: finding,
// reading and compiling a hundred modules is most of the time that a short command takes.
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { nodeBuild } from '../sys/node-build.ts';
import type * as run from './run.ts';

/** As scripts/bundle.mjs writes it. `moduleUrl` answers a module's URL, given its path below dist/. */
type Part = (exports: object, require: (id: string) => unknown, moduleUrl: (path: string) => string) => void;

const built = new URL('../', import.meta.url);
const requireModule = createRequire(built);
const parts = new Map<string, object>();
/** Which Node compiled the parts; not there while they are being built. */
const compiler = new URL('compiled-by', built);
const isCompiledHere = existsSync(compiler) && readFileSync(compiler, 'utf8') === nodeBuild();

/**
 * Descriptors of what is not loaded yet, by file: an update takes the program's folder away while a mount is served, and what the
 * server wants later must be what it was built with.
 */
const held = new Map<string, number>();
try {
  for (const name of readdirSync(built))
    if (name.endsWith('.cjs') || (isCompiledHere && name.endsWith('.cache')))
      held.set(name, openSync(new URL(name, built), 'r'));
} catch {
  // Where so few may be open, what was asked for needs them.
  for (const descriptor of held.values()) closeSync(descriptor);
  held.clear();
}
/** Of the build, as every part begins with it. */
const STAMP_LENGTH = 20;
let stamp: string | undefined;

/** What a part exports, `./NAME.cjs`; it is loaded when it is first wanted. */
function part(id: string): object {
  const known = parts.get(id);
  if (known !== undefined) return known;
  const name = id.slice('./'.length);
  const filename = fileURLToPath(new URL(id, built));
  const source = contentsOf(name).toString('latin1');
  stamp ??= source.slice(0, STAMP_LENGTH);
  // Who writes over a file, rather than to a new one, changes what is held, too.
  if (!source.startsWith(stamp))
    throw new Error(`Cannot load "${filename}": the program was replaced while it runs; start it again`);
  const script = new Script(source, {
    filename,
    ...(isCompiledHere ? { cachedData: contentsOf(name.replace(/cjs$/, 'cache')) } : {}),
  });
  const exports = {};
  parts.set(id, exports);
  const load = script.runInThisContext() as Part;
  load(
    exports,
    (wanted) => (wanted.startsWith('./') ? part(wanted) : requireModule(wanted)),
    (path) => new URL(path, built).href,
  );
  return exports;
}

/** To be asked once. */
function contentsOf(name: string): Buffer {
  const descriptor = held.get(name);
  if (descriptor === undefined) return readFileSync(new URL(name, built));
  held.delete(name);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const { main } = part('./stratafs.cjs') as typeof run;
await main(process.argv.slice(2));
