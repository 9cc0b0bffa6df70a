// Sizes as they are written on the command line.
import { InvalidArgumentError } from 'commander';

const PREFIXES = ['', 'k', 'M', 'G', 'T'];

/** `50MB` by 1000, `50MiB` by 1024, `50` bytes. */
export function parseSize(text: string): number {
  const [, number, prefix = '', binary] = /^(\d+(?:\.\d+)?)([kMGT]?)(i?)B?$/.exec(text) ?? [];
  if (number === undefined || (prefix === '' && binary === 'i'))
    throw new InvalidArgumentError(`"${text}" is no size, such as 50MB or 50MiB.`);
  return Number(number) * (binary === 'i' ? 1024 : 1000) ** PREFIXES.indexOf(prefix);
}
