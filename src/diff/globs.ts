// Globs of the command line as filters of paths.
import picomatch from 'picomatch';
import { bytesOfText } from '../sys/bytes.ts';
import type { Glob } from './filter.ts';

/**
 * A glob is text and paths are bytes, so it is turned into bytes first. One without a slash is for the last name of a path;
 * one with a slash is for the whole path, and for all below what it matches.
 */
export function parseGlob(text: string): Glob {
  const pattern = bytesOfText(text);
  if (!pattern.includes('/')) {
    const matches = picomatch(pattern, { dot: true });
    return { base: '', matches: (path) => matches(path.slice(path.lastIndexOf('/') + 1)) };
  }
  const rooted = pattern.startsWith('/') ? pattern.slice(1) : pattern;
  const matches = picomatch([rooted, `${rooted.replace(/\/$/, '')}/**`], { dot: true });
  const { base } = picomatch.scan(rooted);
  return { base: base === '' ? '' : `/${base}`, matches: (path) => matches(path.slice(1)) };
}
