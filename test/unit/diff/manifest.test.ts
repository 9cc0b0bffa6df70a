import { describe, expect, it } from 'vitest';
import {
  gidOf,
  type Item,
  isDirectoryItem,
  itemSize,
  modeOf,
  mtimeOf,
  uidOf,
} from '../../../src/diff/item.ts';
import { type ManifestSide, unvis } from '../../../src/diff/manifest/manifest.ts';
import { visName } from '../../../src/diff/manifest/mtree.ts';
import { readMtree } from '../../../src/diff/manifest/read-mtree.ts';
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
  return `${modeOf(item).toString(8)} ${uidOf(item)}:${gidOf(item)} ${isDirectoryItem(item) ? '' : itemSize(item)} ${seconds}.${nanoseconds} ${item.digest ?? ''} -${untold}`;
}

describe('readMtree()', () => {
  it('reads full paths, and what they do not tell', () => {
    const side = readMtree(
      [
        '#mtree v2.0',
        '. type=dir mode=0755 uid=0 gid=0 time=5.000000007',
        `./a\\040b type=file size=3 mode=04755 uid=1 gid=2 time=-1.5 sha256digest=${'AB'.repeat(32)}`,
        './d/e type=link link=x\\\\y',
      ].join('\n'),
      'test',
    );
    expect(shown(side)).toEqual([
      '/ 40755 0:0  5.7  -acl,caps,rdev,target,xattr',
      `/a b 104755 1:2 3 -1.5 ${'ab'.repeat(32)} -acl,caps,rdev,target,xattr`,
      '/d 40000 0:0  0.0  -acl,caps,gid,mode,mtime,rdev,target,uid,xattr',
      '/d/e 120000 0:0 0 0.0  -acl,caps,gid,mode,mtime,rdev,uid,xattr',
    ]);
    expect(side.find(side.root, 'd')).toBeDefined();
  });

  it('reads the classic form with /set, indented names and ..', () => {
    const text =
      '/set type=file uid=0 gid=0 mode=0644\n.  type=dir mode=0755\n  f size=1 \\\n time=1.0\n  d type=dir\n    g\n  ..\n  h\n..\n';
    expect(shown(readMtree(text, 'test')).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      '/ 40755',
      '/d 40644',
      '/d/g 100644',
      '/f 100644',
      '/h 100644',
    ]);
  });

  it.each<[string, string, string]>([
    ['an empty file', '', 'no entry of mtree in it'],
    ['comments alone', '#mtree v2.0\n# nothing\n', 'no entry of mtree in it'],
    ['prose', 'Dear reader,\n', 'line 1 is not mtree: reader,'],
    ['one word', '#mtree\n\nhello\n', 'line 3 is not mtree: no type'],
    ['an archive', '\x1f\x8b\x08\0\0\0\0\0\n', 'line 1 is not mtree: no type'],
    ['a control character', './a\x1bb type=file\n', 'line 1 is not mtree: a control character in a name'],
    ['a script', '#!/bin/sh\nexit=1 type=file\nif true; then\n', 'line 3 is not mtree: true;'],
    ['JSON', '{"type":"file"}\n', 'line 1 is not mtree: no type'],
    ['an unknown keyword', '. type=dir\n./a type=file color=red\n', 'line 2 is not mtree: color=red'],
    ['a keyword without its value', './a type=file size\n', 'line 1 is not mtree: size'],
    ['an unknown type', './a type=door\n', 'line 1 is not mtree: type=door'],
    ['a size that is no number', './a type=file size=x\n', 'line 1 is not mtree: size=x'],
    ['a mode that is not octal', './a type=file mode=0689\n', 'line 1 is not mtree: mode=0689'],
    ['a user with more than 32 bits', '. type=dir uid=4294967296\n', 'line 1 is not mtree: uid=4294967296'],
    ['a digest of another length', './a type=file sha256=ab\n', 'line 1 is not mtree: sha256=ab'],
    ['a device that is none', './a type=char device=x\n', 'line 1 is not mtree: device=x'],
    ['a time that is none', './a type=file time=now\n', 'line 1 is not mtree: time=now'],
    ['a name that leads up', './a/../../b type=file\n', 'line 1 is not mtree: the name ..'],
    ['a name with a slash', '. type=dir\na\\057b type=file\n', 'line 2 is not mtree: the name a\\057b'],
    ['a name with NUL', './a\\000 type=file\n', 'line 1 is not mtree: the name a\\000'],
    ['a root that is no directory', '. type=link link=/etc\n', 'line 1 is not mtree: . is no directory'],
    ['more ends than directories', '. type=dir\n..\n..\n', 'line 3 is not mtree: .. above the root'],
    [
      'what lies below a file',
      './a type=file\n./a/b type=file\n',
      'line 2 is not mtree: b is below what is no directory',
    ],
    [
      'a line after continued ones',
      './a type=file \\\n size=1 \\\n mode=0644\n./b size=1\n',
      'line 4 is not mtree: no type',
    ],
    [
      'a long line, of which it shows the start',
      `./a type=${'x'.repeat(1000)}\n`,
      `line 1 is not mtree: type=${'x'.repeat(55)}…`,
    ],
  ])('refuses %s, and names the line', (_, text, message) => {
    expect(() => readMtree(text, 'file')).toThrow(
      expect.objectContaining({ message: `Cannot read "file": ${message}` }),
    );
  });

  it('takes every keyword of mtree(5) that it does not compare', () => {
    const text =
      '/set type=file uname=root gname=root nlink=1\n. type=dir optional\n' +
      './a cksum=1 flags=none md5digest=00 sha1=00 inode=7 tags=x tar_time=1.0 ignore nochange xattr.user.a=eA==\n' +
      './b type=char device=freebsd,1,2,3\n/unset all\n./c type=fifo\n';
    expect(shown(readMtree(text, 'file')).map((line) => line.split(' ')[0])).toEqual(['/', '/a', '/b', '/c']);
  });

  it('takes no byte of a name for a blank', () => {
    const side = readMtree(
      '. type=dir\r\n./a type=link link=\xc3\xa0\r\n/set type=file\n./\xc3\xa0\n',
      'test',
    );
    expect([...side.names(side.root)]).toEqual(['a', '\xc3\xa0']);
    expect(side.find(side.root, 'a')?.target()).toBe('\xc3\xa0');
  });

  it.each([
    ["NetBSD's mtree", 'a\\M-C\\240\\^A\\^?\\M^A\\s\\\\M-C', 'a\xc3\xa0\x01\x7f\x81 \\M-C'],
    ['bsdtar', 'a\\303\\240\\001\\134M\\040', 'a\xc3\xa0\x01\\M '],
    ['nobody', '\\M\\^', 'M^'],
  ])('takes back a name as %s writes it', (_, word, name) => {
    expect(unvis(word)).toBe(name);
  });

  it('takes back every name that visName() wrote', () => {
    const name = Array.from({ length: 255 }, (_, byte) => String.fromCharCode(byte + 1))
      .join('')
      .replace('/', '');
    const side = readMtree(`. type=dir\n./${visName(name)} type=file\n`, 'test');
    expect([...side.names(side.root)]).toEqual([name]);
  });
});
