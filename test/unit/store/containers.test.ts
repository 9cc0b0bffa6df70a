import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/open.ts';
import { sourceName } from '../../../src/store/source.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { shortened, troubleOf } from './trouble.ts';

const LAYERS = ['base', 'top'];
const MOUNT = hex('mount web');
const ID = hex('container web');
const CONFIG = `containers/${ID}/config.v2.json`;
const MOUNTS = `image/overlay2/layerdb/mounts/${ID}`;
const IMAGEDB = 'image/overlay2/imagedb/content/sha256';
const TOP = FakeStore.layerDirectory(LAYERS);

interface Options {
  readonly state?: object;
  readonly config?: object;
}

function webStore(options: Options = {}): { store: FakeStore; image: string } {
  const store = new FakeStore(temporaryForTest().directory);
  const image = store.image({ names: ['app:latest'], layers: LAYERS });
  store.container({ name: 'web', image, ...options });
  return { store, image };
}

/** A line a layer: role, directory, history. */
function layersOf(store: FakeStore, reference = 'web'): string[] {
  return openStore(store.root)
    .resolve(reference)
    .layers.map(({ role, source, history, live }) =>
      shortened(
        `${role} ${sourceName(source)} ${live ? 'live' : (history?.createdBy ?? '-')}`,
        `${store.root}/overlay2/`,
      ),
    );
}

const OWN = [`upper ROOT${MOUNT}/diff -`, `engine ROOT${MOUNT}-init/diff -`];
const IMAGE = [
  `image ROOT${FakeStore.cacheId(LAYERS)}/diff RUN top`,
  `image ROOT${FakeStore.cacheId(['base'])}/diff RUN base`,
];

/** A store that an ordinary user has made is a rootless engine's. */
const OWN_DIALECT = process.getuid?.() === 0 ? 'trusted' : 'user';

describe('resolve() of a container', () => {
  it('gives its own layer, then init, then its image', () => {
    const { store } = webStore();
    const { label, kind, id, dialect } = openStore(store.root).resolve('web');
    expect({ label, kind, id, dialect }).toEqual({
      label: 'web',
      kind: 'container',
      id: ID,
      dialect: OWN_DIALECT,
    });
    expect(layersOf(store)).toEqual([...OWN, ...IMAGE]);
  });

  it('marks the upper layer of a running one as live', () => {
    const { store } = webStore({ state: { Running: true } });
    expect(layersOf(store)).toEqual([`upper ROOT${MOUNT}/diff live`, OWN[1], ...IMAGE]);
  });

  it('needs no image config, only the layers', () => {
    const { store, image } = webStore();
    store.remove(`${IMAGEDB}/${image}`);
    store.remove('image/overlay2/repositories.json');
    expect(layersOf(store)).toEqual([...OWN, ...IMAGE.map((line) => line.replace(/RUN.*/, '-'))]);
  });

  it('does without the history of a damaged image', () => {
    const { store, image } = webStore();
    store.write(`${IMAGEDB}/${image}`, '{}');
    expect(layersOf(store)).toEqual([...OWN, ...IMAGE.map((line) => line.replace(/RUN.*/, '-'))]);
  });

  it('needs neither init layer nor image layers where there are none', () => {
    const { store } = webStore();
    store.remove(`${MOUNTS}/init-id`);
    const empty = store.image({ layers: [] });
    store.container({ name: 'bare', image: empty });
    expect(layersOf(store)).toEqual([OWN[0], ...IMAGE]);
    expect(layersOf(store, 'bare').map((line) => line.split(' ')[0])).toEqual(['upper', 'engine']);
  });

  it('is found by name, by slash and name, by ID and its beginning', () => {
    const { store } = webStore();
    const opened = openStore(store.root);
    for (const reference of [
      'web',
      '/web',
      'container:web',
      ID,
      ID.slice(0, 12),
      `container:${ID.slice(0, 3)}`,
    ]) {
      expect(opened.resolve(reference).id).toBe(ID);
    }
  });
});

const DIGEST_FORM = '("sha256:" and 64 lower-case hex digits)';

