// What the process that starts a server in the background tells it, and over which descriptors.
import type { ByteString } from '../sys/bytes.ts';
import type { StoreOptions } from './stack.ts';

/** What the command line asks for; plain values, because they may come from another process. */
export interface ServeArguments extends StoreOptions {
  readonly reference: string;
  readonly directory: ByteString;
  readonly allowOther?: true;
  /** Each as given after `-o`. */
  readonly options?: readonly string[];
  readonly debug?: true;
  readonly log?: string;
  readonly data: 'auto' | 'cached' | 'passthrough';
  readonly driver: 'kernel' | 'fuse-native';
}

/** Descriptors of the server: its orders come by the first and its answer goes back; the second is the watcher's pipe. */
export const ORDERS_FD = 3;
export const WATCHER_FD = 4;
