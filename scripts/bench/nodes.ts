// Versions of Node as contenders: their binaries out of npm packages, kept between runs, and for each a copy of the build whose
// parts that Node itself has compiled, as it would be for who builds with it.
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './process.ts';
import type { Session } from './session.ts';

/** Everything absolute. */
export interface NodeVersion {
  /** As it was asked for: `24`. */
  readonly version: string;
  /** The binary. */
  readonly node: string;
  /** The command of the build that it has compiled. */
  readonly command: string;
}

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const SECONDS_TO_FETCH = 600;

export async function openNodes(
  session: Session,
  directory: string,
  versions: readonly string[],
): Promise<NodeVersion[]> {
  const all: NodeVersion[] = [];
  for (const version of versions) all.push(await openNode(session, join(directory, version), version));
  return all;
}

async function openNode(session: Session, directory: string, version: string): Promise<NodeVersion> {
  const name = `node-linux-${process.arch}`;
  const node = join(directory, 'node_modules', name, 'bin/node');
  if (!existsSync(node)) {
    process.stderr.write(`fetching Node ${version} to ${directory}\n`);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const words = ['npm', 'install', '--prefix', directory, '--no-save', '--no-audit', '--no-fund'];
    await run(session, [...words, `${name}@${version}`], { seconds: SECONDS_TO_FETCH });
  }
  const copy = join(directory, 'stratafs');
  // Anew in each run, of what is built now.
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { mode: 0o700 });
  cpSync(join(REPOSITORY, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(REPOSITORY, 'package.json'), join(copy, 'package.json'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'));
  await run(session, [node, join(REPOSITORY, 'scripts/compile.mjs'), join(copy, 'dist')]);
  return { version, node, command: join(copy, 'dist/cli/stratafs.sh') };
}
