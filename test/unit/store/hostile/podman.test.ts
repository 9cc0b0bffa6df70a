// Whatever the files of a graph root of containers-storage hold: an answer or a Trouble that names the file, in bounded steps, and never
// a path outside of the root. FUZZ says how many times the usual number of tries is made; SEED begins other ones.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../../src/store/open.ts';
import type { Store } from '../../../../src/store/store.ts';
import { alteredFile, eachSample, tries } from '../../../support/altered.ts';
import { damageNewestMeta } from '../../../support/bolt-file.ts';
import { type FakeDatabase, FakePodman } from '../../../support/fake-podman.ts';
import { askStore } from '../../../support/hostile-store.ts';
import { journalFile, type PlacedPage, sqliteFile, walFile } from '../../../support/sqlite-file.ts';
import { Steps } from '../../../support/steps.ts';
import { temporaryForSuite, temporaryForTest } from '../../../support/temporary.ts';
import { troubleOf } from '../trouble.ts';

const IMAGE = 'docker.io/library/app:1';
const REFERENCES = [IMAGE, 'localhost/tool', 'web', 'shop/db', 'nothing'];
const DATABASES: readonly FakeDatabase[] = ['db.sql', 'libpod/bolt_state.db', 'none'];

const steps = new Steps();

interface Sample {
  readonly store: FakePodman;
  readonly image: string;
  readonly web: string;
}

function sampleStore(root: string, database: FakeDatabase = 'db.sql'): Sample {
  const store = new FakePodman(root);
  const image = store.image({ names: [IMAGE, 'docker.io/library/app:latest'], layers: ['base', 'top'] });
  store.image({ names: ['localhost/tool:latest'], layers: ['base', 'tool'] });
  const web = store.container({ name: 'web', image, state: 3 });
  store.container({ name: 'db', image, pod: store.pod('shop') });
  store.container({ name: 'once', image, isVolatile: true });
  store.finish(database);
  return { store, image, web };
}

/** Below these are trees; nothing of the store itself is read there. */
const FILES_OF: Readonly<Record<FakeDatabase, (sample: Sample) => readonly string[]>> = {
  'db.sql': ({ image, web, store }) => [
    ...['images', 'layers', 'containers'].map((list) => `overlay-${list}/${list}.json`),
    'overlay-containers/volatile-containers.json',
    `overlay-containers/${web}/userdata/config.json`,
    `overlay-images/${image}/manifest`,
    `overlay-images/${image}/=${Buffer.from(`sha256:${image}`).toString('base64')}`,
    ...['link', 'lower'].map((name) => `overlay/${topOf(store)}/${name}`),
    'db.sql',
  ],
  'libpod/bolt_state.db': () => ['libpod/bolt_state.db'],
  none: () => ['overlay-containers/containers.json', 'overlay-layers/layers.json'],
};

/** Of the last image. */
function topOf({ lists }: FakePodman): string {
  return String(lists.images.at(-1)?.layer);
}

describe.each(DATABASES)('a graph root with the database %s and one file altered', (database) => {
  const temporary = temporaryForSuite();
  const sample = sampleStore(temporary.path('root'), database);
  const { root } = sample.store;
  let usual = 0;
  const ask = () => askStore(root, REFERENCES);

  beforeAll(async () => {
    usual = await steps.count(ask);
  });

  it.each(FILES_OF[database](sample))('answers or says why, whatever is in %s', async (path) => {
    const [place, kept] = [join(root, path), temporary.path('kept')];
    copyFileSync(place, kept);
    try {
      await eachSample(alteredFile(readFileSync(place)), tries(3), async (bytes) => {
        writeFileSync(place, bytes);
        await steps.count(ask, 10 * usual);
      });
    } finally {
      copyFileSync(kept, place);
    }
  });
});

