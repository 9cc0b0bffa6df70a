// The last step of `npm run build`: the compiled modules in dist/ as two files, and V8's compiled code of each. What the
// workers and the tests load stays in modules. Run as `node scripts/bundle.mjs`.
import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { rolldown } from 'rolldown';
import { nodeBuild } from '../dist/sys/node-build.js';

const inRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const dist = inRoot('dist');

/** The modules of the part that a mount needs. */
let served;

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
  preserveEntrySignatures: 'allow-extension',
  // That a module is in a file already though somebody wants it only later is what the parts are for.
  checks: { ineffectiveDynamicImport: false },
});
// No compiled code is taken until that of both parts is there.
const compiledBy = `${dist}/compiled-by`;
rmSync(compiledBy, { force: true });
const { output } = await bundle.generate({
  format: 'cjs',
  entryFileNames: 'stratafs.cjs',
  chunkFileNames: '[name].cjs',
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: 'parts', name: partOf }],
  },
});
for (const { fileName, code, imports } of output) write(fileName, code, imports);
writeFileSync(compiledBy, nodeBuild());

/**
 * Two parts. What a mount in the background keeps in memory for as long as it lasts is one file; what only other commands
 * use, or a mount only seldom, is another, which is loaded when it is wanted.
 */
function partOf(id, graph) {
  served ??= reachable([`${dist}/cli/run.js`, `${dist}/cli/commands/mount.js`], graph);
  return served.has(id) ? 'stratafs' : 'commands';
}

/** All that is imported from these on, the other commands left out, and what only the records of a lossy copy need. */
function reachable(entries, graph) {
  const found = new Set();
  const open = [...entries];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const info = graph.getModuleInfo(id);
    if (found.has(id) || info === null) continue;
    found.add(id);
    const later = id.endsWith('/cli/program.js') ? [] : info.dynamicallyImportedIds;
    open.push(
      ...info.importedIds,
      ...later.filter((each) => !/\/(?:layers|tar|verify|copy|health)\//.test(each)),
    );
  }
  return found;
}

function write(fileName, code, imports) {
  if (fileName === 'stratafs.cjs' && imports.some((each) => each.endsWith('.cjs')))
    throw new Error('what a mount needs is not all in one part');
  // One byte a character is read the fastest.
  const ascii = code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const source = `(function (exports, require, moduleUrl) { ${ascii}\n})`;
  const filename = `${dist}/${fileName}`;
  const cache = filename.replace(/cjs$/, 'cache');
  // Code of one source is never found beside another.
  rmSync(cache, { force: true });
  writeFileSync(filename, source);

  // Every function is compiled, not only those that run at once. The flags must be as they were for the code to be taken.
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename });
  setFlagsFromString('--lazy');
  writeFileSync(cache, script.createCachedData());
}

// The page of a report: one script, and its style.
const page = await rolldown({ input: `${dist}/report/page/main.js`, platform: 'browser' });
const {
  output: [pageScript],
} = await page.generate({ format: 'iife', minify: true });
if (/<\/script|<!--/i.test(pageScript.code)) throw new Error('the script of a page would end too early');
writeFileSync(`${dist}/report-page.js`, pageScript.code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, ''));
const styles = ['style.css', 'changes/changes.css'];
writeFileSync(
  `${dist}/report-page.css`,
  styles.map((name) => readFileSync(inRoot(`src/report/page/${name}`), 'utf8')).join(''),
);

// A shell reads its script as it goes: one that runs keeps the file it has.
copyFileSync(inRoot('src/cli/stratafs.sh'), `${dist}/cli/stratafs.new`);
renameSync(`${dist}/cli/stratafs.new`, `${dist}/cli/stratafs.sh`);
for (const shell of ['bash', 'zsh', 'fish'])
  copyFileSync(inRoot(`src/cli/completion/stratafs.${shell}`), `${dist}/cli/completion/stratafs.${shell}`);
for (const command of ['stratafs.sh', 'main.js']) chmodSync(`${dist}/cli/${command}`, 0o755);
