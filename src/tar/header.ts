// Reads the headers of a tar stream as Go's archive/tar does, which is what unpacked the layers: v7, ustar, PAX, GNU and
// star. Takes bytes as they come and knows nothing of files on disk.
import type { ByteString } from '../sys/bytes.ts';
import { TarDamage, type TarEntry } from './entry.ts';
import { FIELD, fieldSpan, headerNumber, headerText, isHeaderNumber } from './fields.ts';
import { type PaxRecords, parsePax } from './pax.ts';
import { OldSparseMap } from './sparse.ts';
import { hasNoContents, isDeviceType, TAR_TYPE } from './type.ts';

export const BLOCK = 512;
const ZEROS = Buffer.alloc(BLOCK);
/** Go's limit for extended headers, of 1 MiB, with room for the padding. */
/** Headers that say more of entries, and are none themselves. */
const EXTENSIONS: readonly string[] = [
  TAR_TYPE.pax,
  TAR_TYPE.globalPax,
  TAR_TYPE.longName,
  TAR_TYPE.longLink,
];
const LARGEST_EXTENSION = (1 << 20) + BLOCK;

const GNU_MAGIC = 'ustar  \0';
const NO_XATTRS: ReadonlyMap<ByteString, ByteString> = new Map();

/** What extended headers say of the next entry. */
interface Extension {
  pax: PaxRecords | undefined;
  longName: ByteString | undefined;
  longLink: ByteString | undefined;
}

/**
 * Is pushed everything of a tar but the files' contents. After each push, `take` gives the entry whose header was
 * completed by it; its contents, if any, must be passed over before the next push.
 */
