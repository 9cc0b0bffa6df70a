#!/usr/bin/env node
// The door for Node. The program behind it is a few files (scripts/bundle.mjs), each with its compiled code beside it: finding,
// reading and compiling a hundred modules is most of the time that a short command takes.
import { existsSync, readFileSync } from 'node:fs';
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

/** What a part exports, `./NAME.cjs`; it is loaded when it is first wanted. */
function part(id: string): object {
  const known = parts.get(id);
  if (known !== undefined) return known;
  const source = new URL(id, built);
  const script = new Script(readFileSync(source, 'latin1'), {
    filename: fileURLToPath(source),
    ...(isCompiledHere ? { cachedData: readFileSync(new URL(id.replace(/cjs$/, 'cache'), built)) } : {}),
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

const { main } = part('./stratafs.cjs') as typeof run;
await main(process.argv.slice(2));
