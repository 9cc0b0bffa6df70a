// The options of whatever compares two trees that say what is compared: `stratafs diff`, and a mount of what differs.
import { type Command, Option } from 'commander';
import { NOISE_RULES } from '../../diff/explain/noise.ts';
import { ASPECTS } from '../../diff/item.ts';
import * as words from './options.ts';

const RULES = [...NOISE_RULES.keys()].join();

/** Answers the command. */
export function addComparedOptions(command: Command): Command {
  return command
    .option('--path <path>', 'only this path and what is below it; may be repeated', words.collect)
    .option('--include <glob>', 'only paths that match; may be repeated', words.collect)
    .option('--exclude <glob>', 'no paths that match; may be repeated', words.collect)
    .option('--type <letters>', 'only these types, as find(1): f,d,l,c,b,p,s', words.parseTypes)
    .option('--only <aspects>', `only these: ${ASPECTS.join(',')}`, words.parseAspects)
    .option('--ignore <aspects>', 'all but these', words.parseAspects)
    .option('--ignore-xattr <name>', 'not this extended attribute; may be repeated', words.collect)
    .option('--ignore-noise <rules>', `not what means nothing: all, or some of ${RULES}`, words.parseNoise)
    .option('--mtime', 'times too')
    .option('--hardlinks', 'which names are one file, too')
    .option('-M, --renames', 'find what was renamed or moved')
    .option('--show-init', "Docker's own -init layer of a container, too")
    .addOption(
      new Option(
        '--content <how>',
        'how contents are compared: read, crc (checksums the store recorded), none',
      )
        .choices([...words.CONTENT_MODES])
        .default('read'),
    );
}
