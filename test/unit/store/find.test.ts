import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/open.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { troubleOf } from './trouble.ts';

function emptyStore(): FakeStore {
  return new FakeStore(temporaryForTest().directory);
}

/** `image app:latest`, `container web`, or the trouble. */
function outcome(store: FakeStore, reference: string): string {
  const opened = openStore(store.root);
  let found = '';
  const trouble = troubleOf(() => {
    const { kind, label } = opened.resolve(reference);
    found = `${kind} ${label}`;
  }, store.root);
  return found === '' ? trouble : found;
}

/** An image or a container whose ID begins with the hex digits. */
function withIdLike<T>(start: string, make: (attempt: number) => T, idOf: (made: T) => string): T {
  for (let attempt = 0; ; attempt++) {
    const made = make(attempt);
    if (idOf(made).startsWith(start)) return made;
  }
}

describe('a name', () => {
  it.each([
    ['app', 'image app:latest'],
    ['app:1.2', 'image app:1.2'],
    ['docker.io/library/app:1.2', 'image app:1.2'],
    ['localhost:5000/team/app:v2', 'image localhost:5000/team/app:v2'],
    ['image:app', 'image app:latest'],
    ['web', 'container web'],
    ['container:web', 'container web'],
    ['image:image', 'image image:latest'],
    ['image:image:v1', 'image image:v1'],
    ['image', 'image image:latest'],
    ['container', 'container container'],
    ['container:container', 'container container'],
  ])('%s finds its one image or container', (reference, expected) => {
    const store = emptyStore();
    const names = ['app:latest', 'app:1.2', 'localhost:5000/team/app:v2', 'image:latest', 'image:v1'];
    const image = store.image({ names, layers: ['a'] });
    store.container({ name: 'web', image });
    store.container({ name: 'container', image });
    expect(outcome(store, reference)).toBe(expected);
  });

  it('with a digest finds the image pulled by it', () => {
    const store = emptyStore();
    const digest = `sha256:${hex('manifest')}`;
    store.image({ names: [`app@${digest}`, 'app:1'], layers: ['a'] });
    expect(outcome(store, `app@${digest}`)).toBe(`image app@${digest}`);
    expect(outcome(store, `docker.io/library/app:2@${digest}`)).toBe(`image app@${digest}`);
  });

  it('of an image and a container is ambiguous, and can be told apart', () => {
    const store = emptyStore();
    store.container({ name: 'app', image: store.image({ names: ['app:latest'], layers: ['a'] }) });
    expect(outcome(store, 'app')).toBe(
      'reference: Cannot tell what "app" means: it could be container:app, image:app:latest',
    );
    expect(outcome(store, 'container:app')).toBe('container app');
    expect(outcome(store, 'image:app:latest')).toBe('image app:latest');
    expect(outcome(store, 'app:latest')).toBe('image app:latest');
  });

  it('that two containers have is ambiguous, and their IDs are listed', () => {
    const store = emptyStore();
    const image = store.image({ layers: ['a'] });
    const ids = ['one', 'two']
      .map((name) => store.container({ name, image, config: { Name: '/same' } }))
      .sort();
    const [a = '', b = ''] = ids.map((id) => `container:${id.slice(0, 12)}`);
    expect(outcome(store, 'same')).toBe(`reference: Cannot tell what "same" means: it could be ${a}, ${b}`);
    expect(outcome(store, a)).toBe('container same');
  });

  it('comes before the beginning of an ID', () => {
    const store = emptyStore();
    const image = withIdLike(
      'a',
      (n) => store.image({ layers: [`l${n}`] }),
      (id) => id,
    );
    expect(outcome(store, 'a')).toMatch(/^image a/);
    store.tag('a:latest', image);
    expect(outcome(store, 'a')).toBe('image a:latest');
  });
});

