// From what is to be verified - a reference, or a whole store - to the images and layers that are verified for it.
import { type ChainId, type ContainerId, chainIds, type DiffId, type ImageId } from '../store/digest.ts';
import { readContainerConfig } from '../store/docker/containers.ts';
import { type DockerRoot, DRIVERS, dockerRoot, hasLayers } from '../store/docker/driver.ts';
import { find } from '../store/docker/find.ts';
import { imageIds, readImageConfig } from '../store/docker/images.ts';
import { layerIds, readLayerRecord, readMountRecord } from '../store/docker/layerdb.ts';
import { readImageNames } from '../store/docker/repositories.ts';
import { realRoot, StoreFiles } from '../store/files.ts';
import { isLowerdir } from '../store/lowerdir.ts';
import { openStore } from '../store/open.ts';
import { parseReference } from '../store/reference.ts';
import { bytesOfText } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import type { Finding } from './finding.ts';
import { type StoreVerifier, severityVerdict, type Verdict, worse } from './store.ts';

/** What a verification is about: `id` is absent for layers that no image has, and for the store itself. */
export interface Subject {
  readonly label: string;
  readonly kind: 'image' | 'container' | 'layers' | 'store';
  readonly id?: string;
}

export interface SubjectLog {
  begin(subject: Subject): void;
  /** A finding on the subject itself, not on one of its layers. */
  finding(finding: Finding): void;
  end(verdict: Verdict): void;
}

/** Throws Trouble where there is no store whose layers have a tar-split record. */
export function openDockerRoot(root: string): DockerRoot {
  // It knows best what to say of all else that may lie there.
  openStore(root);
  const files = new StoreFiles(realRoot(bytesOfText(root)));
  const driver = DRIVERS.find(({ name }) => hasLayers(files, name)) ?? DRIVERS[0];
  if (driver === undefined) throw new Error('there is no graph driver');
  return dockerRoot(files, driver);
}

export class ReferenceVerifier {
  readonly #root: DockerRoot;
  readonly #verifier: StoreVerifier;
  readonly #log: SubjectLog;

  constructor(root: DockerRoot, verifier: StoreVerifier, log: SubjectLog) {
    this.#root = root;
    this.#verifier = verifier;
    this.#log = log;
  }

