// What a reference means on another machine's disk: the one store that has it, as on the command line.
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { diff, openTree, verify } from '../../../src/index.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

const temporary = temporaryForSuite();
const hostRoot = temporary.path('host');
const SYSTEMS = 'var/lib/docker';
const USERS = 'home/u/.local/share/docker';

/** A store with a file in its image of the given name, and with an image that the other has too. */
function store(at: string, own: string): void {
  const fake = new FakeStore(temporary.path(own));
  for (const name of [own, 'both']) {
    fake.image({ names: [`${name}:1`], layers: [name] });
    fake.write(`overlay2/${FakeStore.cacheId([name])}/diff/${own}-${name}`, '');
  }
  mkdirSync(dirname(`${hostRoot}/${at}`), { recursive: true });
  renameSync(fake.root, `${hostRoot}/${at}`);
}

beforeAll(() => {
  store(SYSTEMS, 'system');
  store(USERS, 'user');
});

async function names(reference: string, options: object): Promise<string[]> {
  using tree = await openTree(reference, { hostRoot, ...options });
  return [...tree.list('/')].map(({ path }) => path);
}

const refused = expect.objectContaining({
  code: 'reference',
  message: `Cannot tell what "both:1" means: 2 stores of the host root have it; say which with "--root /${SYSTEMS}" or "--root /${USERS}"`,
});

describe('a reference on the disk of hostRoot', () => {
  it('is of the store that has it, wherever that is', async () => {
    expect(await names('system:1', {})).toEqual(['/system-system']);
    expect(await names('user:1', {})).toEqual(['/user-user']);
    expect((await verify('user:1', { hostRoot })).layers).toHaveLength(1);
    using differences = await diff('system:1', 'user:1', { hostRoot });
    expect([...differences].map(({ op, path }) => `${op} ${path}`)).toEqual([
      'remove /system-system',
      'add /user-user',
    ]);
  });

  it('is refused where several stores have it, unless root says which', async () => {
    await expect(openTree('both:1', { hostRoot })).rejects.toEqual(refused);
    await expect(verify('both:1', { hostRoot })).rejects.toEqual(refused);
    (await diff('user:1', 'both:1', { hostRoot, rootB: `/${SYSTEMS}` })).close();
    expect(await names('both:1', { root: `/${USERS}` })).toEqual(['/user-both']);
  });

  it('is none where no store has it', async () => {
    await expect(openTree('nope:1', { hostRoot })).rejects.toEqual(
      expect.objectContaining({ code: 'reference', message: expect.stringContaining('"nope:1"') }),
    );
  });
});