describe('a store without the directory of all containers', () => {
  it('has none, and says why; its images are whole', () => {
    const { store } = webStore();
    store.remove('containers');
    const listed = openStore(store.root);
    expect([listed.containers(), listed.damage?.('images')]).toEqual([[], []]);
    expect(listed.damage?.('containers')?.map((message) => shortened(message, store.root))).toEqual([
      'Cannot use "ROOT/containers": no such directory',
    ]);
  });

  it('is told from one without a container', () => {
    const { store } = webStore();
    store.remove(`containers/${ID}`);
    const listed = openStore(store.root);
    expect([listed.containers(), listed.damage?.('containers')]).toEqual([[], []]);
  });
});

describe('a damaged container', () => {
  const cases: [rule: string, act: (store: FakeStore, image: string) => void, message: string][] = [
    ['its config is missing', (s) => s.remove(CONFIG), `read "ROOT/${CONFIG}": no such file`],
    [
      'its config is cut',
      (s) => s.write(CONFIG, s.read(CONFIG).slice(0, 99)),
      `parse "ROOT/${CONFIG}": not valid JSON`,
    ],
    [
      'its config is a link',
      (s) => s.replaceByLink(CONFIG),
      `read "ROOT/${CONFIG}": a symbolic link, which is not followed`,
    ],
    [
      'its directory is a link',
      (s) => s.replaceByLink(`containers/${ID}`),
      `read "ROOT/${CONFIG}": "ROOT/containers/${ID}" is a symbolic link, which is not followed`,
    ],
    ['ID is missing', alter({ ID: null }), `use "ROOT/${CONFIG}": ID is missing`],
    ['ID is another', alter({ ID: hex('x') }), `use "ROOT/${CONFIG}": ID is not the name of its directory`],
    [
      'ID leads out',
      alter({ ID: '../x' }),
      `use "ROOT/${CONFIG}": ID is not a container ID (64 lower-case hex digits)`,
    ],
    [
      'Image is no ID',
      alter({ Image: 'app' }),
      `use "ROOT/${CONFIG}": Image is not an image ID ${DIGEST_FORM}`,
    ],
    ['State is text', alter({ State: 'up' }), `use "ROOT/${CONFIG}": State is not an object`],
    [
      'Running is text',
      alter({ State: { Running: 'no' } }),
      `use "ROOT/${CONFIG}": State.Running is not true or false`,
    ],
    [
      'ExitCode is text',
      alter({ State: { ExitCode: '0' } }),
      `use "ROOT/${CONFIG}": State.ExitCode is not an integer`,
    ],
    ['Args are no strings', alter({ Args: [['x']] }), `use "ROOT/${CONFIG}": Args[0] is not a string`],
    [
      'mount-id is missing',
      (s) => s.remove(`${MOUNTS}/mount-id`),
      `read "ROOT/${MOUNTS}/mount-id": no such file`,
    ],
    ['it has no mounts', (s) => s.remove(MOUNTS), `read "ROOT/${MOUNTS}/mount-id": no such file`],
    [
      'mount-id leads out',
      (s) => s.write(`${MOUNTS}/mount-id`, '../../etc'),
      `use "ROOT/${MOUNTS}/mount-id": its content is not a mount ID (64 lower-case hex digits, then perhaps "-init")`,
    ],
    [
      'init-id is empty',
      (s) => s.write(`${MOUNTS}/init-id`, ''),
      `use "ROOT/${MOUNTS}/init-id": its content is not a mount ID (64 lower-case hex digits, then perhaps "-init")`,
    ],
    [
      'its parent is no ID',
      (s) => s.write(`${MOUNTS}/parent`, hex('x')),
      `use "ROOT/${MOUNTS}/parent": its content is not a chain ID ${DIGEST_FORM}`,
    ],
    [
      'its parent is not in layerdb',
      (s) => s.write(`${MOUNTS}/parent`, `sha256:${hex('x')}`),
      `find layer "ROOT/image/overlay2/layerdb/sha256/${hex('x')}": no such directory`,
    ],
    [
      'its parent is not its image',
      (s) => s.write(`${MOUNTS}/parent`, `sha256:${hex('base')}`),
      `use "ROOT/${MOUNTS}/parent": its layers are not those of the container's image, "ROOT/${IMAGEDB}/IMAGE"`,
    ],
    [
      'its parent is gone though its image has layers',
      (s) => s.remove(`${MOUNTS}/parent`),
      `use "ROOT/${MOUNTS}/parent": its layers are not those of the container's image, "ROOT/${IMAGEDB}/IMAGE"`,
    ],
    [
      'a layer is altered and its image gone',
      (s, image) => {
        s.remove(`${IMAGEDB}/${image}`);
        s.write(`${TOP}/diff`, `sha256:${hex('x')}`);
      },
      `use layer "ROOT/${TOP}": the chain ID of its files "diff" and "parent" is not its name`,
    ],
    [
      'its layers are said to form a cycle',
      (s) => s.write(`${FakeStore.layerDirectory(['base'])}/parent`, `sha256:${FakeStore.chainHex(LAYERS)}`),
      `use "ROOT/${FakeStore.layerFile(['base'], 'parent')}": it says sha256:${FakeStore.chainHex(LAYERS)}, the image's config that there is none`,
    ],
    [
      'its upper directory is missing',
      (s) => s.remove(`overlay2/${MOUNT}/diff`),
      `use "ROOT/overlay2/${MOUNT}/diff": no such directory`,
    ],
    [
      'its init directory is a link',
      (s) => s.replaceByLink(`overlay2/${MOUNT}-init`),
      `read "ROOT/overlay2/${MOUNT}-init/diff": "ROOT/overlay2/${MOUNT}-init" is a symbolic link, which is not followed`,
    ],
  ];
  it.each(cases)('is told by the file, and does not hide the others, where %s', (_, act, message) => {
    const { store, image } = webStore();
    const other = store.container({ name: 'other', image: store.image({ layers: ['sole'] }) });
    act(store, image);
    const opened = openStore(store.root);
    const expected = `Cannot ${message.replace('IMAGE', image)}`;
    expect(troubleOf(() => opened.resolve(ID), store.root)).toBe(`store: ${expected}`);
    const listed = new Map(opened.containers().map((container) => [container.id, container]));
    expect(shortened(listed.get(ID)?.damage ?? '', store.root)).toBe(expected);
    expect(listed.get(other)).not.toHaveProperty('damage');
  });

  it.each([
    ['vfs', 'the driver "vfs"', '"vfs"'],
    ['overlayfs', 'containerd\'s snapshotter "overlayfs"', '"overlayfs"'],
    [
      `\u001b[2J${'x'.repeat(99)}`,
      `containerd's snapshotter "\\u001b[2J${'x'.repeat(76)}…"`,
      `"\\u001b[2J${'x'.repeat(76)}…"`,
    ],
  ])('of the driver %j is none: its layers are elsewhere', (driver, elsewhere, shown) => {
    const { store } = webStore({ config: { Driver: driver } });
    const opened = openStore(store.root);
    expect(troubleOf(() => opened.resolve(ID), store.root)).toBe(
      `store: Cannot use "ROOT/${CONFIG}": Driver is ${shown}, the store's is "overlay2"`,
    );
    const [listed] = opened.containers();
    expect([listed?.name, listed?.status, listed?.elsewhere, listed?.damage]).toEqual([
      'web',
      'created',
      elsewhere,
      undefined,
    ]);
  });

  it.each<[rule: string, act: (store: FakeStore) => void]>([
    ['its config is empty', (store) => store.write(CONFIG, '')],
    ['its directory is gone', (store) => store.remove(`containers/${ID}`)],
  ])('is shown by its ID and by what layerdb knows of it where %s', (_, act) => {
    const { store } = webStore();
    act(store);
    const { label, layers, doubts } = openStore(store.root).resolve(ID.slice(0, 12), 'mark');
    expect([label, layers.map(({ role }) => role), doubts?.length]).toEqual([
      ID.slice(0, 12),
      ['upper', 'engine', 'image', 'image'],
      1,
    ]);
  });

  it('that does not stand on its image is shown as it stands, and that is told', () => {
    const { store } = webStore();
    store.write(`${MOUNTS}/parent`, `sha256:${hex('base')}`);
    const { layers, doubts } = openStore(store.root).resolve('web', 'mark');
    expect(layers.map(({ role, diffId }) => diffId ?? role)).toEqual([
      'upper',
      'engine',
      `sha256:${hex('base')}`,
    ]);
    expect(doubts?.map((doubt) => shortened(doubt, store.root))).toEqual([
      expect.stringContaining("its layers are not those of the container's image"),
    ]);
  });

  it('with a name that Docker would not allow is usable by ID', () => {
    const { store } = webStore({ config: { Name: '/\u001b[31mweb' } });
    const opened = openStore(store.root);
    expect(opened.resolve(ID).label).toBe(ID.slice(0, 12));
    const [listed] = opened.containers();
    expect([listed?.name, shortened(listed?.damage ?? '', store.root)]).toEqual([
      '',
      `Cannot use "ROOT/${CONFIG}": Name is not a container name`,
    ]);
  });
});

