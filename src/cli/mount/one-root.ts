// One root as a mount: a whole store, as it is at the moment.
import { shownBytes } from '../../sys/bytes.ts';
import { FollowedRoot } from './looks/followed-root.ts';
import { manyStacks } from './many.ts';
import type { ManyOptions, MountSubject } from './subject.ts';

/** Throws Trouble where there is no store. */
export async function oneRoot(args: ManyOptions): Promise<MountSubject> {
  const root = await FollowedRoot.open(args, { isAlone: true });
  const { description, directory } = root.store;
  const label = `${description} ${shownBytes(directory)}`;
  const onRest = () => root.end();
  return manyStacks({ label, kept: root.kept, root: root.latest, followed: root, onRest }, args);
}