describe('the beginning of an ID', () => {
  it('finds the one image or container it fits', () => {
    const store = emptyStore();
    const id = store.image({ names: ['app:1'], layers: ['a'] });
    for (const reference of [
      id,
      `sha256:${id}`,
      `sha256:${id.slice(0, 7)}`,
      id.slice(0, 12),
      `image:${id}`,
    ]) {
      expect(outcome(store, reference)).toBe(`image ${id.slice(0, 12)}`);
    }
    expect(outcome(store, `container:${id}`)).toBe(
      `reference: Cannot find "container:${id}": no such container`,
    );
  });

  it('is ambiguous where it fits several', () => {
    const store = emptyStore();
    const ids: string[] = [];
    for (let n = 0; ids.filter((id) => id.startsWith('a')).length < 2; n++)
      ids.push(store.image({ layers: [`l${n}`] }));
    const image = ids[0] ?? '';
    const container = withIdLike(
      'a',
      (n) => store.container({ name: `c${n}`, image }),
      (id) => id,
    );
    const images = ids.filter((id) => id.startsWith('a')).sort();
    const containers = openStore(store.root)
      .containers()
      .map(({ id }) => id)
      .filter((id) => id.startsWith('a'));
    expect(containers).toEqual([container]);
    expect(outcome(store, 'a')).toBe(
      `reference: Cannot tell what "a" means: it could be container:${container.slice(0, 12)}, ${images
        .map((id) => `image:${id.slice(0, 12)}`)
        .join(', ')}`,
    );
    expect(outcome(store, 'sha256:a')).toMatch(
      /^reference: Cannot tell what "sha256:a" means: it could be image:a/,
    );
  });

  it('lists whole IDs where the short ones are the same, and ten at most', () => {
    const store = emptyStore();
    const start = 'a'.repeat(12);
    for (let n = 0; n < 12; n++) {
      const id = `${start}${hex(String(n)).slice(12)}`;
      store.write(`image/overlay2/imagedb/content/sha256/${id}`, '');
    }
    const message = outcome(store, start);
    expect(message).toMatch(
      new RegExp(
        `^reference: Cannot tell what "${start}" means: it could be (image:[0-9a-f]{64}, ){9}image:[0-9a-f]{64} and 2 more$`,
      ),
    );
  });

  it('reads no file but the one it means', () => {
    const store = emptyStore();
    const id = store.image({ layers: ['a'] });
    store.write(`image/overlay2/imagedb/content/sha256/${'0'.repeat(64)}`, 'damaged');
    store.write(`containers/${'0'.repeat(64)}/config.v2.json`, 'damaged');
    store.write('image/overlay2/repositories.json', 'damaged');
    expect(outcome(store, id)).toBe(`image ${id.slice(0, 12)}`);
  });
});

describe('a name that is not there', () => {
  it.each([
    ['ngnix', 'no such image or container; did you mean "nginx:latest"?'],
    ['nginx:1.2', 'no such image or container; did you mean "nginx:1.25"?'],
    ['nginx:alpine', 'no such image or container; did you mean "nginx:latest"?'],
    ['docker.io/library/nginxx', 'no such image or container; did you mean "nginx:latest"?'],
    ['alpine', 'no such image or container; did you mean "alpine:3.19"?'],
    ['Nginx', 'no such image or container; did you mean "nginx:latest"?'],
    ['web-servr', 'no such image or container; did you mean "web-server"?'],
    ['web', 'no such image or container; did you mean "web-server"?'],
    ['image:web-server', 'no such image; did you mean "container:web-server"?'],
    ['container:nginx', 'no such container; did you mean "image:nginx:latest"?'],
    ['image:latest', 'no such image; did you mean "image:image:latest"?'],
    ['image:ngnix', 'no such image; did you mean "image:nginx:latest"?'],
    ['postgres', 'no such image or container'],
    ['x', 'no such image or container'],
    ['sha256:0000', 'no such image or container'],
    ['0000', 'no such image or container'],
    ['0'.repeat(64), 'no such image or container'],
    [`nginx@sha256:${'0'.repeat(64)}`, 'no such image or container; did you mean "nginx:latest"?'],
  ])('%s gets a suggestion where one is near', (reference, state) => {
    const store = emptyStore();
    const names = ['nginx:latest', 'nginx:1.25', 'alpine:3.19', 'image:latest', 'team/tool:v1'];
    store.container({ name: 'web-server', image: store.image({ names, layers: ['a'] }) });
    expect(outcome(store, reference)).toBe(`reference: Cannot find "${reference}": ${state}`);
  });

  it('says that a damaged container may have it', () => {
    const store = emptyStore();
    store.write(`containers/${hex('x')}/config.v2.json`, '{');
    expect(outcome(store, 'web')).toBe(
      'reference: Cannot find "web": no such image or container beside 1 damaged container, whose name is unknown',
    );
    store.write(`containers/${hex('y')}/config.v2.json`, '{');
    expect(outcome(store, 'container:web')).toBe(
      'reference: Cannot find "container:web": no such container beside 2 damaged containers, whose names are unknown',
    );
  });

  it('is no reason for trouble with containers that cannot be listed, unless it may be one of theirs', () => {
    const store = emptyStore();
    store.image({ names: ['app:1', 'app:latest'], layers: ['a'] });
    store.replaceByLink('containers');
    expect(outcome(store, 'app')).toBe('image app:latest');
    expect(outcome(store, 'app:2')).toBe(
      'reference: Cannot find "app:2": no such image or container; did you mean "app:1"?',
    );
    expect(outcome(store, 'web')).toBe(
      'store: Cannot list "ROOT/containers": a symbolic link, which is not followed',
    );
  });

  it('is refused as what it is where it cannot be a name', () => {
    const message = outcome(emptyStore(), 'a b');
    expect(message).toBe(
      'reference: Cannot understand reference "a b": it is not an image name, a container name or an ID',
    );
  });
});