/** The config with other fields. */
function alter(fields: object): (store: FakeStore) => void {
  return (store) => store.write(CONFIG, JSON.stringify({ ...JSON.parse(store.read(CONFIG)), ...fields }));
}

describe('containers()', () => {
  it('lists what docker ps does', () => {
    const times = { StartedAt: '2024-03-01T00:00:00.5Z', FinishedAt: '2024-03-02T00:00:00Z' };
    const { store, image } = webStore({ state: { ...times, ExitCode: 3 } });
    expect(openStore(store.root).containers()).toEqual([
      {
        id: ID,
        name: 'web',
        image: 'made-from-web',
        imageId: `sha256:${image}`,
        created: '2024-02-03T04:05:06.789Z',
        startedAt: '2024-03-01T00:00:00.5Z',
        finishedAt: '2024-03-02T00:00:00Z',
        status: 'exited (3)',
        command: "/bin/sh -c 'echo hi' x",
      },
    ]);
  });

  it.each([
    [{}, 'created'],
    [{ Running: true, StartedAt: '2024-03-01T00:00:00Z' }, 'running'],
    [{ Running: true, Paused: true }, 'running (paused)'],
    [{ Running: true, Restarting: true, ExitCode: 1 }, 'restarting (1)'],
    [{ RemovalInProgress: true }, 'removal in progress'],
    [{ Dead: true }, 'dead'],
    [{ StartedAt: '2024-03-01T00:00:00Z', ExitCode: 137 }, 'exited (137)'],
    [{ ExitCode: 127 }, 'created'],
    [{ StartedAt: 'garbage' }, 'created'],
  ])('words the state %j', (state, status) => {
    const { store } = webStore({ state });
    expect(openStore(store.root).containers()[0]?.status).toBe(status);
  });

  it('takes absent fields for empty ones, as Go does', () => {
    const { store } = webStore();
    store.write(CONFIG, JSON.stringify({ ID, Driver: 'overlay2', Name: 'web', Config: null, State: null }));
    expect(openStore(store.root).containers()).toEqual([
      { id: ID, name: 'web', image: '', status: 'created', command: '' },
    ]);
    expect(layersOf(store)).toEqual([...OWN, ...IMAGE.map((line) => line.replace(/RUN.*/, '-'))]);
  });

  it('lists newest first and leaves out what is no container', () => {
    const { store, image } = webStore();
    store.container({ name: 'young', image, config: { Created: '2024-05-01T00:00:00Z' } });
    store.container({ name: 'old', image, config: { Created: '2019-05-01T00:00:00Z' } });
    for (const name of ['x', '..x', ID.toUpperCase()]) store.write(`containers/${name}/config.v2.json`, '{}');
    expect(
      openStore(store.root)
        .containers()
        .map((container) => container.name),
    ).toEqual(['young', 'web', 'old']);
  });
});
