// Functions of the C library by the names that it has them under: glibc and musl differ, and musl by its versions.
import koffi from 'koffi';

const library = koffi.load(null);

/**
 * The first of these C declarations whose function is there. musl has had no `pread64` and the like for whoever asks by name
 * since 1.2.4 (its offsets are of 64 bits by any name) and no `statx` before 1.2.5. Throws koffi's error where none is there.
 */
export function declared(first: string, ...others: readonly string[]): ReturnType<typeof library.func> {
  const [next, ...rest] = others;
  if (next === undefined) return library.func(first);
  try {
    return library.func(first);
  } catch {
    return declared(next, ...rest);
  }
}
