// What containerd's store says of itself that can be checked: a name leads to the hash of an index or a manifest, that to
// those of manifests, of a config and of compressed layers, the config to those of the layers' tars, these to the chain that
// names a snapshot. `verify/` judges it; a name with its digest (`RepoDigest`) is proved on the way.
import { asBytes, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claim, Claims, LayerClaims, OwnLayer } from '../claims.ts';
import { type BlobDigest, type ChainId, sha256, shortId } from '../digest.ts';
import { foreignInInitLayer } from '../dockerd/init-layer.ts';
import type { StoreFiles } from '../files.ts';
import { parseJson } from '../formats/json.ts';
import type { Layer } from '../layer-stack.ts';
import { fits, isAttestation, parseManifest, platformOf, platformText } from '../oci/manifest.ts';
import { MANIFEST_OR_INDEX } from '../oci/oci-shapes.ts';
import { type PlatformImage, readImageOfManifest } from '../oci/platform-image.ts';
import { blobPath, contentOf, hasBlob } from './blobs.ts';
import { containersOf, imageOfContainer } from './container-image.ts';
import { withoutLayers } from './containers.ts';
import { cacheKeys, type DockerContainer } from './docker.ts';
import type { FoundObject } from './find.ts';
import type { Images } from './images.ts';
import { digestsOf, tagsOf } from './names.ts';
import { tarRecord } from './record.ts';
import type { SnapshotPlace } from './root.ts';
import { snapshotterOf } from './snapshotter.ts';
import { chainIdOfSnapshot, snapshotLayers, unpackedPlaces } from './stack.ts';
import { unrecordedDirectories } from './unrecorded.ts';

export function claimsOfFound(images: Images, found: FoundObject): Claims {
  if (found.kind === 'image') return claimsOfImage(images, [found.target], found.name, found.target);
  if (found.kind === 'container') return claimsOfContainer(images, found.container, found.name);
  throw new Trouble(
    'usage',
    `Cannot verify "${found.name}": a snapshot by itself has no record to verify it with`,
  );
}

/** All images of a namespace, then its containers, snapshots that neither has, and names that lead nowhere. */
export function* claimsOfAll(images: Images): Generator<Claims> {
  const seen = new Set<ChainId>();
  for (const image of images.named) {
    const names = tagsOf(image, images.reading.users);
    const [label = shortId(image.id)] = names;
    const claims = claimsOfImage(images, image.targets, label, image.id);
    for (const { chainId } of claims.chains.flat()) seen.add(chainId);
    yield names.length > 1 ? { ...claims, names } : claims;
  }
  const containers = attempt(() => containersOf(images));
  const own = new Set<string>(cacheKeys(images.reading));
  for (const container of containers instanceof Trouble ? [] : containers) {
    own.add(container.place.key);
    const claims = claimsOfOneContainer(images, container);
    for (const { chainId } of claims.chains.flat()) seen.add(chainId);
    yield claims;
  }
  const others = otherSnapshots(images, seen, own);
  if (others.claims.length > 0) yield others;
  const broken = ['images', 'containers'] as const;
  const lists = new Set([
    ...images.damage(),
    ...broken.flatMap((listed) => images.reading.damage(listed)),
    ...(containers instanceof Trouble ? [containers.message] : []),
  ]);
  if (lists.size === 0) return;
  const claims = [...lists].map((unreadable): Claim => ({ about: 'repository', unreadable }));
  yield { label: 'names', kind: 'store', claims, chains: [] };
}

/** Directories that nothing leads to, whatever the namespace; none where there is no such directory. */
export function* claimsOfDirectories(files: StoreFiles): Generator<Claims> {
  const unrecorded = attempt(() => unrecordedDirectories(files));
  const told = { label: 'directories without a record', kind: 'store', chains: [] } as const;
  if (unrecorded instanceof Trouble) {
    yield { ...told, claims: [{ about: 'chain', unreadable: unrecorded.message }] };
  } else if (unrecorded.length > 0) yield { ...told, claims: [], unrecorded };
}

