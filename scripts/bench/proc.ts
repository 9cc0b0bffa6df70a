// The processes of the machine, as /proc tells.
import { readdirSync, readFileSync } from 'node:fs';

export function allProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);
}

/** Empty for a process that has ended. */
export function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

/** The processes that have one of the words in their command line. */
export function processesNaming(words: readonly string[]): number[] {
  return allProcesses().filter((pid) => {
    const line = procFile(pid, 'cmdline').split('\0');
    return words.some((word) => line.includes(word));
  });
}

/**
 * Ends a server that went to the background and so is no child of ours. Only for directories that the bench has made
 * for itself: nobody else's process was given their names.
 */
export function killNaming(directories: readonly string[]): void {
  for (const pid of processesNaming(directories)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