describe('a graph root', () => {
  function fresh(database?: FakeDatabase) {
    const sample = sampleStore(join(temporaryForTest().directory, 'root'), database);
    const { root } = sample.store;
    const short = (text: string) =>
      text.replaceAll(root, 'ROOT').replaceAll(/[0-9a-f]{64}/g, (id) => id.slice(0, 6));
    return {
      ...sample,
      open: () => openStore(root),
      short,
      resolve: (reference = IMAGE) => short(troubleOf(() => openStore(root).resolve(reference))),
      damage: (listed: 'images' | 'containers' = 'images') => openStore(root).damage(listed).map(short),
    };
  }

  it('whose layers are their own parents, or each other’s, says that they form a cycle', () => {
    const { store, resolve } = fresh();
    const [base, top, ...others] = store.lists.layers;
    if (base === undefined || top === undefined) throw new Error('no layers');
    for (const parent of [base.id, top.id]) {
      store.writeList('layers', [{ ...base, parent }, top, ...others]);
      for (const reference of [IMAGE, 'web'])
        expect(resolve(reference)).toMatch(
          /^store: Cannot use layer "ROOT\/overlay\/[0-9a-f]{6}": its parents form a cycle$/,
        );
    }
  });

  it('with two records of one ID takes the last, as an engine does, and the names of both, and says so', () => {
    const { store, image, open, damage } = fresh();
    const { images, layers, containers } = store.lists;
    const [base, top] = layers;
    const tool = images.at(-1)?.layer;
    store.writeList('images', [...images, { ...images[0], names: ['localhost/again:1'], layer: tool }]);
    for (const name of [IMAGE, 'localhost/again:1'])
      expect(troubleOf(() => open().resolve(name))).toMatch(/its layers are not those of its config/);
    store.writeList('images', [...images, { ...images[0], names: ['localhost/again:1'] }]);
    expect(open().resolve('localhost/again:1').id).toBe(image);
    store.writeList('layers', [{ ...base, parent: top?.id }, ...layers]);
    expect(open().resolve(IMAGE).layers).toHaveLength(2);
    store.writeList('containers', [...containers, { ...containers[0], names: ['other'] }]);
    expect(open().resolve('other').id).toBe(containers[0]?.id);
    const twice = (list: string, at: number, id: unknown) =>
      `Cannot trust "ROOT/overlay-${list}/${list}.json": [${at}].id is that of another record before it, ${String(id).slice(0, 6)}; an engine takes the last`;
    expect(damage()).toEqual([twice('images', 2, image), twice('layers', 1, base?.id)]);
    expect(damage('containers')).toEqual([
      twice('containers', 2, containers[0]?.id),
      twice('layers', 1, base?.id),
    ]);
  });

  const OUT = '../../../../etc';
  const PATHS: readonly [what: string, alter: (sample: Sample) => void, reference: string, said: string][] = [
    [
      'a layer',
      ({ store }) => store.writeList('layers', change(store.lists.layers, topOf(store), { id: OUT })),
      'localhost/tool',
      'no trouble',
    ],
    [
      'a parent',
      ({ store }) => store.writeList('layers', change(store.lists.layers, topOf(store), { parent: OUT })),
      'localhost/tool',
      'no trouble',
    ],
    [
      'an image',
      ({ store, image }) => store.writeList('images', change(store.lists.images, image, { id: OUT })),
      IMAGE,
      'reference: Cannot find "docker.io/library/app:1": no such image or container',
    ],
    [
      'the layer of an image',
      ({ store, image }) => store.writeList('images', change(store.lists.images, image, { layer: OUT })),
      IMAGE,
      'store: Cannot use "ROOT/overlay-images/images.json": [0].layer is not 64 lower-case hex digits',
    ],
    [
      'the layer of a container',
      ({ store, web }) => store.writeList('containers', change(store.lists.containers, web, { layer: OUT })),
      'web',
      'no trouble',
    ],
  ];

  it.each(PATHS)('leads nowhere by %s whose ID is a path', (_, alter, reference, said) => {
    const sample = fresh();
    alter(sample);
    expect(sample.resolve(reference).slice(0, said.length)).toBe(said);
    const store = sample.open();
    const { layers } = said === 'no trouble' ? store.resolve(reference) : { layers: [] };
    const told = [...layers.flatMap(({ doubt }) => doubt ?? []), ...damageOfAll(store)];
    expect([...told, ...sample.damage(), ...sample.damage('containers')].join()).toMatch(
      /is not 64 lower-case hex digits/,
    );
  });

  it('is told of in a few lines, whatever its lists hold, and read up to a limit', () => {
    const { store, resolve, damage } = fresh();
    const list = 'overlay-images/images.json';
    truncateSync(store.path(list), 2 ** 30);
    expect(resolve()).toBe(`store: Cannot read "ROOT/${list}": larger than 16777216 bytes`);
    store.write(list, '['.repeat(1_000_000));
    expect(resolve()).toBe(`store: Cannot parse "ROOT/${list}": not valid JSON`);
    store.write(list, JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id: `${id}` }))));
    expect(damage()).toHaveLength(21);
    store.write(list, JSON.stringify([{ id: 'x'.repeat(10_000_000) }]));
    expect(damage().map((sentence) => sentence.length < 300)).toEqual([true]);
  });

  it('that an image and its layers are lost from is still shown by the containers on it', () => {
    const { store, web, open } = fresh();
    store.writeList('images', []);
    expect(
      open()
        .resolve('web')
        .layers.map(({ role }) => role),
    ).toEqual(['upper', 'image', 'image']);
    store.writeList('layers', []);
    store.writeList('containers', []);
    const { layers, doubts } = open().resolve(web);
    expect(layers.map(({ role }) => role)).toEqual(['upper', 'image', 'image']);
    expect(doubts).toHaveLength(1);
  });
});

