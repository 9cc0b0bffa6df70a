// Layers whose bytes were hashed, so that another tar can be told to be the same layer: its bytes have the same hash, or what they
// are compressed from has. An ID that something claims to have only says where to look.
import type { BlobBytes } from '../../blob/blob.ts';
import type { RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import type { DiffId } from '../../store/digest.ts';
import { HashedBytes } from './hashed-bytes.ts';

/** What makes two layers one: equal tars, unpacked by the same rules, on the same layers where the rules copy from these. */
export interface SoughtLayer {
  /** As it is claimed. */
  readonly diffId: DiffId;
  readonly rules: string;
  readonly copied: readonly (RecordedLayer | undefined)[];
}

interface Hashed {
  /** Bytes. */
  readonly size: number;
  /** `sha256:…`. */
  readonly sha256: string;
}

export interface ProvenLayer {
  readonly layer: RecordedLayer;
  /** Its bytes as they lie there. */
  readonly blob: Hashed;
  /** What these are compressed from; absent where an index spared to decompress them. */
  readonly tar?: Hashed;
}

export class ProvenLayers {
  readonly #byClaim = new Map<string, ProvenLayer>();
  readonly #numbers = new Map<RecordedLayer | undefined, number>();

  add(wanted: SoughtLayer, proven: ProvenLayer): void {
    const key = this.#keyOf(wanted);
    if (!this.#byClaim.has(key)) this.#byClaim.set(key, proven);
  }

  /** The layer that has the very bytes, compressed or not, which are hashed only where their number is right. Throws Errno. */
  sameBytes(
    wanted: SoughtLayer,
    bytes: BlobBytes,
    progress: (taken: number) => void,
  ): RecordedLayer | undefined {
    const known = this.#byClaim.get(this.#keyOf(wanted));
    if (known === undefined) return undefined;
    const likely = [known.blob, ...(known.tar === undefined ? [] : [known.tar])].filter(
      ({ size }) => size === bytes.size,
    );
    if (likely.length === 0) return undefined;
    const sha256 = new HashedBytes(bytes).digest(progress);
    return likely.some((one) => one.sha256 === sha256) ? known.layer : undefined;
  }

  /** The layer whose tar has the hash. */
  sameTar(wanted: SoughtLayer, sha256: string | undefined): RecordedLayer | undefined {
    const known = this.#byClaim.get(this.#keyOf(wanted));
    return sha256 !== undefined && known?.tar?.sha256 === sha256 ? known.layer : undefined;
  }

  #keyOf({ diffId, rules, copied }: SoughtLayer): string {
    return [diffId, rules, ...copied.map((layer) => this.#numberOf(layer))].join(' ');
  }

  #numberOf(layer: RecordedLayer | undefined): number {
    const number = this.#numbers.get(layer) ?? this.#numbers.size;
    this.#numbers.set(layer, number);
    return number;
  }
}