export class TarHeaders {
  readonly #block = Buffer.alloc(BLOCK);
  #filled = 0;
  /** Bytes of padding to pass over. */
  #padding = 0;
  /** An extended header being read: its type, its bytes and how many are there. */
  #extensionType = '';
  #extensionData = Buffer.alloc(0);
  #extensionFilled = 0;
  #next: Extension = { pax: undefined, longName: undefined, longLink: undefined };
  #entry: TarEntry | undefined;
  /** Bytes the entry's contents take in the tar, without padding. */
  #stored = 0;
  #zeroBlocks = 0;
  /** Of an entry of GNU tar's older sparse form, whose map goes on in the blocks that follow the header. */
  #openMap: { readonly map: OldSparseMap; readonly entry: TarEntry } | undefined;

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      // After the end mark anything may follow; it belongs to no entry.
      if (this.#zeroBlocks >= 2) return;
      const left = bytes.length - at;
      if (this.#padding > 0) {
        const count = Math.min(left, this.#padding);
        this.#padding -= count;
        at += count;
        continue;
      }
      if (this.#entry !== undefined) throw new TarDamage('an entry has no record');
      if (this.#extensionFilled < this.#extensionData.length) {
        const count = Math.min(left, this.#extensionData.length - this.#extensionFilled);
        this.#extensionData.set(bytes.subarray(at, at + count), this.#extensionFilled);
        this.#extensionFilled += count;
        at += count;
        if (this.#extensionFilled === this.#extensionData.length) this.#endExtension();
      } else {
        const count = Math.min(left, BLOCK - this.#filled);
        this.#block.set(bytes.subarray(at, at + count), this.#filled);
        this.#filled += count;
        at += count;
        if (this.#filled === BLOCK) {
          this.#filled = 0;
          this.#readBlock(this.#block);
        }
      }
    }
  }

  /** The entry whose header has been read, once. What its contents take in the tar is then passed over. */
  take(): TarEntry | undefined {
    const entry = this.#entry;
    if (entry === undefined) return undefined;
    this.#entry = undefined;
    this.#padding += paddingOf(this.#stored);
    return entry;
  }

  /** Bytes that the contents of the entry taken last have in the tar, without padding: of a sparse file with its map. */
  get stored(): number {
    return this.#stored;
  }

  /** Whether the end mark was read. */
  get hasEnded(): boolean {
    return this.#zeroBlocks >= 2;
  }

  /** Whether a header has been begun and is not complete. */
  get isInHeader(): boolean {
    const isInExtension = this.#extensionFilled < this.#extensionData.length;
    return this.#filled > 0 || isInExtension || this.#openMap !== undefined;
  }

  #readBlock(block: Buffer): void {
    if (this.#openMap !== undefined) {
      this.#openMap.map.addBlock(block);
      this.#endMap(this.#openMap);
      return;
    }
    if (block[0] === 0 && block.equals(ZEROS)) {
      this.#zeroBlocks += 1;
      return;
    }
    if (this.#zeroBlocks > 0) throw new TarDamage('a lone block of zeros stands before a header');
    mustHaveChecksum(block);
    const type = block.toString('latin1', FIELD.type[0], FIELD.type[0] + 1);
    if (EXTENSIONS.includes(type)) {
      const size = headerNumber(block, FIELD.size, 'size');
      if (size < 0 || size > LARGEST_EXTENSION) throw new TarDamage('an extended header is too large');
      this.#extensionType = type;
      this.#extensionData = Buffer.alloc(size);
      this.#extensionFilled = 0;
      if (type === TAR_TYPE.globalPax)
        this.#next = { pax: undefined, longName: undefined, longLink: undefined };
      if (size === 0) this.#endExtension();
      return;
    }
    const { entry, stored } = readEntry(block, this.#next);
    this.#stored = stored;
    this.#next = { pax: undefined, longName: undefined, longLink: undefined };
    if (entry.type === TAR_TYPE.sparse) this.#endMap({ map: oldMapOf(block), entry });
    else this.#entry = entry;
  }

  #endMap(open: { readonly map: OldSparseMap; readonly entry: TarEntry }): void {
    const { map, entry } = open;
    this.#openMap = map.isOpen ? open : undefined;
    if (!map.isOpen) this.#entry = { ...entry, size: map.size, sparseMap: map.numbers };
  }

  #endExtension(): void {
    const data = this.#extensionData;
    this.#extensionData = Buffer.alloc(0);
    this.#extensionFilled = 0;
    this.#padding = paddingOf(data.length);
    const type = this.#extensionType;
    if (type === TAR_TYPE.pax) this.#next.pax = parsePax(data);
    else if (type === TAR_TYPE.longName) this.#next.longName = headerText(data, [0, data.length]);
    else if (type === TAR_TYPE.longLink) this.#next.longLink = headerText(data, [0, data.length]);
    else {
      this.#entry = globalHeader(this.#block);
      this.#stored = 0;
    }
  }
}

/** Only GNU tar's own headers have such a map (Go's readOldGNUSparseMap). */
function oldMapOf(block: Buffer): OldSparseMap {
  if (block.toString('latin1', ...fieldSpan(FIELD.magic)) !== GNU_MAGIC)
    throw new TarDamage('a header of a sparse file is not one of GNU tar');
  return new OldSparseMap(block);
}

function globalHeader(block: Buffer): TarEntry {
  const none = { seconds: 0, nanoseconds: 0 };
  return {
    ...{
      name: headerText(block, FIELD.name),
      linkName: '' as ByteString,
      type: TAR_TYPE.globalPax,
      mode: 0,
      uid: 0,
      gid: 0,
    },
    ...{ size: 0, mtime: none, major: 0, minor: 0, xattrs: NO_XATTRS, sparse: false },
  };
}

function readEntry(block: Buffer, next: Extension): { entry: TarEntry; stored: number } {
  const { pax } = next;
  const raw = block.toString('latin1', FIELD.type[0], FIELD.type[0] + 1);
  const name = next.longName || pax?.path || headerName(block);
  const type = raw !== '\0' ? raw : name.endsWith('/') ? TAR_TYPE.directory : TAR_TYPE.file;
  const stored = hasNoContents(type) ? 0 : (pax?.size ?? headerNumber(block, FIELD.size, 'size'));
  if (stored < 0) throw new TarDamage('a size is negative');
  const sparse = type === TAR_TYPE.sparse || pax?.sparseSize !== undefined || pax?.sparse === true;
  const device = isDeviceType(type);
  return {
    stored,
    entry: {
      name: pax?.sparseName ?? name,
      linkName: next.longLink || pax?.linkPath || headerText(block, FIELD.linkName),
      type,
      mode: headerNumber(block, FIELD.mode, 'mode') & 0o7777,
      uid: pax?.uid ?? headerNumber(block, FIELD.uid, 'owner'),
      gid: pax?.gid ?? headerNumber(block, FIELD.gid, 'group'),
      size: pax?.sparseSize ?? stored,
      mtime: pax?.mtime ?? { seconds: headerNumber(block, FIELD.mtime, 'time'), nanoseconds: 0 },
      major: device ? headerNumber(block, FIELD.major, 'device number') : 0,
      minor: device ? headerNumber(block, FIELD.minor, 'device number') : 0,
      xattrs: pax?.xattrs ?? NO_XATTRS,
      ...(pax?.emptyXattrs === undefined ? {} : { emptyXattrs: pax.emptyXattrs }),
      ...(pax?.sparseMap === undefined ? {} : { sparseMap: pax.sparseMap }),
      sparse,
    },
  };
}

/** The name with its prefix, where the format has one. */
function headerName(block: Buffer): ByteString {
  const name = headerText(block, FIELD.name);
  const prefix = namePrefix(block);
  return prefix === '' ? name : (`${prefix}/${name}` as ByteString);
}

function namePrefix(block: Buffer): string {
  const magic = block.toString('latin1', ...fieldSpan(FIELD.magic));
  if (magic === GNU_MAGIC) {
    // Go before 1.8 wrote a prefix into GNU headers, where the times belong.
    return isHeaderNumber(block, FIELD.atime) && isHeaderNumber(block, FIELD.ctime)
      ? ''
      : asciiOnly(headerText(block, FIELD.prefix));
  }
  if (!magic.startsWith('ustar\0')) return '';
  const isStar = block.toString('latin1', ...fieldSpan(FIELD.starTrailer)) === 'tar\0';
  return headerText(block, isStar ? FIELD.starPrefix : FIELD.prefix);
}

function asciiOnly(bytes: string): string {
  return /^[\x01-\x7f]*$/.test(bytes) ? bytes : '';
}

/** The sum of a header's bytes, its own field taken as spaces; old writers added them up signed. */
function mustHaveChecksum(block: Buffer): void {
  const [start, end] = fieldSpan(FIELD.checksum);
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= start && i < end ? 0x20 : (block[i] as number);
    unsigned += byte;
    signed += (byte << 24) >> 24;
  }
  const recorded = headerNumber(block, FIELD.checksum, 'checksum');
  if (recorded !== unsigned && recorded !== signed) throw new TarDamage('a header has a wrong checksum');
}

/** Bytes from the end of `size` bytes to the next block. */
export function paddingOf(size: number): number {
  const over = size % BLOCK;
  return over === 0 ? 0 : BLOCK - over;
}