/**
 * Every platform whose manifest is here is one chain, once for each snapshotter that it was unpacked by, or that of `snapshotter`
 * alone.
 */
function claimsOfImage(
  images: Images,
  targets: readonly BlobDigest[],
  label: string,
  id: BlobDigest,
  snapshotter?: string,
): Claims {
  const claims: Claim[] = [];
  const manifests = new Set(targets.flatMap((target) => manifestsOf(images, target, claims)));
  const chains = [...manifests].flatMap((manifest): LayerClaims[][] => {
    const image = attempt(() => readImageOfManifest(contentOf(images.reading.root.files), manifest));
    if (image instanceof Trouble) {
      claims.push({ about: 'config', unreadable: image.message });
      return [];
    }
    for (const claim of configClaims(images, image)) claims.push(claim);
    const places = placesOf(images, image, snapshotter);
    const [first, ...others] = places;
    const platform = manifests.size > 1 ? { platform: platformText(platformOf(image.json)) } : {};
    const told = layerClaims(images, image, first).map((one) => ({ ...one, ...platform }));
    if (first === undefined || others.length === 0) return [told];
    return [
      told.map((one) => ({ ...one, place: first.snapshotter })),
      ...others.flatMap((place) => {
        const stack = attempt(() => snapshotLayers(images.reading, place, { image, missing: 'mark' }));
        if (stack instanceof Trouble) {
          claims.push({ about: 'chain', unreadable: stack.message });
          return [];
        }
        return [layerClaims(images, image, place).map((one) => ({ ...placed(one, place), ...platform }))];
      }),
    ];
  });
  const repoDigests = repoDigestsOf(images, targets);
  return { label, kind: 'image', id, claims, chains, ...(repoDigests.length === 0 ? {} : { repoDigests }) };
}

/** Those with one of the targets, whose bytes are among the claims. */
function repoDigestsOf(images: Images, targets: readonly BlobDigest[]): string[] {
  const named = images.named.filter((image) => image.targets.some((target) => targets.includes(target)));
  const names = named.flatMap((image) => digestsOf(image, images.reading.users));
  return names.filter((name) => targets.some((target) => name.endsWith(`@${target}`)));
}

/** What a target leads to, attestations left out; it itself where it is a manifest. */
function manifestsOf(images: Images, target: BlobDigest, claims: Claim[]): BlobDigest[] {
  const { files } = images.reading.root;
  const path = blobPath(target);
  const file = files.pathOf(path);
  const found = attempt(() => {
    const bytes = files.read(path);
    return {
      hash: `sha256:${sha256(bytes)}`,
      parsed: attempt(() => parseManifest(parseJson(bytes, file, MANIFEST_OR_INDEX))),
    };
  });
  if (found instanceof Trouble) {
    claims.push({ about: 'manifest', unreadable: found.message });
    return [];
  }
  const { hash, parsed } = found;
  const isIndex = !(parsed instanceof Trouble) && parsed.kind === 'index';
  const about = isIndex ? 'index' : 'manifest';
  claims.push({
    about,
    expected: target,
    found: hash,
    message: `"${shownBytes(file)}" is not what its name is the hash of`,
  });
  // What is not what it should be leads nowhere.
  if (hash !== target) return [];
  if (parsed instanceof Trouble) {
    claims.push({ about, unreadable: parsed.message });
    return [];
  }
  if (parsed.kind === 'manifest') return [target];
  const members = parsed.manifests.filter((one) => !isAttestation(one));
  const { platform: wanted } = images.reading.root;
  const isMeant = (has = wanted) => wanted === undefined || has === undefined || fits(has, wanted);
  const here = members.filter((one) => isMeant(one.platform) && hasBlob(files, one.digest));
  if (here.length === 0) {
    const named = members.map((one) =>
      one.platform === undefined ? one.digest : platformText(one.platform),
    );
    const which = wanted === undefined ? 'that' : `for ${platformText(wanted)} of those that`;
    claims.push({
      about: 'index',
      unreadable: `no manifest ${which} "${shownBytes(file)}" names is here (${named.join(', ')})`,
    });
  }
  return here.flatMap(({ digest }) => manifestsOf(images, digest, claims));
}

