// What every `Store` promises, whatever engine wrote it: one suite of tests for all kinds, on made stores and on real ones.

import { lstatSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chainIds } from '../../src/store/digest.ts';
import type { LayerStack } from '../../src/store/layer-stack.ts';
import { NoSuchReference } from '../../src/store/reference/reference.ts';
import type { TarSource } from '../../src/store/source.ts';
import type { Store } from '../../src/store/store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** The directory it is in, of which nothing may change. */
  readonly root: string;
}

export interface ContractOptions {
  /** Of a kind of store that can have none: an archive. */
  readonly hasNoContainers?: true;
  /** Of a container whose tree is a directory of its machine and no layers (`--rootfs`). */
  readonly withoutLayers?: string;
}

/** `open` answers an undamaged store with an image and a container at least. */
export function describeStore(
  name: string,
  open: () => StoreUnderTest | Promise<StoreUnderTest>,
  options: ContractOptions = {},
): void {
  /** Those that it can show. */
  const containersIn = (store: Store) =>
    store
      .containers()
      .filter(({ name: called, elsewhere }) => elsewhere === undefined && called !== options.withoutLayers);

  describe(`the store ${name}`, () => {
    it('finds every image that it lists, by its ID and by every name', async () => {
      const { store } = await open();
      const images = store.images();
      expect(images.length).toBeGreaterThan(0);
      for (const { id, tags, damage, platform } of images) {
        expect({ id, damage }).toEqual({ id, damage: undefined });
        const hex = id.replace('sha256:', '');
        // Of several platforms a name means one.
        for (const reference of [id, hex.slice(0, 12), ...(platform === undefined ? tags : [])]) {
          const stack = store.resolve(reference);
          expect([reference, stack.kind, stack.id]).toEqual([reference, 'image', hex]);
          expectWhole(stack);
        }
      }
    });

    it('finds every container that it lists, by its ID and by its name', async () => {
      const { store } = await open();
      const containers = containersIn(store);
      expect(containers.length > 0).toBe(options.hasNoContainers !== true);
      for (const { id, name: called, damage } of containers) {
        expect({ id, damage }).toEqual({ id, damage: undefined });
        for (const reference of [id, id.slice(0, 12), called]) {
          const stack = store.resolve(`container:${reference}`);
          expect([reference, stack.kind, stack.id]).toEqual([reference, 'container', id]);
          expect(stack.layers[0]?.role).toBe('upper');
          expectWhole(stack);
        }
      }
    });

    it('says of what it does not have that it is not there, and knows no directories of others', async () => {
      const { store } = await open();
      for (const reference of [
        'nothing-of-this-name:1',
        'container:nobody',
        'container:pod/nobody',
        '0'.repeat(64),
      ]) {
        expect(() => store.resolve(reference)).toThrow(NoSuchReference);
      }
      expect(() => store.resolve('lowerdir=/')).toThrow();
    });

    it('has a record of every layer of an image, which opens at its beginning each time', async () => {
      const { store } = await open();
      for (const { id } of store.images()) {
        const stack = store.resolve(id);
        for (const layer of stack.layers.filter(({ role }) => role === 'image')) {
          const record = store.record(layer, stack);
          if (record === undefined) throw new Error(`no record of ${layer.diffId}`);
          const [first, again] = [beginning(record.open), beginning(record.open)];
          expect(first.length).toBeGreaterThan(0);
          expect(again).toEqual(first);
        }
      }
      for (const { id } of containersIn(store)) {
        const stack = store.resolve(`container:${id}`);
        const own = stack.layers.filter(({ role }) => role === 'upper');
        expect(own.map((layer) => store.record(layer, stack))).toEqual(own.map(() => undefined));
      }
    });

    it('tells how each image is run, and a step for each of its layers', async () => {
      const { store } = await open();
      for (const { id } of store.images()) {
        const stack = store.resolve(id);
        expect(store.configuration(stack).kind).toBe('image');
        const made = store.history(stack).filter((step) => !step.emptyLayer);
        const layers = stack.layers.filter(({ role }) => role === 'image');
        if (made.length > 0) expect(made).toHaveLength(layers.length);
      }
    });

    it('claims what holds: each image, each of its layers, base first', async () => {
      const { store } = await open();
      const claimed = [...store.claims()];
      const images = claimed.filter(({ kind }) => kind === 'image');
      expect(images.map(({ id }) => id).sort()).toEqual(
        store
          .images()
          .map(({ id }) => id)
          .sort(),
      );
      for (const { claims, chains, id = '' } of images) {
        const layers = chains.flat();
        const said = [...claims, ...layers.flatMap((layer) => layer.claims)];
        expect(said.filter((claim) => 'unreadable' in claim || claim.expected !== claim.found)).toEqual([]);
        const diffIds = store.resolve(id).layers.flatMap(({ diffId }) => diffId ?? []);
        expect(layers.map(({ diffId }) => diffId)).toEqual(diffIds.toReversed());
        expect(layers.every(({ record }) => record !== undefined)).toBe(true);
        // What nobody unpacked lies in no directory.
        const isUnpacked = store.resolve(id).layers.every(({ source }) => source.kind === 'directory');
        expect(layers.every(({ layer }) => (layer !== undefined) === isUnpacked)).toBe(true);
      }
    });

    it('claims of every container that it lists what holds', async () => {
      const { store } = await open();
      const listed = containersIn(store);
      const claimed = [...store.claims()].filter(
        ({ kind, label }) => kind === 'container' && label !== options.withoutLayers,
      );
      expect(claimed.map(({ id }) => id).sort()).toEqual(listed.map(({ id }) => id).sort());
      for (const { claims, chains, own = [] } of claimed) {
        const layers = [...chains.flat(), ...own].flatMap((layer) => layer.claims);
        const said = [...claims, ...layers];
        expect(said.filter((claim) => 'unreadable' in claim || claim.expected !== claim.found)).toEqual([]);
      }
    });

    it('changes nothing where it lies', async () => {
      const { store, root } = await open();
      const before = timesBelow(root);
      for (const { id } of store.images()) beginningOfAll(store, store.resolve(id));
      for (const { id } of containersIn(store)) store.resolve(`container:${id}`);
      for (const _ of store.claims());
      expect(timesBelow(root)).toEqual(before);
    });
  });
}

