// What a store of containers-storage says of itself that can be checked: an image's data, the layers that its config names, and
// what containers and layers of no image stand on. `verify/` judges it.
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claim, Claims } from '../claims.ts';
import { imageIdOf, labelWithoutImage, shortId } from '../digest.ts';
import { rootfsWords } from '../layer-stack.ts';
import { dataClaims, leadingDigests } from './data-claims.ts';
import { type ImageRecord, readImageConfig } from './images.ts';
import type { Inventory } from './inventory.ts';
import { layerClaims, stackClaims } from './layer-claims.ts';
import type { LayerRecord } from './layers.ts';
import { rootfsOf } from './libpod/libpod.ts';
import { layersOf } from './stack.ts';
import { repoDigests } from './summaries.ts';
import { unrecordedDirectories } from './unrecorded.ts';

export function claimsOfImage(inventory: Inventory, id: string, label: string): Claims {
  const subject = { label, kind: 'image', id: imageIdOf(id) } as const;
  const image = attempt(() => inventory.imageLists().image(id));
  if (image instanceof Trouble)
    return { ...subject, claims: [{ about: 'config', unreadable: image.message }], chains: [] };
  return { ...subject, ...imageClaims(inventory, image) };
}

/** The layers that a container stands on. Throws Trouble where they cannot be told. */
export function claimsOfContainer(inventory: Inventory, id: string, label: string): Claims {
  const container = inventory.containers().get(id);
  const subject = { label, kind: 'container', id } as const;
  const rootfs = container?.podman && rootfsOf(container.podman);
  if (rootfs !== undefined) {
    const unreadable = rootfsWords(rootfs);
    return { ...subject, claims: [{ about: 'chain', unreadable }], chains: [], own: [] };
  }
  const claims: Claim[] = [];
  if (container?.damage !== undefined) claims.push({ about: 'repository', unreadable: container.damage });
  const [own, ...below] = container?.layer === undefined ? [] : inventory.layers().chain(container.layer);
  for (const claim of own === undefined ? [] : stackClaims(inventory, own)) claims.push(claim);
  const imageId = container?.record?.image;
  const image = imageId === undefined ? undefined : attempt(() => inventory.imageLists().image(imageId));
  if (image instanceof Trouble) claims.push({ about: 'config', unreadable: image.message });
  else if (image !== undefined) {
    const found = below.at(0)?.id ?? 'none';
    const isMapped = image.mappedLayers.includes(found);
    const message = 'the container does not stand on the image it names';
    claims.push({ about: 'chain', expected: isMapped ? found : (image.layer ?? 'none'), found, message });
    const { claims: own, chains } = imageClaims(inventory, image);
    return { ...subject, claims: [...claims, ...own], chains };
  }
  return { ...subject, claims, chains: [layerClaims(inventory, [...below].reverse(), [])] };
}

/** All images, then containers, layers that neither has, what is wrong with the lists, and directories that nothing leads to. */
export function* claimsOfAll(inventory: Inventory): Generator<Claims> {
  const seen = new Set<string>();
  const note = (chain: readonly LayerRecord[] | Trouble) => {
    for (const { id } of chain instanceof Trouble ? [] : chain) seen.add(id);
  };
  for (const [id, record] of inventory.images()) {
    const names = record instanceof Trouble ? [] : record.names;
    const [label = shortId(id)] = names;
    note(record instanceof Trouble ? record : attempt(() => layersOf(inventory, record)));
    const claims = claimsOfImage(inventory, id, label);
    yield names.length > 1 ? { ...claims, names } : claims;
  }
  for (const [id, { name, layer }] of inventory.containers()) {
    note(layer === undefined ? [] : attempt(() => inventory.layers().chain(layer)));
    yield claimsOfOneContainer(inventory, id, name === '' ? shortId(id) : name);
  }
  yield* otherLayers(inventory, seen);
  const lists = listClaims(inventory);
  if (lists.length > 0) yield { label: 'lists', kind: 'store', claims: lists, chains: [] };
  const unrecorded = attempt(() => unrecordedDirectories(inventory, seen));
  const told = { label: 'directories without a record', kind: 'store', chains: [] } as const;
  if (unrecorded instanceof Trouble)
    yield { ...told, claims: [{ about: 'chain', unreadable: unrecorded.message }] };
  else if (unrecorded.length > 0) yield { ...told, claims: [], unrecorded };
}