/** Lists are guarded by files that are nobody's to read; these say nothing, whatever they are. */
const LOCKS = [
  'storage.lock',
  'userns.lock',
  'db.sql-shm',
  ...['images', 'layers', 'containers'].map((one) => `overlay-${one}/${one}.lock`),
];

describe("Podman's database", () => {
  const statuses = ({ store }: Sample) =>
    openStore(store.root)
      .containers()
      .map(({ name, status }) => `${name} ${status}`)
      .sort();
  const damageOf = ({ store }: Sample) =>
    openStore(store.root)
      .damage('containers')
      .map((sentence) => sentence.replaceAll(store.root, 'ROOT'));
  const sample = (database: FakeDatabase = 'db.sql') =>
    sampleStore(join(temporaryForTest().directory, 'root'), database);
  const SOUND = ['db exited (0)', 'once exited (0)', 'web running'];
  const UNKNOWN = ['db storage', 'once storage', 'web storage'];

  it.each(['db.sql', 'libpod/bolt_state.db'] as const)(
    '%s tells the states, and nothing is locked or read of locks',
    (database) => {
      const made = sample(database);
      for (const name of LOCKS) expect(spawnSync('mkfifo', [made.store.path(name)]).status).toBe(0);
      expect(statuses(made)).toEqual(SOUND);
      expect(damageOf(made)).toEqual([]);
    },
  );

  it('says that an older state is shown where the newest meta page of bolt is damaged', () => {
    const made = sample('libpod/bolt_state.db');
    damageNewestMeta(made.store.path('libpod/bolt_state.db'));
    expect(statuses(made)).toEqual(SOUND);
    expect(damageOf(made)).toEqual([
      'Cannot show the newest state of "ROOT/libpod/bolt_state.db": its meta page 1, the newest (transaction 7), is damaged, so an older state (transaction 6) is shown',
    ]);
  });

  /** Pages of the database as they are when `web` has another state. */
  function pagesWith({ store, web }: Sample, state: number): PlacedPage[] {
    const before = sqliteFile(store.tables());
    store.setState(web, state);
    const after = sqliteFile(store.tables());
    const pages = Array.from({ length: after.length / PAGE }, (_, index): PlacedPage => {
      return [index + 1, after.subarray(index * PAGE, (index + 1) * PAGE)];
    });
    return pages.filter(([page, bytes]) => !bytes.equals(before.subarray((page - 1) * PAGE, page * PAGE)));
  }

  const countOf = ({ store }: Sample) => sqliteFile(store.tables()).length / PAGE;
  const statusOf = (made: Sample) => statuses(made).at(-1);

  it('is read with a log beside it, as far as its transactions are whole', () => {
    const made = sample();
    const wal = walFile([pagesWith(made, 5), pagesWith(made, 8)], countOf(made));
    const frame = 24 + PAGE;
    expect(wal).toHaveLength(32 + 2 * frame);
    const ends = [0, 31, 32, 40, 32 + frame - 1, 32 + frame, 32 + frame + 30, wal.length - 1, wal.length];
    const seen = ends.map((end) => {
      made.store.write('db.sql-wal', wal.subarray(0, end));
      return statusOf(made);
    });
    const [running, paused] = ['web running', 'web paused'];
    expect(seen).toEqual([
      running,
      running,
      running,
      running,
      running,
      paused,
      paused,
      paused,
      'web stopping',
    ]);
    for (let at = 0; at < wal.length; at += 97) {
      const altered = Buffer.from(wal);
      altered.writeUInt8(altered.readUInt8(at) ^ 0x10, at);
      made.store.write('db.sql-wal', altered);
      // What is altered does not count, nor what follows it.
      expect(statusOf(made)).toBe(at < 32 + frame ? running : paused);
    }
  });

  it('is read with the journal of what was not finished, as it was before', () => {
    const made = sample();
    const before = sqliteFile(made.store.tables());
    const pages = pagesWith(made, 5).map(
      ([page]): PlacedPage => [page, before.subarray((page - 1) * PAGE, page * PAGE)],
    );
    made.store.finish();
    expect(statusOf(made)).toBe('web paused');
    const journal = journalFile(pages, countOf(made));
    made.store.write('db.sql-journal', journal);
    expect(statusOf(made)).toBe('web running');
    // One that was torn before anything of it was needed.
    made.store.write('db.sql-journal', journal.subarray(0, -1));
    expect(statusOf(made)).toBe('web paused');
    made.store.write('db.sql-journal', Buffer.concat([journal, superJournal('../../../etc/passwd')]));
    expect(damageOf(made)).toEqual([
      'Cannot read "ROOT/db.sql-journal": it belongs to a transaction over several databases, which is not read',
    ]);
  });

  it.each<[what: string, plant: (made: Sample) => void, said: string]>([
    [
      'a log of another database',
      ({ store }) => store.write('db.sql-wal', walFile([[[1, Buffer.alloc(512)]]], 1)),
      'Cannot read "ROOT/db.sql-wal": its pages have 512 bytes, those of the database 4096',
    ],
    [
      'a journal of another database',
      ({ store }) => store.write('db.sql-journal', journalFile([[1, Buffer.alloc(512)]], 1)),
      'Cannot read "ROOT/db.sql-journal": its pages have 512 bytes, those of the database 4096',
    ],
    [
      'a log whose first page is none',
      ({ store }) => store.write('db.sql-wal', walFile([[[1, Buffer.alloc(PAGE)]]], 1)),
      'Cannot read "ROOT/db.sql-wal": not a SQLite database, or its page 1 is damaged',
    ],
    [
      'a log that makes it larger than it is',
      ({ store }) => store.write('db.sql-wal', walFile([[[2, Buffer.alloc(PAGE, 0xff)]]], 0xffff_ffff)),
      'Cannot read "ROOT/db.sql": page 2 is damaged: no page of a table (kind 255) (table "DBConfig")',
    ],
    [
      'a log that is a link',
      ({ store }) => symlinkSync('/etc/passwd', store.path('db.sql-wal')),
      'Cannot read "ROOT/db.sql-wal": a symbolic link, which is not followed',
    ],
    [
      'a journal that is a FIFO',
      ({ store }) => void spawnSync('mkfifo', [store.path('db.sql-journal')]),
      'Cannot read "ROOT/db.sql-journal": not a regular file',
    ],
    [
      'a log that is a directory',
      ({ store }) => mkdirSync(store.path('db.sql-wal')),
      'Cannot read "ROOT/db.sql-wal": not a regular file',
    ],
    ['nothing in it', ({ store }) => store.write('db.sql', ''), 'Cannot read "ROOT/db.sql": it is empty'],
    ['a size that no disk has', ({ store }) => truncateSync(store.path('db.sql'), 2 ** 43), ''],
  ])('with %s is told of, and layers are shown without it', (_, plant, said) => {
    const made = sample();
    plant(made);
    expect(damageOf(made).join()).toBe(said);
    expect(statuses(made)).toEqual(said === '' ? SOUND : UNKNOWN);
    expect(openStore(made.store.root).resolve('web').layers).toHaveLength(3);
  });
});

const PAGE = 4096;

/** The end of a journal that another one decides on (sqlite.org/fileformat2.html, section 3). */
function superJournal(name: string): Buffer {
  const bytes = Buffer.alloc(4 + name.length + 16);
  const end = 4 + bytes.write(name, 4);
  const sum = Buffer.from(name).reduce((total, byte) => total + byte, 0);
  bytes.writeUInt32BE(name.length, end);
  bytes.writeUInt32BE(sum, end + 4);
  bytes.write('d9d505f920a163d7', end + 8, 'hex');
  return bytes;
}

function change(records: readonly Record<string, unknown>[], id: string, fields: object): object[] {
  return records.map((record) => (record.id === id ? { ...record, ...fields } : record));
}

function damageOfAll(store: Store): string[] {
  return [...store.images(), ...store.containers()].flatMap(({ damage }) => damage ?? []);
}
