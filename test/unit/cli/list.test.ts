import { describe, expect, it } from 'vitest';
import type { ListOptions } from '../../../src/cli/print/list.ts';
import { printContainers } from '../../../src/cli/print/store/containers.ts';
import { printImages } from '../../../src/cli/print/store/images.ts';
import type { ContainerSummary, ImageSummary } from '../../../src/store/summary.ts';
import { jsonRecords } from '../../support/json-lines.ts';
import { memoryTerminal } from './memory.ts';

/** An id of 64 digits that begins with these. */
function hex(start: string): string {
  return start.padEnd(64, '0');
}

function image(start: string, rest: Partial<ImageSummary>): ImageSummary {
  return { id: `sha256:${hex(start)}` as ImageSummary['id'], tags: [], digests: [], ...rest };
}

const DEFAULTS: ListOptions = { root: '/var/lib/docker', trunc: true };

function listed<T>(
  list: (
    items: readonly T[],
    options: ListOptions,
    terminal: ReturnType<typeof memoryTerminal>['terminal'],
  ) => void,
  items: readonly T[],
  options: Partial<ListOptions> & { all?: true } = {},
) {
  const { terminal, out, err } = memoryTerminal();
  list(items, { ...DEFAULTS, ...options }, terminal);
  terminal.complete();
  return { out: out.text, err: err.text, code: terminal.exitCode };
}

const IMAGES = [
  image('6bcd8612dfdb', {
    tags: ['demo:1', 'demo:2', 'registry.example.com:5000/team/app:v1.2-long'],
    created: '2024-05-01T11:59:56.5Z',
    size: 1_982_437,
  }),
  image('7983a93c871e', { tags: ['flat:latest'], created: '2024-04-01T00:00:00Z', size: 187_000_000 }),
  image('746785f4bae1', { created: '2024-05-01T11:59:57.123456789Z', size: 0 }),
  image('1111', { digests: [`busybox@sha256:${hex('a')}`], created: '0001-01-01T00:00:00Z', size: 12_345 }),
];

describe('listImages()', () => {
  it('prints the table docker prints', () => {
    expect(listed(printImages, IMAGES)).toEqual({
      out: `\
REPOSITORY                           TAG         IMAGE ID       CREATED         SIZE
<none>                               <none>      746785f4bae1   2 seconds ago   0B
demo                                 1           6bcd8612dfdb   3 seconds ago   1.98MB
demo                                 2           6bcd8612dfdb   3 seconds ago   1.98MB
registry.example.com:5000/team/app   v1.2-long   6bcd8612dfdb   3 seconds ago   1.98MB
flat                                 latest      7983a93c871e   4 weeks ago     187MB
busybox                              <none>      111100000000   N/A             12.3kB
`,
      err: '',
      code: 0,
    });
  });

  it('leaves out what others were built on, unless -a asks or it is damaged', () => {
    const intermediate = image('52', { intermediate: true, created: '2024-05-01T11:00:00Z', size: 1 });
    const damaged = image('53', { intermediate: true, created: '2024-05-01T10:00:00Z', damage: 'x' });
    const all = [...IMAGES.slice(0, 1), intermediate, damaged];
    expect(listed(printImages, all, { quiet: true }).out).toBe('6bcd8612dfdb\n530000000000\n');
    expect(listed(printImages, all, { quiet: true, all: true }).out).toBe(
      '6bcd8612dfdb\n520000000000\n530000000000\n',
    );
  });

  it('prints whole IDs with --no-trunc', () => {
    expect(listed(printImages, IMAGES.slice(1, 2), { trunc: false }).out).toBe(`\
REPOSITORY   TAG       IMAGE ID                                                                  CREATED       SIZE
flat         latest    sha256:${hex('7983a93c871e')}   4 weeks ago   187MB
`);
  });

  it('says what sizes are of where they are not all of the same', () => {
    const sized = (start: string, sizeOf?: 'fetched' | 'both') =>
      image(start, { tags: [`${start}:1`], size: 1500, ...(sizeOf && { sizeOf }) });
    const last = (images: ImageSummary[]) =>
      listed(printImages, images)
        .out.trimEnd()
        .split('\n')
        .map((line) => line.slice(line.search(/SIZE|1.5kB/)).replace(/ +/g, ' '));
    expect(last([sized('a', 'fetched'), sized('b', 'fetched')])).toEqual(['SIZE', '1.5kB', '1.5kB']);
    expect(last([sized('a', 'fetched'), sized('b', 'both'), sized('c')])).toEqual([
      'SIZE SIZE OF',
      '1.5kB fetched',
      '1.5kB both',
      '1.5kB unpacked',
    ]);
  });

  it('prints IDs alone with -q, each image once', () => {
    expect(listed(printImages, IMAGES, { quiet: true }).out).toBe(
      '746785f4bae1\n6bcd8612dfdb\n7983a93c871e\n111100000000\n',
    );
  });

  it('prints JSON lines with --json', () => {
    const told = jsonRecords(listed(printImages, IMAGES, { json: true }).out);
    const sorted = [IMAGES[2], IMAGES[0], IMAGES[1], IMAGES[3]];
    expect(told).toEqual(sorted.map((image) => ({ t: 'image', ...image })));
  });

  it('lists damaged ones with the others, names them, and ends with 4', () => {
    const damaged = image('dead', {
      tags: ['broken:latest'],
      created: '2024-05-01T10:30:00Z',
      damage: 'Cannot read "/r/image/overlay2/layerdb/x\nb/diff": no such file or directory',
    });
    expect(listed(printImages, [...IMAGES.slice(1, 2), damaged])).toEqual({
      out: `\
REPOSITORY   TAG       IMAGE ID       CREATED       SIZE
broken       latest    dead00000000   2 hours ago   damaged
flat         latest    7983a93c871e   4 weeks ago   187MB
`,
      err: 'stratafs: Cannot use image "broken:latest": Cannot read "/r/image/overlay2/layerdb/x\\nb/diff": no such file or directory\n',
      code: 4,
    });
  });

  it('lets no tag hurt a terminal', () => {
    const evil = image('ee', { tags: ['evil\x1b[2J\u202e:\u009b'], size: 1 });
    const { out } = listed(printImages, [evil]);
    expect(out.split('\n')[1]).toBe('evil\\033[2J\\342\\200\\256   \\302\\233   ee0000000000   N/A       1B');
  });
});

