// What is told of no single command: examples, references, exit codes, JSON and the environment, as data for `--help`,
// `stratafs help TOPIC` and the man pages.
import { EXIT_TABLE } from './exit.ts';

/** What a `<ref>` may be, for `--help`. */
export const REFERENCE_WORDS =
  'image, container, file (./app.tar, oci:DIR), or lowerdir=TOP:…:LOWEST; REF#3 is its third layer alone, REF#1-3 the lowest three, REF^ all but the top one';

/** What may be compared. */
export const SIDE_WORDS = `${REFERENCE_WORDS}; a directory (./DIR); or an mtree file (./FILE)`;

/** A term and what it means. */
export type TopicRow = readonly [term: string, meaning: string];

export interface Topic {
  /** As a heading. */
  readonly title: string;
  /** Paragraphs, and tables of terms. */
  readonly blocks: readonly (string | readonly TopicRow[])[];
}

export const EXAMPLES: readonly TopicRow[] = [
  ['stratafs images', 'what the store holds'],
  ['stratafs ls -l nginx:latest /etc', 'a directory of an image'],
  ['stratafs cat web /etc/hostname', 'a file of the container "web"'],
  ['stratafs mount nginx:latest /mnt', 'look around with any tool'],
  ['stratafs umount /mnt', ''],
  ['stratafs --root /evidence/docker images', 'a copied store, no daemon'],
  ['stratafs ls ./app.tar /etc', 'what docker save wrote, or an OCI layout'],
  ['stratafs ls lowerdir=/top:/lowest /', 'plain directories, no store'],
];

const EXIT_ROWS: readonly TopicRow[] = EXIT_TABLE.map(([code, meaning]) => [String(code), meaning]);

export const ENVIRONMENT: Topic = {
  title: 'Environment',
  blocks: [
    [
      ['STRATAFS_ROOT', 'the root of a store, where --root is not given'],
      ['STRATAFS_NODE', 'the node that the command runs with; else the first in PATH'],
      [
        'STRATAFS_PAGER, PAGER',
        'what shows results that are longer than the screen; else less(1), with LESS=FRX where LESS is unset; empty or cat for none',
      ],
      ['NO_COLOR', 'where it is set, diff has no colours'],
      [
        'TMPDIR',
        'where large lists, and compressed layers that are read, are kept for as long as a command takes',
      ],
    ],
  ],
};

/** By the word after `stratafs help`. */
export const TOPICS: ReadonlyMap<string, Topic> = new Map([
  [
    'references',
    {
      title: 'References',
      blocks: [
        'A reference says which root filesystem is meant:',
        [
          ['nginx, nginx:1.25', 'an image by its name; without a tag, latest'],
          ['name@sha256:…', 'an image by its digest'],
          ['3b3c973d0e29', 'an image or a container by its ID, or the start of one'],
          ['web', 'a container by its name'],
          ['image:X, container:X', 'which of both is meant'],
          ['./app.tar, ./app.tar:NAME:TAG', 'what docker save wrote, or one image of several in it'],
          [
            'snapshot:KEY',
            'of containerd, a snapshot; where there is none of that key, those that there are',
          ],
          ['oci:DIR', 'a directory in the OCI image layout'],
          ['lowerdir=TOP:…:LOWEST', "plain directories in overlayfs's own words"],
        ],
        'Behind any of them, which of its layers:',
        [
          ['REF#3', 'its third layer alone; 1 is the lowest'],
          ['REF#1-3', 'the lowest three'],
          ['REF^, REF^^', 'all but the top one, all but the top two'],
        ],
        'diff and manifest also take a directory (./DIR); diff an mtree file (./FILE, *.mtree, or - for the input).',
      ],
    },
  ],
  [
    'exit-codes',
    {
      title: 'Exit codes',
      blocks: [EXIT_ROWS, 'Of diff, as of diff(1): 0 the same, 1 different, 2 trouble of any kind.'],
    },
  ],
  [
    'json',
    {
      title: 'JSON',
      blocks: [
        '--json (and timeline --format jsonl) prints one JSON object a line; in each, t says what it is. The first is a header: v (1), ' +
          'tool, command, root, ref or refs (of diff for each side). The last is an end with the exit code; without it the output is ' +
          'incomplete. inspect is one object, with the fields of a header. Messages go to the error output.',
        'A path in an image begins with "/"; a place on the disk is absolute. The ID of an image is sha256:…; layers are counted from 1, the lowest.',
        'The JSON Schema of each line is in the package: dist/schemas/COMMAND.json below "$(npm root -g)/stratafs"; what a field means is told in ' +
          'native-notes/json.md of the repository.',
        'Text is UTF-8. A name or path whose bytes are none stands in base64 beside it: pathB64 beside path. Numbers may exceed ' +
          '2^53: sizes are exact. Fields that have nothing to say are absent, and fields that a reader does not know are to be ignored.',
      ],
    },
  ],
]);

/** The topic that the words ask for: `help TOPIC`. */
export function findTopic([first, second, ...others]: readonly string[]): Topic | undefined {
  return first === 'help' && second !== undefined && others.length === 0 ? TOPICS.get(second) : undefined;
}

/** `wrap` breaks a text into lines no longer than its second argument. */
export function formatTopic(
  { title, blocks }: Topic,
  columns: number,
  wrap: (text: string, width: number) => string,
): string {
  const parts = blocks.map((block) =>
    typeof block === 'string' ? `${wrap(block, columns)}\n` : formatRows(block, columns, wrap),
  );
  return `${title}:\n${parts.join('\n')}`;
}

function formatRows(
  rows: readonly TopicRow[],
  columns: number,
  wrap: (text: string, width: number) => string,
): string {
  const width = rows.reduce((widest, [term]) => Math.max(widest, term.length), 0);
  const indent = ' '.repeat(width + 4);
  return rows
    .map(([term, meaning]) => {
      const lines = wrap(meaning, Math.max(columns - indent.length, 20)).split('\n');
      return `  ${isNumber(term) ? term.padStart(width) : term.padEnd(width)}  ${lines.join(`\n${indent}`)}`.trimEnd();
    })
    .map((row) => `${row}\n`)
    .join('');
}

const isNumber = (text: string) => /^\d+$/.test(text);
const unwrapped = (text: string) => text;

/** What stands below the help of every command. */
export const HELP_END = `
${formatTopic({ title: 'Examples', blocks: [EXAMPLES] }, 0, unwrapped)}
A reference is an image (nginx, nginx:1.25, name@sha256:…, an ID or the start of one), a container (name or ID), an archive
of images (./app.tar, ./app.tar:name:tag, oci:DIR), or lowerdir=TOP:…:LOWEST. "image:" or "container:" in front says which
is meant. REF#3 is its third layer alone, REF#1-3 the lowest three, REF^ all but the top one ("stratafs help references").

${formatTopic({ title: 'Exit codes', blocks: [EXIT_ROWS] }, 0, unwrapped)}`;
