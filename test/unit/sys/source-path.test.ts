// Where paths of a machine lead whose root is a directory: never out of it, and into no mount that is one's own.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/sys/bytes.ts';
import { errnoName, errnoOf } from '../../../src/sys/errors.ts';
import { sourcePath } from '../../../src/sys/mount/source-path.ts';
import { temporaryForTest } from '../../support/temporary.ts';

describe('sourcePath()', () => {
  it('follows links as on that machine', () => {
    const root = asBytes(temporaryForTest().directory);
    mkdirSync(`${root}/srv/data`, { recursive: true });
    mkdirSync(`${root}/mnt/own`, { recursive: true });
    writeFileSync(`${root}/srv/file`, '');
    symlinkSync('/srv', `${root}/absolute`);
    symlinkSync('../../../../srv/data', `${root}/srv/up`);
    symlinkSync('/etc/passwd', `${root}/out`);
    symlinkSync('loop', `${root}/loop`);
    symlinkSync('/mnt/own', `${root}/srv/in`);
    const told = (path: string) => {
      try {
        const { path: found, mode } = sourcePath(root, asBytes(path), [asBytes(`${root}/mnt/own`)]);
        return `${found.slice(root.length)} ${(mode >> 12).toString(8)}`;
      } catch (error) {
        return errnoName(errnoOf(error) ?? 0);
      }
    };
    const paths = [
      '/',
      '/srv/data',
      '/absolute/file',
      '/srv/up',
      '/../../srv/data/..',
      '/out',
      '/loop',
      '/nothing',
    ];
    expect(paths.map((path) => `${path}: ${told(path)}`)).toEqual([
      '/:  4',
      '/srv/data: /srv/data 4',
      '/absolute/file: /srv/file 10',
      '/srv/up: /srv/data 4',
      '/../../srv/data/..: /srv 4',
      '/out: ENOENT',
      '/loop: ELOOP',
      '/nothing: ENOENT',
    ]);
    expect(['/mnt/own', '/mnt/own/x', '/srv/in/x', '/mnt', '/srv/file/x', '/srv/file/..'].map(told)).toEqual([
      ...['EDEADLK', 'EDEADLK', 'EDEADLK', '/mnt 4', 'ENOTDIR', 'ENOTDIR'],
    ]);
  });
});