const CONTAINERS: ContainerSummary[] = [
  {
    id: hex('7695ff611e90'),
    name: 'c1',
    image: 'demo:1',
    created: '2024-05-01T11:59:56Z',
    status: 'exited (0)',
    startedAt: '2024-05-01T11:59:56Z',
    finishedAt: '2024-05-01T11:59:59Z',
    command: "sh -c 'echo a very long command line indeed; sleep 3'",
  },
  {
    id: hex('c12039e72496'),
    name: 'up',
    image: hex('6bcd8612dfdb'),
    created: '2024-05-01T09:00:00Z',
    status: 'running',
    startedAt: '2024-05-01T09:00:00Z',
    command: 'sleep 1000',
  },
  { id: hex('8066c2adeb09'), name: 'other_c', image: 'demo:1', status: 'created', command: 'say "hi"\n' },
];

describe('listContainers()', () => {
  it('prints the table docker prints', () => {
    expect(listed(printContainers, CONTAINERS).out).toBe(`\
CONTAINER ID   IMAGE          COMMAND                  CREATED         STATUS                    NAMES
7695ff611e90   demo:1         "sh -c 'echo a very …"   4 seconds ago   Exited (0) 1 second ago   c1
c12039e72496   6bcd8612dfdb   "sleep 1000"             3 hours ago     Up 3 hours                up
8066c2adeb09   demo:1         "say \\"hi\\"\\n"           N/A             Created                   other_c
`);
  });

  it('shortens nothing with --no-trunc', () => {
    expect(listed(printContainers, CONTAINERS.slice(0, 1), { trunc: false }).out).toBe(`\
CONTAINER ID                                                       IMAGE     COMMAND                                                   CREATED         STATUS                    NAMES
${hex('7695ff611e90')}   demo:1    "sh -c 'echo a very long command line indeed; sleep 3'"   4 seconds ago   Exited (0) 1 second ago   c1
`);
  });

  it('prints IDs alone with -q and JSON lines with --json', () => {
    expect(listed(printContainers, CONTAINERS, { quiet: true }).out).toBe(
      '7695ff611e90\nc12039e72496\n8066c2adeb09\n',
    );
    const told = jsonRecords(listed(printContainers, CONTAINERS, { json: true }).out);
    expect(told).toEqual(CONTAINERS.map((container) => ({ t: 'container', ...container })));
  });

  it.each<[status: string, startedAt: string | undefined, finishedAt: string | undefined, shown: string]>([
    ['running', '2024-05-01T11:00:00Z', undefined, 'Up About an hour'],
    ['running', undefined, undefined, 'Up'],
    ['running', '2024-13-45T99:99:99Z', undefined, 'Up'],
    ['exited (1)', undefined, 'yesterday', 'Exited (1)'],
    ['exited (1)', undefined, '0001-01-01T00:00:00Z', 'Exited (1)'],
    ['running (paused)', '2024-05-01T11:58:00Z', undefined, 'Up 2 minutes (Paused)'],
    ['restarting (1)', '2024-05-01T11:58:00Z', '2024-05-01T11:59:00Z', 'Restarting (1) About a minute ago'],
    ['exited (137)', '2024-04-01T00:00:00Z', '2024-04-03T12:00:00Z', 'Exited (137) 4 weeks ago'],
    ['exited (0)', undefined, undefined, 'Exited (0)'],
    ['removal in progress', undefined, undefined, 'Removal In Progress'],
    ['dead', undefined, undefined, 'Dead'],
    ['created', undefined, undefined, 'Created'],
  ])('words %s as docker does', (status, startedAt, finishedAt, shown) => {
    const times = { ...(startedAt ? { startedAt } : {}), ...(finishedAt ? { finishedAt } : {}) };
    const container = { id: hex('c'), name: 'n', image: 'i', status, ...times };
    const line = listed(printContainers, [container]).out.split('\n')[1] ?? '';
    expect(line.slice(line.indexOf('N/A') + 10, -1).trim()).toBe(shown);
  });

  it('names the damaged and ends with 4', () => {
    const damaged = {
      id: hex('bad'),
      name: '',
      image: '',
      status: '',
      damage: 'Cannot parse "/c/config.v2.json": no JSON',
    };
    expect(listed(printContainers, [damaged])).toEqual({
      out: 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    NAMES\nbad000000000                       N/A       Damaged   \n',
      err: 'stratafs: Cannot use container "bad000000000": Cannot parse "/c/config.v2.json": no JSON\n',
      code: 4,
    });
  });
});
