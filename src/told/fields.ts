// Fields that have one form wherever they are told, in lines as in JSON: modes, times, IDs, paths.
import type { Layer, LayerStack } from '../store/layer-stack.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';

/** Four octal digits or more: `0644`, `4755`. */
export function octalMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** `seconds.nanoseconds` as a string, because a JSON number would lose digits. */
export function jsonTime(time: { readonly seconds: number; readonly nanoseconds: number }): string {
  return `${time.seconds}.${String(time.nanoseconds).padStart(9, '0')}`;
}

/** The IDs a store has for a layer, as fields of JSON: `cache ID` is `cacheId`. */
export function idFields({ ids = {} }: Layer): Record<string, string> {
  const fieldOf = (words: string) => {
    const [first = '', ...rest] = words.toLowerCase().split(' ');
    return first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  };
  return Object.fromEntries(Object.entries(ids).map(([words, id]) => [fieldOf(words), id]));
}

/** The ID of what a stack is of, as JSON has it: an image's is a digest, a container's is none. */
export function jsonId({ id, kind }: LayerStack): { readonly id?: string } {
  if (id === undefined) return {};
  return { id: kind === 'image' ? `sha256:${id}` : id };
}

/** A path in an image as JSON has it: from the root on, without empty names and `.`; links and `..` as they were written. */
export function absolutePath(path: ByteString): ByteString {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return asBytes(`/${names.join('/')}`);
}
