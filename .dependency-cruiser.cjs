// Who may import whom (the table in src/README.md), and which files may touch disk, device or another process.

const { existsSync, readdirSync } = require('node:fs');

/** What a layer stack is: all that is below the stores and takes one knows of `store/`. */
const LAYER_STACK = ['store/layer-stack', 'store/source', 'store/owner'];

/** Part of src -> the parts it may import besides itself. `view` is the file view.ts. */
const MAY_IMPORT = {
  overlay: ['sys', ...LAYER_STACK],
  fuse: ['sys'],
  store: ['blob', 'sys', 'tar'],
  sys: [],
  blob: ['sys'],
  tar: ['blob', 'sys'],
  unpack: ['blob', 'overlay/recorded/', 'sys', 'tar'],
  diff: ['blob', 'overlay', 'store', 'sys', 'tar', 'unpack'],
  layers: ['blob', 'overlay', 'store', 'sys', 'tar', 'unpack'],
  verify: ['blob', 'layers', 'overlay', 'store', 'sys', 'tar', 'unpack'],
  copy: ['blob', 'layers', 'overlay', 'store', 'sys', 'tar', 'unpack'],
  health: ['blob', 'layers', 'store', 'sys', 'tar'],
  'fuse-native': ['fuse', 'sys'],
  push: ['fuse', 'sys'],
  whole: ['fuse', 'overlay', 'store/layer-stack', 'sys', 'view'],
  report: [],
  open: ['blob', 'diff', 'layers', 'overlay', 'store', 'sys', 'unpack'],
  told: ['diff', 'overlay', 'store', 'sys', 'verify'],
};

/** The files that touch disk, device or another process; every other file is a function of its arguments. */
const MAY_TOUCH = [
  'sys/(libc|process/(child|parent-death|terminal-size)|declared|statx-call|memory|zlib|nameless|usage|lean|beneath|whole-file|holders|kept|limits|own-files|privilege|statfs|mount/(mounts|mount-calls|clone|source-path)|uring/(ring|async-lookups))',
  'blob/(file-bytes|spool)',
  'store/(files|named|machine/(machine|live)|docker/driver-directories)',
  'overlay/(data|node-files|indexed/indexed|layer/(directories|layer-roots|marks|open-contents|reader))',
  'fuse/(device|mount|mountpoint|unmount|fusermount)',
  'fuse-native/(load|mount)',
  'diff/(union|contents/(jobs-worker|pairs))',
  'layers/(layer-files|sort)',
  'copy/(destination|kept-metadata)',
  // What lies outside the image: the command line's own files, processes and terminal.
  'open/(tars|index-directory|sides)',
  'cli/(main|arguments|version|manifest-file|new-file|report/page-files)',
  'cli/completion/(script|file-words)',
  'cli/mount/(log|guard|serve|launch|looks/(asking|answering))',
  'cli/print/(output|kept-output|pager/pager-process)',
  'cli/(examine/(dockerfile|sort-directory)|report/store/parts)',
  'cli/commands/(umount|export|extract)',
];

const IMPURE = [
  '^(node:)?(fs|fs/promises|child_process|net|worker_threads|http|https|dgram)$',
  '(^|node_modules/)koffi(/|$)',
  '^src/sys/(libc|declared|statx-call|mount/mount-calls)\\.ts$',
];

const directions = Object.entries(MAY_IMPORT).map(([part, others]) => ({
  name: `${part}-imports`,
  comment: `${part} may import: ${others.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${part}/` },
  to: { path: '^src/', pathNot: [`${part}/`, ...others].map((other) => `^src/${other}`) },
}));

/** The folders below store/ that are a kind of store each; the others have what no kind is. */
const kinds = readdirSync('src/store').filter((name) => existsSync(`src/store/${name}/kind.ts`));

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'view-imports',
      comment: 'view.ts may import: overlay, fuse, sys, and the types of a layer stack',
      severity: 'error',
      from: { path: '^src/view\\.ts$' },
      to: { path: '^src/', pathNot: `^src/(overlay|fuse|sys|${LAYER_STACK.join('|')})` },
    },
    {
      name: 'overlay-and-view-take-only-types-of-store',
      severity: 'error',
      from: { path: '^src/(overlay/|view\\.ts$)' },
      to: { path: '^src/store/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'told-and-open-are-for-the-outside',
      comment:
        'How a thing is told, and by which words it is found, is no business of the rooms that make it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|library|open|told)/' },
      to: { path: '^src/(open|told)/' },
    },
    {
      name: 'library-knows-no-command',
      comment: 'What commands and library both need lies in open/ and told/.',
      severity: 'error',
      from: { path: '^src/(library/|index\\.ts$)' },
      to: { path: '^src/(cli/|whole/|push/|fuse/|fuse-native/|report/|health/|view\\.ts$)' },
    },
    {
      name: 'only-cli-imports-cli-or-view',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|whole)/' },
      to: { path: '^src/(cli/|whole/|view\\.ts$)' },
    },
    ...kinds.map((kind) => ({
      name: `store-${kind}-is-private`,
      comment:
        'What a kind of store keeps is asked through its `Kind` and `Store`; only its own health knows more.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [`^src/store/${kind}/`, `^src/health/${kind}/`, '^src/store/open\\.ts$'],
      },
      to: { path: `^src/store/${kind}/` },
    })),
    ...kinds.map((kind) => ({
      name: `health-${kind}-is-private`,
      comment: 'What examines a kind of store is asked through `StoreHealth`.',
      severity: 'error',
      from: { path: '^src/', pathNot: [`^src/health/${kind}/`, '^src/health/open\\.ts$'] },
      to: { path: `^src/health/${kind}/` },
    })),
    {
      name: 'commands-are-apart',
      comment: 'What two commands need lies beside their folder.',
      severity: 'error',
      from: { path: '^src/cli/commands/' },
      to: { path: '^src/cli/commands/' },
    },
    {
      name: 'only-the-program-loads-commands',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/(program\\.ts$|commands/)' },
      to: { path: '^src/cli/commands/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'few-files-touch-the-world',
      comment: 'Add a file to MAY_TOUCH only where it cannot be a function of its arguments.',
      severity: 'error',
      from: { path: '^src/', pathNot: MAY_TOUCH.map((file) => `^src/${file}\\.ts$`) },
      to: { path: IMPURE },
    },
    {
      name: 'src-knows-no-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'declared-packages-only',
      comment: 'What the page of a report is made of is put into it by the build.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/report/page/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
