// A merged tree as a tar on the way out: where it may go, and what is said of what it cannot hold.
import type { TarSink } from '../copy/export-tree.ts';
import type { ByteString } from '../sys/bytes.ts';
import { E, errnoWords, Trouble } from '../sys/errors.ts';
import { pathMessage } from './failure.ts';
import type { Output } from './print/output.ts';
import type { WorkProgress } from './print/progress/work-progress.ts';
import type { Terminal } from './print/terminal.ts';

/** Throws Trouble where the standard output is a terminal. */
export function mustNotBeTerminal(terminal: Terminal): void {
  if (terminal.out.columns === undefined) return;
  throw new Trouble('usage', 'Cannot write a tar to a terminal: give -o, or send it to a program');
}

/**
 * What is written there is counted; not where a program reads it from the standard output: that may list on the terminal what
 * it unpacks.
 */
export function countedOutput(out: Output, progress: WorkProgress): Pick<Output, 'writeBytes'> {
  if (out.isPiped) return out;
  return {
    writeBytes(bytes) {
      out.writeBytes(bytes);
      progress.bytes(bytes.length);
    },
  };
}

export function tarSink(label: string, out: Pick<Output, 'writeBytes'>, terminal: Terminal): TarSink {
  return {
    write: (bytes) => out.writeBytes(bytes),
    leftOut(path: ByteString, errno: number) {
      if (errno === E.EOPNOTSUPP)
        terminal.note(pathMessage('export', path, label, 'a tar cannot hold a socket'));
      else terminal.report(new Trouble('path', pathMessage('export', path, label, errnoWords(errno))));
    },
    lost(path: ByteString, errno: number, offset: number, bytes: number) {
      const state = `${errnoWords(errno)}: ${bytes} bytes, the first at ${offset}, are zeros in the tar`;
      terminal.report(new Trouble('path', pathMessage('export all of', path, label, state)));
    },
  };
}
