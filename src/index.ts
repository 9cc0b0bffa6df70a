// biome-ignore-all lint/performance/noBarrelFile: this is the promised surface.
// The library: all that `import … from 'stratafs'` promises (`native-notes/library.md`). Everything else of the package may change.
export {
  Differences,
  type DifferencesOptions as DiffOptions,
  differencesOf as diff,
} from './library/differences.ts';
export { type ErrorCode, StratafsError } from './library/errors.ts';
export { OpenedStore as Store, openLibraryStore as openStore } from './library/opened-store.ts';
export {
  OpenedTree as Tree,
  type OpenTreeOptions as TreeOptions,
  openLibraryTree as openTree,
  type ReadOptions,
  type WalkOptions,
} from './library/opened-tree.ts';
export type { LocationOptions } from './library/options.ts';
export type { Sequence } from './library/turns.ts';
export type {
  ChangeInfo as Change,
  ContainerInfo,
  DiffSummary,
  EntryInfo as Entry,
  FileType,
  ImageInfo,
  ItemInfo as Item,
  LayerResult,
  LayerRole,
  Path,
  StackInfo,
  StackLayer,
  VerifyFinding,
  XattrInfo as Xattr,
} from './library/types.ts';
export {
  type VerificationOptions as VerifyOptions,
  type VerificationResult as Verification,
  verification as verify,
} from './library/verification.ts';