/** That the config is whole was checked when it was read; the notes beside it are to fit. */
function configClaims({ reading }: Images, { config, chain, diffIds, layers }: PlatformImage): Claim[] {
  const claims: Claim[] = [];
  const labels = attempt(() => new Map(reading.blobs.map((blob) => [blob.digest, blob.labels])));
  if (labels instanceof Trouble) return [{ about: 'repository', unreadable: labels.message }];
  const top = chain.at(-1) ?? 'none';
  for (const [name, value] of labels.get(config) ?? []) {
    if (!name.startsWith('containerd.io/gc.ref.snapshot.')) continue;
    const message = `the label "${name}" of the config is not the chain of its layers`;
    claims.push({ about: 'chain', expected: top, found: value, message });
  }
  for (const [index, { digest }] of layers.entries()) {
    const noted = labels.get(digest)?.get('containerd.io/uncompressed');
    if (noted === undefined) continue;
    const message = `containerd noted another diff ID of the layer ${shortId(digest)} than the config has`;
    claims.push({ about: 'chain', expected: diffIds[index] ?? 'none', found: noted, message });
  }
  if (layers.length !== diffIds.length) {
    const message = 'the manifest and the config do not have as many layers as each other';
    claims.push({ about: 'chain', expected: String(diffIds.length), found: String(layers.length), message });
  }
  return claims;
}

/** Of whole trees that of the top layer alone is there to be compared. */
function placed(one: LayerClaims, { snapshotter }: SnapshotPlace): LayerClaims {
  return one.layer === undefined ? { ...one, isToldElsewhere: true } : { ...one, place: snapshotter };
}

/** Where an image was unpacked to; a container stands on what its own snapshotter has. */
function placesOf({ reading }: Images, { chain }: PlatformImage, snapshotter?: string): SnapshotPlace[] {
  const top = chain.at(-1);
  const places = top === undefined ? [] : unpackedPlaces(reading, top);
  const own = places.filter((place) => place.snapshotter === snapshotter);
  return own.length > 0 ? own : places;
}

/** Base first, with the directories that they were unpacked to, if they were. */
function layerClaims(images: Images, image: PlatformImage, place: SnapshotPlace | undefined): LayerClaims[] {
  const { reading } = images;
  const claims: Claim[] = [];
  const stack = place && attempt(() => snapshotLayers(reading, place, { image, missing: 'mark' }));
  if (stack instanceof Trouble) claims.push({ about: 'chain', unreadable: stack.message });
  const byChain = new Map<ChainId, Layer>();
  for (const layer of stack === undefined || stack instanceof Trouble ? [] : stack) {
    if (layer.chainId !== undefined) byChain.set(layer.chainId, layer);
  }
  for (const claim of engineClaims(images, place)) claims.push(claim);
  return image.diffIds.map((diffId, index): LayerClaims => {
    const chainId = image.chain[index];
    const blob = image.layers[index];
    if (chainId === undefined) throw new RangeError('a diff ID without a chain ID');
    const layer = byChain.get(chainId);
    const own: Claim[] = index === 0 ? claims : [];
    const record = blob && attempt(() => tarRecord(reading.root, blob));
    if (record instanceof Trouble) own.push({ about: 'blob', unreadable: record.message });
    if (layer?.missing !== undefined) own.push({ about: 'chain', unreadable: layer.missing });
    return {
      diffId,
      chainId,
      claims: own,
      ...(layer === undefined || layer.missing !== undefined ? {} : { layer }),
      ...(record === undefined || record instanceof Trouble ? {} : { record }),
    };
  });
}

