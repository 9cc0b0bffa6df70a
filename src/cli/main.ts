#!/usr/bin/env node
// The door for Node. The program behind it is one file (scripts/bundle.mjs), with its compiled code beside it: finding,
// reading and compiling a hundred modules is most of the time that a short command takes.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import type * as run from './run.ts';

/** As scripts/bundle.mjs writes it. `moduleUrl` answers a module's URL, given its path below dist/. */
type Program = (
  exports: Partial<typeof run>,
  require: NodeJS.Require,
  moduleUrl: (path: string) => string,
) => void;

const built = new URL('../', import.meta.url);
const program = new URL('./stratafs.cjs', built);
const script = new Script(readFileSync(program, 'latin1'), {
  filename: fileURLToPath(program),
  // That of another Node is not taken, and does no harm.
  cachedData: readFileSync(new URL('./stratafs.cache', built)),
});
const exports: Partial<typeof run> = {};
const load = script.runInThisContext() as Program;
load(exports, createRequire(program), (path) => new URL(path, built).href);
await exports.main?.(process.argv.slice(2));
