// Keeps a process that lives long and does little small: settings of allocators and compilers, none of which changes what is right.
import { setFlagsFromString } from 'node:v8';
import { mallopt } from './libc.ts';

/** malloc.h */
const M_TRIM_THRESHOLD = -1;
const M_ARENA_MAX = -8;
const TRIM_BYTES = 128 << 10;

/**
 * V8's compiler threads each leave an arena of malloc's behind, 1 to 2 MB that are never used again, and the young
 * generation grows to its limit of 16 MB under any load. For how much it is: native-notes/performance.md.
 */
export function staySmall(): void {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * No TurboFan from now on, where V8 has a quicker compiler that optimises as well (Maglev): most of what a server does is system
 * calls, and over before better code has paid for its making.
 */
export function compileQuickly(): void {
  if (hasMaglev()) setFlagsFromString('--no-turbofan');
}

function hasMaglev(): boolean {
  const { variables } = process.config as { readonly variables: Readonly<Record<string, unknown>> };
  return variables.v8_enable_maglev === 1 && !process.execArgv.includes('--no-maglev');
}