  /** Throws Trouble where nothing, or more than one thing, is meant. */
  async reference(reference: string): Promise<Verdict> {
    if (isLowerdir(reference)) {
      const state = 'plain directories have no record to verify them with';
      throw new Trouble('usage', `Cannot verify "${reference}": ${state}`);
    }
    const found = find(this.#root, parseReference(reference));
    switch (found.kind) {
      case 'image':
        return this.#image(found.id, found.name);
      case 'container':
        return this.#container(found.id, found.name);
      case 'layer': {
        const { id, name } = found;
        return this.#about({ label: name, kind: 'layers' }, () => this.#otherLayer(id));
      }
    }
  }

  /** All images, then the layers that none of them has, then the names. */
  async all(): Promise<Verdict> {
    const names = readImageNames(this.#root);
    const present = imageIds(this.#root);
    let verdict: Verdict = 'verified';
    for (const id of present) {
      const known = [...names.images].filter(([name, image]) => image === id && !name.includes('@'));
      verdict = worse(verdict, await this.#image(id, known[0]?.[0] ?? id.slice(0, 19)));
    }
    verdict = worse(verdict, await this.#otherLayers());
    return worse(verdict, this.#names(names, new Set(present)));
  }

  async #image(id: ImageId, label: string): Promise<Verdict> {
    return this.#about({ label, kind: 'image', id }, () => this.#verifier.image(id));
  }

  async #about(subject: Subject, verify: () => Promise<Verdict>): Promise<Verdict> {
    this.#log.begin(subject);
    const verdict = await verify();
    this.#log.end(verdict);
    return verdict;
  }

  async #container(id: ContainerId, label: string): Promise<Verdict> {
    const { imageId } = readContainerConfig(this.#root, id);
    const { parent } = readMountRecord(this.#root, id);
    return this.#about({ label, kind: 'container', id }, async () => {
      let verdict: Verdict = 'verified';
      const report = (finding: Finding) => {
        verdict = worse(verdict, severityVerdict(finding));
        this.#log.finding(finding);
      };
      const message = "a container's own layers have no record: nothing can be said of them";
      report({ severity: 'known', class: 'tar-split', message });
      if (imageId !== undefined && this.#isBelow(imageId, parent, report)) {
        return worse(verdict, await this.#verifier.image(imageId));
      }
      return worse(verdict, await this.#verifier.chain(parent === undefined ? [] : this.#chain(parent)));
    });
  }

  /** Whether the image's config can be read; that it is the one below the container is found or not. */
  #isBelow(imageId: ImageId, parent: ChainId | undefined, report: (finding: Finding) => void): boolean {
    try {
      const top = chainIds(readImageConfig(this.#root, imageId).diffIds).at(-1);
      if (top !== parent) {
        const message = 'the container does not stand on the image it names';
        report({
          severity: 'tampered',
          class: 'chain',
          expected: top ?? 'none',
          found: parent ?? 'none',
          message,
        });
      }
      return true;
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      report({ severity: 'unverifiable', class: 'config', message: error.message });
      return false;
    }
  }

  /** Diff IDs, base first, as layerdb tells. Throws Trouble. */
  #chain(top: ChainId): DiffId[] {
    const diffIds: DiffId[] = [];
    const passed = new Set<ChainId>();
    for (let next: ChainId | undefined = top; next !== undefined; ) {
      if (passed.has(next))
        throw new Trouble('store', `Cannot use layer "${next}": its parents form a cycle`);
      passed.add(next);
      const record = readLayerRecord(this.#root, next);
      diffIds.push(record.diffId);
      next = record.parent;
    }
    return diffIds.reverse();
  }

  async #otherLayers(): Promise<Verdict> {
    const others = layerIds(this.#root).filter((id) => !this.#verifier.hasSeen(id));
    if (others.length === 0) return 'verified';
    return this.#about({ label: 'layers of no image', kind: 'layers' }, async () => {
      let verdict: Verdict = 'verified';
      for (const id of others) {
        if (this.#verifier.hasSeen(id)) continue;
        verdict = worse(verdict, await this.#otherLayer(id));
      }
      return verdict;
    });
  }

  async #otherLayer(id: ChainId): Promise<Verdict> {
    let diffIds: DiffId[];
    try {
      diffIds = this.#chain(id);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      this.#log.finding({ severity: 'unverifiable', class: 'chain', message: error.message });
      return 'unverifiable';
    }
    if (chainIds(diffIds).at(-1) !== id) {
      const found = chainIds(diffIds).at(-1) ?? 'none';
      const message = 'the files of a layer in layerdb do not give its chain ID';
      this.#log.finding({ severity: 'tampered', class: 'chain', expected: id, found, message });
      return 'tampered';
    }
    return this.#verifier.chain(diffIds);
  }

  /** Names that lead nowhere. That a name leads to another image than once cannot be told: nothing records it. */
  #names(names: ReturnType<typeof readImageNames>, present: ReadonlySet<ImageId>): Verdict {
    const findings: Finding[] = [];
    const cannot = (message: string) =>
      findings.push({ severity: 'unverifiable', class: 'repository', message });
    if (names.unreadable !== undefined) cannot(names.unreadable.message);
    for (const damage of names.damage) cannot(damage);
    for (const [name, id] of names.images) {
      if (!present.has(id)) cannot(`the name "${name}" leads to ${id}, which is not there`);
    }
    if (findings.length === 0) return 'verified';
    this.#log.begin({ label: 'names', kind: 'store' });
    for (const finding of findings) this.#log.finding(finding);
    this.#log.end('unverifiable');
    return 'unverifiable';
  }
}