/** Of the layers that dockerd left between those of an image: they are shown, and no hash tells of them. */
function engineClaims({ reading }: Images, place: SnapshotPlace | undefined): Claim[] {
  const { files } = reading.root;
  const { directory, whole } = place ? snapshotterOf(place.snapshotter) : {};
  const chain = place && attempt(() => reading.chain(place));
  // Of whole trees the topmost alone is shown.
  if (directory === undefined || whole || chain === undefined || chain instanceof Trouble) return [];
  const between = chain.filter((one) => one.kind === 'committed' && chainIdOfSnapshot(one) === undefined);
  return between.flatMap(({ id }): Claim[] => {
    const foreign = attempt(() => foreignInInitLayer(files, directory(id)));
    if (foreign instanceof Trouble) return [{ about: 'stack', unreadable: foreign.message }];
    const message = `a layer of dockerd's own between those of the image, "${shownBytes(files.pathOf(directory(id)))}", has what dockerd does not put there, and no record names`;
    const expected = 'mount points alone';
    return foreign.map((path) => ({ about: 'stack', expected, found: shownBytes(asBytes(path)), message }));
  });
}

function claimsOfOneContainer(images: Images, container: DockerContainer): Claims {
  const { id, name } = container;
  const claims = attempt(() => claimsOfContainer(images, container, name));
  if (!(claims instanceof Trouble)) return claims;
  const damage: Claim = { about: 'chain', unreadable: claims.message };
  return { label: name, kind: 'container', id, claims: [damage], chains: [] };
}

/** The layers that it stands on, and its own. Throws Trouble where its snapshots cannot be told. */
function claimsOfContainer(images: Images, container: DockerContainer, label: string): Claims {
  const untold = withoutLayers(container);
  if (untold !== undefined) {
    const claim: Claim = { about: 'chain', unreadable: untold };
    return { label, kind: 'container', id: container.id, claims: [claim], chains: [], own: [] };
  }
  const { reading } = images;
  const image = imageOfContainer(images, container);
  const chain = reading.chain(container.place);
  const base = chain.findIndex((snapshot) => chainIdOfSnapshot(snapshot) !== undefined);
  const own = chain
    .slice(0, base === -1 ? chain.length : base)
    .map(({ kind }): OwnLayer => ({ role: kind === 'committed' ? 'engine' : 'upper', claims: [] }))
    .reverse();
  const subject = { label, kind: 'container', id: container.id, own } as const;
  const claims: Claim[] =
    container.damage === undefined ? [] : [{ about: 'repository', unreadable: container.damage }];
  if (image === undefined) {
    const unreadable = 'the image of the container is not here any more: nothing says what its layers were';
    return { ...subject, claims: [...claims, { about: 'config', unreadable }], chains: [] };
  }
  const of = claimsOfImage(images, [image.manifest], label, image.manifest, container.place.snapshotter);
  const [expected, found] = [image.chain.at(-1), chain[base] && chainIdOfSnapshot(chain[base])];
  const message = 'the container does not stand on the image it names';
  claims.push({ about: 'chain', expected: expected ?? 'none', found: found ?? 'none', message });
  return { ...subject, claims: [...claims, ...of.claims], chains: of.chains };
}

/**
 * Chains that were unpacked and whose image is gone, and what is being written and has no key of a container or cache (`own`).
 * A view has nothing of its own.
 */
function otherSnapshots({ reading }: Images, seen: ReadonlySet<ChainId>, own: ReadonlySet<string>): Claims {
  const claims: Claim[] = [];
  for (const { snapshotter, key } of reading.snapshots) {
    const chain = attempt(() => reading.chain({ snapshotter, key }));
    if (chain instanceof Trouble) {
      claims.push({ about: 'chain', unreadable: chain.message });
      continue;
    }
    const [first] = chain;
    if (first === undefined) continue;
    const chainId = chainIdOfSnapshot(first);
    const place = `snapshot ${first.id} of ${snapshotter}`;
    if (chainId !== undefined && !seen.has(chainId)) {
      const unreadable = `no image has the layer ${chainId} (${place}): nothing names its tar`;
      claims.push({ about: 'chain', unreadable });
    } else if (first.kind === 'active' && !own.has(key)) {
      const unreadable = `no container or cache has "${shownBytes(key)}" (${place}): nothing records what is in it`;
      claims.push({ about: 'chain', unreadable });
    }
  }
  return { label: 'layers without an image', kind: 'layers', claims, chains: [] };
}
