import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { pathArguments } from '../../../src/cli/arguments.ts';

function commandLine(...words: string[]): () => Uint8Array {
  return () => Buffer.from(`${words.join('\0')}\0`, 'latin1');
}

function mustNotRead(): Uint8Array {
  throw new Error('read for nothing');
}

describe('pathArguments()', () => {
  it('takes text as its UTF-8 bytes', () => {
    expect(pathArguments(['/é', '/a'], mustNotRead)).toEqual(['/\xc3\xa9', '/a']);
  });

  it('finds the bytes that the decoding lost', () => {
    const original = commandLine('node', 'main.js', 'cat', 'ref', '/b\xffd', '/a');
    expect(pathArguments(['/b\ufffdd', '/a'], original)).toEqual(['/b\xffd', '/a']);
  });

  it('tells apart two that look the same once decoded', () => {
    const original = commandLine('node', 'x', '/\xfe', '/\xff');
    expect(pathArguments(['/\ufffd', '/\ufffd'], original)).toEqual(['/\xfe', '/\xff']);
  });

  it('takes a replacement character that was really typed', () => {
    const original = commandLine('node', 'x', '/\xef\xbf\xbd');
    expect(pathArguments(['/\ufffd'], original)).toEqual(['/\xef\xbf\xbd']);
  });

  it('decodes as Node decodes its arguments', () => {
    // A shell makes the argument: spawnSync can pass UTF-8 only.
    const script = `process.stdout.write(JSON.stringify(process.argv[1]))`;
    const cases = ['\\377', '\\342\\202', 'a\\300\\257b', '\\355\\240\\200', '\\360\\237\\231'];
    for (const octal of cases) {
      const shell = spawnSync('sh', [
        '-c',
        `exec '${process.execPath}' -e '${script}' "$(printf '${octal}')"`,
      ]);
      const text: string = JSON.parse(shell.stdout.toString());
      const bytes = octal.replace(/\\(\d{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      );
      expect(pathArguments([text], commandLine('node', bytes))).toEqual([bytes]);
    }
  });
});
