// What fills a data root: every object in it once, each given to the thing of the store that it belongs to, so that the sums
// of all things are what du(1) tells of the whole.
import { directoryStack } from '../../layers/survey/measure.ts';
import { Survey } from '../../layers/survey/survey.ts';
import { ALLOCATION_BLOCK } from '../../layers/survey/survey-sums.ts';
import type { ChainId } from '../../store/digest.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { cacheEntries, type LayerUse, layerUses, type StoreIndex } from './store-index.ts';

/**
 * layer: of an image; unused: a layer that no image and no container has; upper, init, files, log: of a container (its own
 * layers, what Docker keeps for it, its log); cache: of BuildKit; orphan: a directory of the driver that no record leads to;
 * beside: another store; records: of images, layers, networks and the daemon; other: what Docker does not write.
 */
export type PlaceKind =
  | 'layer'
  | 'unused'
  | 'upper'
  | 'init'
  | 'files'
  | 'log'
  | 'cache'
  | 'volume'
  | 'orphan'
  | 'beside'
  | 'records'
  | 'other';

export interface PlaceUsage {
  readonly kind: PlaceKind;
  /** Chain ID, container ID, name of a volume, of a directory of the driver or of the data root. */
  readonly id: string;
  /** Relative to the data root. */
  readonly path: ByteString;
  /** Sizes of what is in it but directories: for a layer, of its files, as Docker counts them. */
  readonly bytes: number;
  /** On disk, with directories and what the driver keeps beside the files. */
  readonly allocated: number;
  /** Of a layer. */
  readonly uses: readonly LayerUse['of'][];
}

/** What du -x makes of these is kept by other names at the top of a data root. */
const RECORDS = ['image', 'network', 'swarm', 'plugins', 'runtimes', 'tmp', 'trust', 'engine-id', 'builder'];
const BESIDE = ['containerd', 'rootfs', 'aufs', 'btrfs', 'devicemapper', 'fuse-overlayfs', 'overlay'];
const MORE_BESIDE = ['overlay2', 'vfs', 'zfs'];

/** A place that is being summed up. */
interface Place {
  readonly kind: PlaceKind;
  readonly id: string;
  readonly path: ByteString;
  readonly uses: readonly LayerUse['of'][];
  /** The only name in it whose sizes count, where that is so. */
  readonly counted?: string;
  bytes: number;
  allocated: number;
}

export class DiskUsage {
  readonly survey: Survey;
  readonly #index: StoreIndex;
  readonly #uses: ReadonlyMap<ChainId, readonly LayerUse[]>;
  /** Of the driver's directories, by name. */
  readonly #owners: ReadonlyMap<string, Pick<Place, 'kind' | 'id' | 'uses'>>;
  readonly #places: Place[] = [];

  constructor(index: StoreIndex) {
    this.#index = index;
    this.#uses = layerUses(index);
    this.#owners = this.#ownersOf();
    this.survey = new Survey(directoryStack(index.root.files.directory));
  }

  /** After `survey` was walked: by kind of place as they are met; their sums are all that is in the data root. */
  places(): readonly PlaceUsage[] {
    const { table } = this.survey;
    const { parent, first, size, blocks } = table.columns;
    const own = this.#place('records', '', '' as ByteString);
    const placeOf = new Uint32Array(table.end);
    const depths = new Uint8Array(table.end);
    const isCounted = new Uint8Array(table.end);
    // A directory has a lower row than what is in it.
    for (let row = 1; row < table.end; row++) {
      const above = parent[row] as number;
      const depth = above === 0 ? 0 : Math.min(4, (depths[above] as number) + 1);
      depths[row] = depth;
      const inherited = above === 0 ? own : (placeOf[above] as number);
      const place = depth === 0 || depth > 3 ? inherited : this.#placeAt(row, depth, inherited);
      placeOf[row] = place;
      const { counted } = this.#places[place] as Place;
      const isSame = place === inherited;
      if (counted === undefined) isCounted[row] = 1;
      else if (isSame) isCounted[row] = isCounted[above] || table.nameOf(row) === counted ? 1 : 0;
      if (first[row] !== 0 && first[row] !== row) continue;
      const sum = this.#places[place] as Place;
      sum.allocated += (blocks[row] as number) * ALLOCATION_BLOCK;
      if (isCounted[row] === 1 && !table.isDirectory(row)) sum.bytes += size[row] as number;
    }
    return this.#places.map(({ kind, id, path, bytes, allocated, uses }) => ({
      ...{ kind, id, path, bytes, allocated, uses },
    }));
  }

  #place(kind: PlaceKind, id: string, path: ByteString, more: Partial<Pick<Place, 'uses' | 'counted'>> = {}) {
    return this.#places.push({ kind, id, path, uses: [], bytes: 0, allocated: 0, ...more }) - 1;
  }

  /** The place of a row one to three names below the data root, where that is another than its directory's. */
  #placeAt(row: number, depth: number, inherited: number): number {
    const { table } = this.survey;
    const { home, files, own } = this.#index.root.driver;
    const path = table.pathOf(row).slice(1) as ByteString;
    const names = path.split('/');
    const [top = '', second = '', third = ''] = names;
    const homeDepth = home.split('/').length;
    const isAtHome = depth === homeDepth + 1 && path.startsWith(`${home}/`);
    const record = (kind: PlaceKind, id = path as string) => this.#place(kind, id, path);
    if (depth === 1) {
      const isOurs = home.split('/')[0] === top || top === 'containers' || top === 'volumes';
      if (isOurs) return record('records');
      if (top === 'buildkit') return record('cache');
      if (RECORDS.includes(top)) return record('records');
      return record(BESIDE.includes(top) || MORE_BESIDE.includes(top) ? 'beside' : 'other');
    }
    const name = names[homeDepth] ?? '';
    if (isAtHome && name !== 'l' && table.isDirectory(row)) {
      const owner = this.#owners.get(name) ?? { kind: 'orphan' as const, id: name, uses: [] };
      const counted = (owner.kind === 'upper' || owner.kind === 'init' ? own : files).slice(1);
      const only = counted === '' ? {} : { counted };
      return this.#place(owner.kind, owner.id, path, { uses: owner.uses, ...only });
    }
    if (depth === 2 && top === 'containers' && table.isDirectory(row)) return record('files', second);
    if (depth === 2 && top === 'volumes' && table.isDirectory(row)) return record('volume', second);
    const isLog = third.startsWith(`${second}-json.log`) || third === 'local-logs';
    if (depth === 3 && top === 'containers' && isLog) return record('log', second);
    return inherited;
  }

  #ownersOf(): Map<string, Pick<Place, 'kind' | 'id' | 'uses'>> {
    const { layers, mounts } = this.#index;
    const owners = new Map<string, Pick<Place, 'kind' | 'id' | 'uses'>>();
    for (const { directory, id } of cacheEntries(this.#index)) {
      if (directory !== undefined) owners.set(directory, { kind: 'cache', id, uses: [] });
    }
    for (const [id, mount] of mounts) {
      if (mount instanceof Trouble) continue;
      owners.set(mount.mountId, { kind: 'upper', id, uses: [id] });
      if (mount.initId !== undefined) owners.set(mount.initId, { kind: 'init', id, uses: [id] });
    }
    for (const [chainId, record] of layers) {
      if (record instanceof Trouble) continue;
      const uses = [...new Set((this.#uses.get(chainId) ?? []).map(({ of }) => of))];
      owners.set(record.cacheId, { kind: uses.length === 0 ? 'unused' : 'layer', id: chainId, uses });
    }
    return owners;
  }
}
