// The last step of `npm run build`: the compiled modules in dist/ as one file, and V8's compiled code of it. What the
// workers and the tests load stays in modules. Run as `node scripts/bundle.mjs`.
import { chmodSync, copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { rolldown } from 'rolldown';

const inRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const dist = inRoot('dist');

/** A module goes on having its own URL, below which it finds its neighbours. */
const ownUrls = {
  name: 'own-urls',
  transform: (code, id) =>
    code.includes('import.meta.url')
      ? code.replaceAll('import.meta.url', `moduleUrl(${JSON.stringify(relative(dist, id))})`)
      : null,
};

const bundle = await rolldown({
  input: `${dist}/cli/run.js`,
  platform: 'node',
  // These find binaries beside themselves.
  external: ['koffi', 'fuse-native'],
  plugins: [ownUrls],
});
const { output } = await bundle.generate({ format: 'cjs', codeSplitting: false });
const [{ code }] = output;

// One byte a character is read the fastest.
const ascii = code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const source = `(function (exports, require, moduleUrl) { ${ascii}\n})`;
const filename = `${dist}/stratafs.cjs`;
// Code of one source is never found beside another.
rmSync(`${dist}/stratafs.cache`, { force: true });
writeFileSync(filename, source);

// Every function is compiled, not only those that run at once. The flags must be as they were for the code to be taken.
setFlagsFromString('--no-lazy');
const script = new Script(source, { filename });
setFlagsFromString('--lazy');
writeFileSync(`${dist}/stratafs.cache`, script.createCachedData());

// A shell reads its script as it goes: one that runs keeps the file it has.
copyFileSync(inRoot('src/cli/stratafs.sh'), `${dist}/cli/stratafs.new`);
renameSync(`${dist}/cli/stratafs.new`, `${dist}/cli/stratafs.sh`);
for (const command of ['stratafs.sh', 'main.js']) chmodSync(`${dist}/cli/${command}`, 0o755);
