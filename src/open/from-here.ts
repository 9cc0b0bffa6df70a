// Paths as the server of a mount needs them: it works in "/", whatever they were relative to on the command line.

/** The same directory by an absolute path. A ".." in it stays, since the kernel asks the disk what is above. */
export function fromHere(path: string): string {
  return path === '' || path.startsWith('/') ? path : `${process.cwd()}/${path}`;
}

/** What names stores, of an invocation's options. */
interface NamedRoots {
  readonly root: string;
  readonly rootB?: string;
  readonly hostRoot?: string;
  readonly additionalRoot?: readonly string[];
  readonly containerdRoot?: string;
}

/** All that is named of stores, by absolute paths. */
export function rootsFromHere<T extends NamedRoots>(options: T): T {
  const { root, rootB, hostRoot, additionalRoot, containerdRoot } = options;
  return {
    ...options,
    root: fromHere(root),
    ...(rootB === undefined ? {} : { rootB: fromHere(rootB) }),
    ...(hostRoot === undefined ? {} : { hostRoot: fromHere(hostRoot) }),
    ...(additionalRoot === undefined ? {} : { additionalRoot: additionalRoot.map(fromHere) }),
    ...(containerdRoot === undefined ? {} : { containerdRoot: fromHere(containerdRoot) }),
  };
}
