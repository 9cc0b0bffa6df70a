// `mount --all`: a whole store; or all stores of a machine.
import { oneRoot } from './one-root.ts';
import type { ManyOptions, MountSubject } from './subject.ts';

/** Throws Trouble where there is no store. */
export async function everything(args: ManyOptions): Promise<MountSubject> {
  return args.allRoots === true ? (await import('./every-root.ts')).everyRoot(args) : oneRoot(args);
}
