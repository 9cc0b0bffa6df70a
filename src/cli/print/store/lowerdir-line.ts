// A stack as the option of mount(8) that makes the kernel show it: `mount -t overlay overlay -o LINE DIR`.

import { mustBeThere } from '../../../open/missing.ts';
import type { LayerStack } from '../../../store/layer-stack.ts';
import { asBytes, type ByteString, shownBytes } from '../../../sys/bytes.ts';
import { Trouble } from '../../../sys/errors.ts';
import { escapeBytes } from '../../../told/escape.ts';

export interface LowerdirLine {
  /** As a word of a shell. */
  readonly word: string;
  /** What has to be known before it is used, a sentence each. */
  readonly notes: readonly string[];
}

/** What mount(2) takes of options: a page without its end. */
const MOST_BYTES = 4095;
const OF_NO_SHELL = /^[\w./:=,@%+-]+$/;

/** Throws Trouble where the kernel cannot show the stack. */
export function lowerdirLine(stack: LayerStack): LowerdirLine {
  const { label, dialect, layers, dataLayers } = stack;
  const refuse = (state: string) =>
    new Trouble('usage', `Cannot tell "${label}" as lowerdir=: ${state}; "stratafs mount" shows it`);
  const whole = layers.findIndex(({ holds }) => holds === 'tree');
  const shown = whole < 0 ? layers : layers.slice(0, whole + 1);
  for (const layer of [...shown, ...dataLayers]) mustBeThere(layer);
  const isForeign = shown.some((layer) => !['trusted', 'user'].includes(layer.dialect ?? dialect));
  if (isForeign && shown.length > 1) throw refuse('its whiteouts are files that the kernel does not know');
  const pathOf = ({ source }: LayerStack['layers'][number]): ByteString => {
    if (source.kind !== 'directory') throw refuse('a layer of it is a tar that nobody unpacked');
    if (source.objects !== undefined) throw refuse('a layer of it holds contents without their names');
    // libmount takes a quote for the beginning of a text in which commas count for nothing, and knows no escape for it.
    if (source.path.includes('"')) throw refuse(`mount(8) cannot be told of "${shownBytes(source.path)}"`);
    return asBytes(source.path.replace(/[\\:,]/g, '\\$&'));
  };
  const paths = shown.map(pathOf).join(':') + dataLayers.map((layer) => `::${pathOf(layer)}`).join('');
  const words = [
    `lowerdir=${paths}`,
    ...(dialect === 'user' ? ['userxattr'] : []),
    ...(stack.metacopy ? ['metacopy=on'] : []),
    ...(stack.redirect === 'nofollow' ? ['redirect_dir=nofollow'] : []),
  ];
  const line = asBytes(words.join(','));
  const notes = [
    ...(shown.length + dataLayers.length > 1
      ? []
      : ['The kernel wants two layers: this one alone is seen by "mount --bind"']),
    ...(line.length > MOST_BYTES
      ? [`The line has ${line.length} bytes, and mount(2) takes ${MOST_BYTES}`]
      : []),
    ...(shown.some(({ live }) => live)
      ? ['The container may be running: what the kernel shows may change']
      : []),
    ...(stack.owners === undefined ? [] : ['The kernel shows owners as they are on disk']),
  ];
  return { word: shellWord(line), notes };
}

function shellWord(bytes: ByteString): string {
  if (OF_NO_SHELL.test(bytes)) return bytes;
  const escaped = escapeBytes(bytes);
  const isPlain = escaped.replaceAll('\\\\', '\\') === Buffer.from(bytes, 'latin1').toString('utf8');
  if (isPlain && !bytes.includes("'")) return `'${escaped.replaceAll('\\\\', '\\')}'`;
  return `$'${escaped.replaceAll("'", "\\'")}'`;
}