function expectWhole({ layers, store }: LayerStack): void {
  expect(store).toBeDefined();
  expect(layers.length).toBeGreaterThan(0);
  for (const { source, missing } of layers) {
    expect(missing).toBeUndefined();
    if (source.kind === 'tar') expectReadable(source);
    else expect(lstatSync(Buffer.from(source.path, 'latin1')).isDirectory()).toBe(true);
  }
  const image = layers.filter(({ role }) => role === 'image').toReversed();
  const diffIds = image.flatMap(({ diffId }) => diffId ?? []);
  expect(diffIds).toHaveLength(image.length);
  // Where the store has chain IDs, they are those that the diff IDs give.
  if (image.some(({ chainId }) => chainId !== undefined)) {
    expect(image.map(({ chainId }) => chainId)).toEqual(chainIds(diffIds));
  }
}

/** It opens anew each time, and has as many bytes as it says. */
function expectReadable({ open, size }: TarSource): void {
  for (const blob of [open(), open()]) {
    expect(blob.size).toBe(size);
    expect(blob.read(size - 1, Buffer.alloc(2))).toBe(1);
    blob.close();
  }
}

function beginning(open: () => { readNext(buffer: Uint8Array): number; close(): void }): Buffer {
  const file = open();
  const buffer = Buffer.alloc(64);
  const length = file.readNext(buffer);
  file.close();
  return buffer.subarray(0, Math.max(0, length));
}

function beginningOfAll(store: Store, stack: LayerStack): void {
  for (const layer of stack.layers) {
    const record = store.record(layer, stack);
    if (record !== undefined) beginning(record.open);
  }
}

/** Access, change and status-change times of everything there; access times of files alone, as this listing changes the others. */
function timesBelow(root: string): string[] {
  const times: string[] = [];
  const directories = [Buffer.from(root)];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const name of readdirSync(directory, { encoding: 'buffer' })) {
      const path = Buffer.concat([directory, Buffer.from('/'), name]);
      const status = lstatSync(path, { bigint: true });
      if (status.isDirectory()) directories.push(path);
      const access = status.isFile() ? status.atimeNs : '';
      times.push(`${path.toString('latin1')} ${access} ${status.mtimeNs} ${status.ctimeNs}`);
    }
  }
  return times.sort();
}
