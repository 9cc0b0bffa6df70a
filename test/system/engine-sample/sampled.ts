// What a real Docker engine made of the sample, and what it says of it, before it was stopped.
import type { Engine } from '../../support/engine.ts';
import type { Oracle } from '../../support/oracle.ts';
import type { stratafs } from '../../support/stratafs.ts';
import type { Temporary } from '../../support/temporary.ts';

/** An image whose steps do not all make a layer. */
export const EMPTY_STEPS = 'plain:1';

/** All maps are by reference, and filled when the first test runs. */
export interface Sampled {
  readonly temporary: Temporary;
  readonly oracle: Oracle;
  readonly engine: Engine;
  readonly stratafs: typeof stratafs;
  /** The data root, read-only: whoever writes to it fails. */
  readonly root: string;
  /** The data root through a mount that keeps every access time strictly: what reads through it and is careless shows. */
  readonly strict: string;
  /** Top first. */
  readonly layers: ReadonlyMap<string, readonly string[]>;
  /** Of images, as `docker history` tells them. */
  readonly steps: ReadonlyMap<string, readonly string[]>;
  readonly ids: ReadonlyMap<string, string>;
  /** Of images, lowest first. */
  readonly diffIds: ReadonlyMap<string, readonly string[]>;
  /** What `docker export` has of containers. */
  readonly exports: ReadonlyMap<string, readonly string[]>;
}
