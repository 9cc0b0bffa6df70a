// What a process uses, told by /proc.
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  readonly descriptors: number;
  readonly threads: number;
  /** Resident, without pages of files. */
  readonly kilobytes: number;
}

export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const word = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: word('Threads'),
    kilobytes: word('RssAnon') + word('RssShmem'),
  };
}