describe('the ID of a directory', () => {
  function directoryStore(): { store: FakeStore; image: string; web: string } {
    const store = emptyStore();
    const image = store.image({ names: ['app:1'], layers: ['a', 'b'] });
    const web = store.container({ name: 'web', image });
    return { store, image, web };
  }
  const chain = FakeStore.chainHex(['a', 'b']).slice(0, 12);

  it('of a container is the container', () => {
    const { store } = directoryStore();
    for (const reference of [hex('mount web'), hex('mount web').slice(0, 12)]) {
      expect(outcome(store, reference)).toBe('container web');
    }
    expect(outcome(store, `image:${hex('mount web')}`)).toMatch(/no such image$/);
  });

  it('of a layer is that layer with all below it', () => {
    const { store } = directoryStore();
    for (const reference of [
      FakeStore.cacheId(['a', 'b']),
      FakeStore.cacheId(['a', 'b']).slice(0, 20),
      FakeStore.chainHex(['a', 'b']),
      `sha256:${FakeStore.chainHex(['a', 'b'])}`,
    ]) {
      expect(outcome(store, reference)).toBe(`layer ${chain}`);
    }
    const { layers, id } = openStore(store.root).resolve(FakeStore.cacheId(['a', 'b']));
    expect([id, layers.map(({ diffId }) => diffId)]).toEqual([
      undefined,
      [`sha256:${hex('b')}`, `sha256:${hex('a')}`],
    ]);
    expect(openStore(store.root).resolve(FakeStore.cacheId(['a'])).layers).toHaveLength(1);
  });

  it('of an -init layer is told by its container', () => {
    const { store, web } = directoryStore();
    const name = `container:${web.slice(0, 12)}`;
    expect(outcome(store, `${hex('mount web')}-init`)).toBe(
      `reference: Cannot show "${hex('mount web')}-init" by itself: it is the -init layer of "${name}"; "${name}^" is it with all below`,
    );
  });

  it('that nothing has a record of is told as such', () => {
    const { store } = directoryStore();
    const orphan = hex('orphan');
    store.write(`overlay2/${orphan}/diff/f`, '');
    expect(outcome(store, orphan)).toBe(
      `reference: Cannot find "${orphan}": no image or container has this directory; "lowerdir=ROOT/overlay2/${orphan}/diff" shows it, "whose" tells what it is`,
    );
  });

  it('begins with twelve letters at least, and is ambiguous where it fits several', () => {
    const { store } = directoryStore();
    expect(outcome(store, FakeStore.cacheId(['a']).slice(0, 11))).toMatch(/no such image or container/);
    const [one, two] = [`${'c'.repeat(30)}${hex('1').slice(30)}`, `${'c'.repeat(30)}${hex('2').slice(30)}`];
    store.write(FakeStore.layerFile(['a'], 'cache-id'), one);
    store.write(FakeStore.layerFile(['a', 'b'], 'cache-id'), two);
    expect(outcome(store, 'c'.repeat(12))).toMatch(
      /^reference: Cannot tell what "c{12}" means: it could be the layer [0-9a-f]{64}, the layer [0-9a-f]{64}$/,
    );
  });
});
