// V8's compiled code of each part of the program, beside it, by the Node that runs this: `node scripts/compile.mjs DIST`, and the
// end of scripts/bundle.mjs.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { nodeBuild } from '../dist/sys/node-build.js';

if (process.argv[1] === fileURLToPath(import.meta.url)) compileParts(resolve(process.argv[2] ?? 'dist'));

/** No compiled code is taken until that of all parts is there. */
export function compileParts(dist) {
  const compiledBy = `${dist}/compiled-by`;
  rmSync(compiledBy, { force: true });
  for (const name of readdirSync(dist).filter((each) => each.endsWith('.cache'))) rmSync(`${dist}/${name}`);
  for (const name of readdirSync(dist).filter((each) => each.endsWith('.cjs'))) {
    const filename = `${dist}/${name}`;
    // Every function is compiled, not only those that run at once. The flags must be as they were for the code to be taken.
    setFlagsFromString('--no-lazy');
    const script = new Script(readFileSync(filename, 'latin1'), { filename });
    setFlagsFromString('--lazy');
    writeFileSync(filename.replace(/cjs$/, 'cache'), script.createCachedData());
  }
  writeFileSync(compiledBy, nodeBuild());
}
