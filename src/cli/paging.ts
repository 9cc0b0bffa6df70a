// Which commands' results a pager shows on a terminal.
import type { Command } from 'commander';
import type { PagingRule } from './print/terminal.ts';
import { helpPlace } from './words/words.ts';

/** They end in a file, a mount or another program, or tell one thing after the other while they work. */
const UNPAGED = ['cat', 'completion', 'export', 'extract', 'mount', 'report', 'umount', 'verify'];
/** They change mounts, and never have a pager. */
const ACTING = ['mount', 'umount'];

interface PagingOptions {
  readonly pager: boolean;
  readonly paginate?: true;
  /** What makes results a program's. */
  readonly json?: true;
  readonly nul?: true;
  readonly format?: string;
  readonly html?: string;
}

/** Undefined where results go to the terminal as they come. */
export function pagingOf(command: Command): PagingRule | undefined {
  const { pager, paginate, json, nul, format, html } = command.optsWithGlobals<PagingOptions>();
  if (!pager || ACTING.includes(command.name())) return undefined;
  if (paginate) return 'always';
  const isForPrograms = json || nul || format === 'jsonl' || html !== undefined;
  return isForPrograms || UNPAGED.includes(command.name()) ? undefined : 'long';
}

/** Whether the words ask for help, which is longer than a screen. */
export function isPagedHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const isHelp = words.slice(0, end < 0 ? undefined : end).includes('--help') || helpPlace(words) >= 0;
  return isHelp && !words.includes('--no-pager');
}
