// A step of `npm run build`: writes the man pages into dist/man, of the modules that were built. Run with
// `node --import ./scripts/typescript.mjs`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type * as output from '../src/cli/print/output.ts';
import type * as terminals from '../src/cli/print/terminal.ts';
import type * as programs from '../src/cli/program.ts';
import type * as versions from '../src/cli/version.ts';
import { manPages } from './man-pages.ts';

const dist = new URL('../dist/', import.meta.url);
const load = async (path: string): Promise<unknown> => import(new URL(path, dist).href);
const { DescriptorOutput } = (await load('cli/print/output.js')) as typeof output;
const { Terminal } = (await load('cli/print/terminal.js')) as typeof terminals;
const { wholeProgram } = (await load('cli/program.js')) as typeof programs;
const { version } = (await load('cli/version.js')) as typeof versions;

const directory = fileURLToPath(new URL('man/', dist));
const program = await wholeProgram(new Terminal(new DescriptorOutput(1), new DescriptorOutput(2)));
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
for (const [name, text] of manPages(program, version())) writeFileSync(`${directory}${name}`, text);
