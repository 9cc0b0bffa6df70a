// Archives through the library, in a process that goes on: nothing of one is kept open when what it was opened for is closed, and
// one that was replaced is opened anew.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { diff, openStore, openTree } from '../../../src/index.ts';
import { layoutMembers } from '../../support/fake-archive.ts';
import { temporaryForTest } from '../../support/temporary.ts';

function writeLayout(directory: string, layers: readonly string[]): void {
  rmSync(directory, { recursive: true, force: true });
  for (const { name, contents } of layoutMembers({ tags: ['x:1'], layers })) {
    if (name.endsWith('/')) continue;
    mkdirSync(dirname(`${directory}/${name}`), { recursive: true });
    writeFileSync(`${directory}/${name}`, contents ?? '');
  }
}

const openDescriptors = () => readdirSync('/proc/self/fd').length;

it('keeps nothing open of what is closed', async () => {
  const directory = temporaryForTest().path('oci');
  writeLayout(directory, ['one', 'two', 'three']);
  const use = async () => {
    using tree = await openTree(`oci:${directory}`);
    expect([...tree.list('/')]).not.toEqual([]);
    using store = await openStore({ root: directory });
    using other = await store.openTree('x:1');
    expect([...other.list('/')]).not.toEqual([]);
    using changes = await diff(`oci:${directory}`, `oci:${directory}#1`);
    expect([...changes]).not.toEqual([]);
    expect(openDescriptors()).toBeGreaterThan(before);
  };
  let before = openDescriptors();
  await use();
  before = openDescriptors();
  for (let i = 0; i < 3; i += 1) await use();
  expect(openDescriptors()).toBe(before);
});

it('shows what a replaced archive has', async () => {
  const directory = temporaryForTest().path('oci');
  const names = async () => {
    using tree = await openTree(`oci:${directory}`);
    return [...tree.list('/')].map(({ path }) => path);
  };
  writeLayout(directory, ['one']);
  const first = await names();
  writeLayout(directory, ['another']);
  expect(await names()).not.toEqual(first);
});
