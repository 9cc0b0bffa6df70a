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
    const script = `process.stdout.write(JSON.stringify(process.argv.slice(1)))`;
    const cases = ['\\377', '\\342\\202', 'a\\300\\257b', '\\355\\240\\200', '\\360\\237\\231'];
    const words = cases.map((octal) => `"$(printf '${octal}')"`).join(' ');
    const shell = spawnSync('sh', ['-c', `exec '${process.execPath}' -e '${script}' ${words}`]);
    const texts: string[] = JSON.parse(shell.stdout.toString());
    expect(texts).toHaveLength(cases.length);
    for (const [i, octal] of cases.entries()) {
      const text = texts[i] ?? '';
      const bytes = octal.replace(/\\(\d{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      );
      expect(pathArguments([text], commandLine('node', bytes))).toEqual([bytes]);
    }
  });
});
