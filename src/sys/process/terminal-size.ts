// How large a terminal is, asked by its descriptor. Node's own streams open a terminal once more to tell, and that descriptor stays
// open as long as the process: a server would hold the terminal that it was started from.
import { ioctl } from '../libc.ts';

/** asm-generic/ioctls.h */
export const TIOCGWINSZ = 0x5413;
/** Of `struct winsize` (asm-generic/termios.h), bytes. */
export const WINSIZE = { sizeof: 8, ws_row: 0, ws_col: 2 } as const;

export interface TerminalSize {
  /** 0 where the terminal does not know. */
  readonly columns: number;
  readonly rows: number;
}

/** Undefined where the descriptor is none of a terminal. */
export function terminalSize(descriptor: number): TerminalSize | undefined {
  const answer = new Uint8Array(WINSIZE.sizeof);
  if (ioctl(descriptor, TIOCGWINSZ, answer) < 0) return undefined;
  const halves = new Uint16Array(answer.buffer);
  return { columns: halves[WINSIZE.ws_col >> 1] ?? 0, rows: halves[WINSIZE.ws_row >> 1] ?? 0 };
}