function claimsOfOneContainer(inventory: Inventory, id: string, label: string): Claims {
  const claims = attempt(() => claimsOfContainer(inventory, id, label));
  if (!(claims instanceof Trouble)) return claims;
  return {
    label,
    kind: 'container',
    id,
    claims: [{ about: 'chain', unreadable: claims.message }],
    chains: [],
  };
}

function listClaims(inventory: Inventory): Claim[] {
  const lists = [
    ...inventory.imageLists().lists.map(({ list }) => list),
    ...inventory.layers().lists.map(({ list }) => list),
    inventory.containerList(),
  ];
  const sentences = lists.flatMap(({ damage, unreadable: lost }) => [
    ...damage,
    ...(lost === undefined ? [] : [lost.message]),
  ]);
  return [...new Set(sentences)].map((sentence) => ({ about: 'repository', unreadable: sentence }));
}

/** Layers of no image and no container; one below another is verified as part of its chain. */
function* otherLayers(inventory: Inventory, seen: Set<string>): Generator<Claims> {
  const layers = inventory.layers();
  // The last that was made comes first, so that what is below it is not told twice.
  for (const id of layers.ids().reverse()) {
    if (seen.has(id)) continue;
    const subject = { label: labelWithoutImage(id), kind: 'layers' } as const;
    const chain = attempt(() => layers.chain(id));
    if (chain instanceof Trouble) {
      yield { ...subject, claims: [{ about: 'chain', unreadable: chain.message }], chains: [] };
      continue;
    }
    const claims: Claim[] = [];
    for (const layer of chain.filter((one) => one.diffId === undefined && !seen.has(one.id))) {
      const sentence = `no image or container has layer ${layer.id}, and no record says what should be in it`;
      claims.push({ about: 'chain', unreadable: sentence });
    }
    const unpacked = chain.filter((layer) => layer.diffId !== undefined);
    const isNew = unpacked.some((layer) => !seen.has(layer.id));
    for (const layer of chain) seen.add(layer.id);
    const chains = isNew ? [layerClaims(inventory, unpacked.reverse(), [])] : [];
    if (claims.length + chains.length > 0) yield { ...subject, claims, chains };
  }
}

function imageClaims(
  inventory: Inventory,
  image: ImageRecord,
): Pick<Claims, 'claims' | 'chains' | 'repoDigests'> {
  const claims: Claim[] = image.lost === undefined ? [] : [{ about: 'repository', unreadable: image.lost }];
  for (const claim of dataClaims(image)) claims.push(claim);
  const config = attempt(() => readImageConfig(image));
  if (config instanceof Trouble && !claims.some((claim) => claim.about === 'config'))
    claims.push({ about: 'config', unreadable: config.message });
  const chain = attempt(() => layersOf(inventory, image));
  if (chain instanceof Trouble)
    return { claims: [...claims, { about: 'chain', unreadable: chain.message }], chains: [] };
  const diffIds = config instanceof Trouble ? [] : config.diffIds;
  if (!(config instanceof Trouble) && diffIds.length !== chain.length) {
    const message = `from layer ${image.layer ?? 'none'} down there are not as many layers as the config names`;
    claims.push({ about: 'chain', expected: String(diffIds.length), found: String(chain.length), message });
  }
  const proven = repoDigests(image, leadingDigests(image));
  return {
    claims,
    chains: [layerClaims(inventory, [...chain].reverse(), diffIds)],
    ...(proven.length === 0 ? {} : { repoDigests: proven }),
  };
}
