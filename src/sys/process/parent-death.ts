// A process that has nothing to do once the process that started it has gone, whatever it does at that time.
import { constants } from 'node:os';
import { declared } from '../declared.ts';

const processControl = declared(
  'int prctl(int option, unsigned long value, unsigned long, unsigned long, unsigned long)',
);

/** linux/prctl.h */
export const PR_SET_PDEATHSIG = 1;

/** This process is killed when `parent` ends; at once where it has ended. */
export function dieWith(parent: number): void {
  processControl(PR_SET_PDEATHSIG, constants.signals.SIGKILL, 0, 0, 0);
  // It may have ended before this was said.
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}
