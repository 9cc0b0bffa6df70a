import { describe, expect, it } from 'vitest';
import { gidOf, type Item, isDirectory, modeOf, mtimeOf, sizeOf, uidOf } from '../../../src/diff/item.ts';
import { type ManifestSide, parseManifest } from '../../../src/diff/manifest.ts';
import { visName } from '../../../src/diff/mtree.ts';
import { walkSide } from '../../../src/diff/walk.ts';

/** A line an item. */
function shown(side: ManifestSide): string[] {
  const lines: string[] = [];
  walkSide(side, {
    item: (path, item) => lines.push(`${path} ${words(item)}`),
    error: (path, error) => lines.push(`${path} ! ${error.errno}`),
  });
  return lines;
}

function words(item: Item): string {
  const { seconds, nanoseconds } = mtimeOf(item);
  const untold = [...item.untold].filter((aspect) => aspect !== 'links').sort();
  return `${modeOf(item).toString(8)} ${uidOf(item)}:${gidOf(item)} ${isDirectory(item) ? '' : sizeOf(item)} ${seconds}.${nanoseconds} ${item.digest ?? ''} -${untold}`;
}

describe('parseManifest()', () => {
  it('reads full paths, and what they do not tell', () => {
    const side = parseManifest(
      [
        '#mtree v2.0',
        '. type=dir mode=0755 uid=0 gid=0 time=5.000000007',
        './a\\040b type=file size=3 mode=04755 uid=1 gid=2 time=-1.5 sha256digest=AB',
        './d/e type=link link=x\\\\y',
      ].join('\n'),
      'test',
    );
    expect(shown(side)).toEqual([
      '/ 40755 0:0  5.7  -acl,caps,rdev,target,xattr',
      '/a b 104755 1:2 3 -1.5 ab -acl,caps,rdev,target,xattr',
      '/d 40000 0:0  0.0  -acl,caps,gid,mode,mtime,rdev,target,uid,xattr',
      '/d/e 120000 0:0 0 0.0  -acl,caps,gid,mode,mtime,rdev,uid,xattr',
    ]);
    expect(side.find(side.root, 'd')).toBeDefined();
  });

  it('reads the classic form with /set, indented names and ..', () => {
    const text =
      '/set type=file uid=0 gid=0 mode=0644\n.  type=dir mode=0755\n  f size=1 \\\n time=1.0\n  d type=dir\n    g\n  ..\n  h\n..\n';
    expect(shown(parseManifest(text, 'test')).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      '/ 40755',
      '/d 40644',
      '/d/g 100644',
      '/f 100644',
      '/h 100644',
    ]);
  });

  it('refuses what is no specification, and names the line', () => {
    expect(() => parseManifest('./a size=x\n', 'file')).toThrow(
      'Cannot read "file": line 1 is not mtree: size=x',
    );
    expect(() => parseManifest('', 'file')).toThrow('no mtree specification');
  });

  it('takes back every name that visName() wrote', () => {
    const name = Array.from({ length: 255 }, (_, byte) => String.fromCharCode(byte + 1))
      .join('')
      .replace('/', '');
    const side = parseManifest(`. type=dir\n./${visName(name)} type=file\n`, 'test');
    expect([...side.names(side.root)]).toEqual([name]);
  });
});
