// Who set what of a file, where every step is known: made with plain files alone, so that it runs without privilege.

import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonRecords } from '../../support/json-lines.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from '../cli/memory.ts';

interface Version {
  readonly contents?: string;
  readonly target?: string;
  readonly mode?: number;
  /** Seconds since 1970. */
  readonly mtime?: number;
}

/** What `which` tells of `/f`; `versions` lowest first, undefined for a layer that has none. */
async function which(versions: readonly (Version | undefined)[], ...words: readonly string[]) {
  const { directory } = temporaryForTest();
  const paths = versions.map((version, i) => {
    const path = join(directory, String(i + 1));
    mkdirSync(path);
    const at = join(path, 'f');
    if (version?.target !== undefined) symlinkSync(version.target, at);
    else if (version !== undefined) {
      writeFileSync(at, version.contents ?? '');
      chmodSync(at, version.mode ?? 0o644);
      utimesSync(at, version.mtime ?? 1000, version.mtime ?? 1000);
    }
    return path;
  });
  const { out } = await stratafs(['which', ...words, `lowerdir=${paths.toReversed().join(':')}`, '/f']);
  return out;
}

async function aspects(...versions: readonly (Version | undefined)[]): Promise<Record<string, number>> {
  const [told] = jsonRecords<{ aspects: Record<string, number> }>(await which(versions, '--json'));
  return told?.aspects ?? {};
}

const ALL = (layer: number) => ({ content: layer, mode: layer, owner: layer, mtime: layer, xattrs: layer });

describe('which: who set what', () => {
  it('is the only layer that has the file', async () => {
    expect(await aspects({ contents: 'a' }, undefined)).toEqual(ALL(1));
  });

  it('is the chmod for the mode, and what wrote the contents for these', async () => {
    const told = await aspects({ contents: 'same' }, undefined, { contents: 'same', mode: 0o755 });
    expect(told).toEqual({ ...ALL(1), mode: 3 });
  });

  it('is the first of several layers that wrote the same contents, and the last that changed them', async () => {
    const steps = [
      { contents: 'aaaa' },
      { contents: 'bbbb' },
      { contents: 'bbbb', mode: 0o600, mtime: 2000 },
    ];
    expect(await aspects(...steps, { contents: 'bbbb', mode: 0o644, mtime: 2000 })).toEqual({
      ...ALL(1),
      content: 2,
      mode: 4,
      mtime: 3,
    });
  });

  it('is not what lies below contents that were different in between', async () => {
    const told = await aspects({ contents: 'aaaa' }, { contents: 'bbbb' }, { contents: 'aaaa' });
    expect(told).toEqual({ ...ALL(1), content: 3 });
  });

  it('does not go past something of another type', async () => {
    expect(await aspects({ contents: 'a' }, { target: 'x' }, { contents: 'a' })).toEqual(ALL(3));
  });

  it('compares where symbolic links lead', async () => {
    const { content } = await aspects({ target: 'x' }, { target: 'y' }, { target: 'y' });
    expect(content).toBe(2);
  });

  it('is told in words where it is not the layer that supplies the file', async () => {
    const text = await which([{ contents: 'same' }, { contents: 'same', mode: 0o755 }]);
    expect(text).toContain(
      'set by           content layer 1, mode layer 2, owner layer 1, mtime layer 1, xattrs layer 1\n',
    );
    expect(await which([{ contents: 'a' }, undefined])).not.toContain('set by');
  });
});
