// The last step of `npm run build`: the compiled modules in dist/ as a few files, the program's parts, and V8's compiled code of
// each. What the workers and the tests load stays in modules. Run as `node scripts/bundle.mjs`.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { compileParts } from './compile.mjs';

const inRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const dist = inRoot('dist');

/**
 * The parts, each with the modules that it is there for. A module lies in the first part that has one which cannot be loaded without
 * it, so that a part needs none but those before it. What a mount in the background keeps in memory for as long as it lasts is
 * the first, and of the others what it shows: stacks of a store, tars, many stacks, a comparison.
 */
const PARTS = [
  [
    'stratafs',
    ...['cli/run', 'cli/program', 'cli/commands/mount', 'cli/mount/serve', 'cli/mount/holders'],
    ...['fuse/fusermount', 'overlay/tree', 'layers/dialect', 'store/reference/lowerdir'],
  ],
  [
    'stores',
    'store/open',
    'store/machine/places',
    'store/machine/live',
    'store/machine/subordinate',
    'layers/owners',
  ],
  ['records', 'layers/recorded-layers', 'layers/tars/tars', 'open/index-files', 'open/tree-index-files'],
  [
    'many',
    'cli/mount/everything',
    'cli/mount/every-root',
    'cli/mount/side-by-side',
    'cli/mount/with-volumes',
  ],
  [
    'compared',
    ...['cli/mount/difference/difference', 'cli/diff/text', 'cli/diff/json'],
    ...['diff/renames', 'diff/hardlinks', 'diff/lookup'],
  ],
  ['commands', ...commands(), 'cli/print/pager/paging', 'layers/layers'],
];
const REST = 'seldom';

/** The part of each module that is not of the rest. */
let parts;

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
// Code of one source is never taken for another's.
for (const name of readdirSync(dist).filter((each) => /^compiled-by$|\.c(js|ache)$/.test(each)))
  rmSync(`${dist}/${name}`);
const { output } = await bundle.generate({
  format: 'cjs',
  entryFileNames: 'stratafs.cjs',
  chunkFileNames: '[name].cjs',
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: 'parts', name: partOf }],
  },
});
// 20 characters, with which each part begins: parts of two builds do not go together.
const hash = createHash('sha256').update(JSON.stringify(output.map(({ code }) => code)));
const stamp = `/*${hash.digest('hex').slice(0, 16)}*/`;
for (const { fileName, code, imports } of output) write(fileName, code, imports);
compileParts(dist);

function commands() {
  return readdirSync(`${dist}/cli/commands`)
    .filter((name) => name.endsWith('.js'))
    .map((name) => `cli/commands/${name.slice(0, -'.js'.length)}`);
}

function partOf(id, graph) {
  parts ??= partsOf(graph);
  return parts.get(id) ?? REST;
}

function partsOf(graph) {
  const found = new Map();
  for (const [part, ...modules] of PARTS) {
    const open = modules.map((each) => `${dist}/${each}.js`);
    for (const id of open)
      if (graph.getModuleInfo(id) === null) throw new Error(`there is no module "${id}" for part "${part}"`);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const info = graph.getModuleInfo(id);
      if (found.has(id) || info === null) continue;
      found.set(id, part);
      open.push(...info.importedIds);
    }
  }
  return found;
}

function write(fileName, code, imports) {
  const names = [...PARTS.map(([part]) => `${part}.cjs`), `${REST}.cjs`];
  const place = names.indexOf(fileName);
  if (place < 0) throw new Error(`"${fileName}" is no part of the program`);
  const others = imports.filter((each) => each.endsWith('.cjs') && names.indexOf(each) > place);
  if (others.length > 0) throw new Error(`part "${fileName}" cannot be loaded without ${others.join(', ')}`);
  // One byte a character is read the fastest.
  const ascii = code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  writeFileSync(`${dist}/${fileName}`, `${stamp}(function (exports, require, moduleUrl) { ${ascii}\n})`);
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
