// Which Node this is, for the compiled code beside the program: V8 asks no more than that its own version, its flags and the
// source are the same, and takes code that was compiled for another processor, which ends the process (native-notes/package.md).

/** The same text for the same binary: version, processor, and how it was configured when it was built. */
export function nodeBuild(): string {
  return `${process.version} ${process.arch} ${JSON.stringify(process.config)}`;
}
