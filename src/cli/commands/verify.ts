// `stratafs verify`: proof that the layers of images are what their IDs say, or which files are not.
import type { Command } from 'commander';
import { semanticsOf } from '../../open/overlay-words.ts';
import { type StoreOptions, storeOfReference } from '../../open/stack.ts';
import type { Claims } from '../../store/claims.ts';
import { isLowerdir } from '../../store/reference/lowerdir.ts';
import { Errno, Trouble } from '../../sys/errors.ts';
import { seesTrustedXattrs } from '../../sys/privilege.ts';
import type { Losable } from '../../verify/finding.ts';
import type { Verdict } from '../../verify/verdict.ts';
import {
  eachStore,
  everyStore,
  jsonRoots,
  rootField,
  rootHeading,
  type WholeStore,
} from '../examine/every-store.ts';
import { EXIT, EXIT_OF_VERDICT, exitCodeOf } from '../exit.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import type { Terminal } from '../print/terminal.ts';
import { VerifyPrinter } from '../print/verify-printer.ts';

interface VerifyOptions extends StoreOptions {
  readonly all?: true;
  readonly images?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

const LOST_WORDS: Readonly<Record<Losable, string>> = {
  owner: 'owners',
  mode: 'bits of modes',
  xattr: 'extended attributes',
  whiteout: 'whiteouts',
  opaque: 'marks of opaque directories',
  special: 'devices and fifos',
  hardlink: 'hard links',
  symlink: 'symbolic links',
};

export function registerVerify(program: Command, terminal: Terminal): void {
  program
    .command('verify')
    .summary('prove that images are what their IDs say')
    .description(
      "Put each layer's tar together again from its tar-split record and the files on disk, and compare its sha256 with " +
        'the diff ID; compare every header and the listing too, and the chain, the config, the names and what a daemon would ' +
        "stack. Nothing records a container's own layers, so that a container can be tampered or unverifiable, and verified " +
        'only as far as its image goes. ' +
        'Exit code 0: all that was asked for is verified; 1: something was changed (tampered); 4: something cannot be verified.',
    )
    .argument('[ref...]', 'images or containers')
    .option('--all', 'every image, container and layer of the store')
    .option('--images', 'with --all: all but the containers')
    .option('--json', 'one JSON object a line: findings, layers, and what they belong to')
    .option('-q, --quiet', 'findings, and images and containers that are not verified; nothing of what is')
    .option('-v, --verbose', 'each of many findings of a kind, known differences and changed times too')
    .action(async (references: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<VerifyOptions>();
      if ((options.all === true) === references.length > 0) {
        throw new Trouble('usage', 'Cannot verify: name images or containers, or give --all');
      }
      if (options.images === true && options.all !== true) {
        throw new Trouble('usage', 'Cannot verify: --images is for --all');
      }
      const stores = options.all ? await everyStore(options, terminal, { shares: true }) : [];
      if (options.json) {
        const { all } = options;
        beginJson(terminal, 'verify', all ? jsonRoots(stores) : { ...jsonRoot(options), refs: references });
      }
      const printer = new VerifyPrinter(terminal, options);
      await verify({ references, stores }, options, terminal, printer);
    });
}

async function verify(
  {
    references,
    stores,
  }: { readonly references: readonly string[]; readonly stores: readonly WholeStore<VerifyOptions>[] },
  options: VerifyOptions,
  terminal: Terminal,
  printer: VerifyPrinter,
): Promise<void> {
  const { StoreVerifier } = await import('../../verify/store.ts');
  const { worse } = await import('../../verify/verdict.ts');
  const { dialect } = semanticsOf(options.overlay ?? []);
  const seesTrusted = seesTrustedXattrs();
  const verifier = new StoreVerifier(printer.log, {
    seesTrusted,
    ...(dialect === undefined ? {} : { dialect }),
  });
  let verdict: Verdict = 'verified';
  let failure: number = EXIT.success;
  const verdictOn = async (claimed: Iterable<Claims>) => {
    let worst: Verdict = 'verified';
    for (const claims of claimed) {
      if (options.images !== true || claims.kind !== 'container')
        worst = worse(worst, await verifier.verify(claims));
    }
    return worst;
  };
  await eachStore(stores, terminal, async (whole) => {
    printer.root(rootHeading(whole), rootField(whole.mark));
    verdict = worse(verdict, await verdictOn(whole.store.claims()));
  });
  for (const reference of references) {
    try {
      mustBeOfStore(reference);
      const { store: named, words } = await storeOfReference(reference, options);
      verdict = worse(verdict, await verdictOn(named.claims(words)));
    } catch (error) {
      if (!(error instanceof Trouble || error instanceof Errno)) throw error;
      printer.clear();
      terminal.note(error.message);
      if (failure === EXIT.success) failure = exitCodeOf(error);
    }
  }
  printer.finish();
  const lost = printer.totals
    .lostByCopy()
    .map((kind) => LOST_WORDS[kind])
    .sort();
  if (lost.length > 0) {
    const contents = printer.totals.areContentsRight ? 'all contents are as recorded, by their sha256; ' : '';
    terminal.note(
      `${contents}all that differs is what a poor copy loses (${lost.join(', ')}), and none of it is left; ` +
        'if this is such a copy, "--metadata record" of other commands takes it from the record',
    );
  }
  // That something was changed weighs more than what could not be found or read.
  if (verdict !== 'tampered') terminal.exitWith(failure);
  terminal.exitWith(EXIT_OF_VERDICT[verdict]);
}

function mustBeOfStore(reference: string): void {
  if (!isLowerdir(reference)) return;
  const state = 'plain directories have no record to verify them with';
  throw new Trouble('usage', `Cannot verify "${reference}": ${state}`);
}
