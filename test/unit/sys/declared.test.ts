// Functions of the C library by the names that each C library has them under.
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { declared } from '../../../src/sys/declared.ts';

/**
 * What `dlsym` finds in musl 1.2.5 and 1.2.6 of the functions that src/sys names (native-notes/package.md tells how it was asked).
 * `pread64` and its kind are not among them.
 */
const MUSL = new Set(
  `close dup2 execv fcntl flistxattr fsetxattr fstatfs futimens getdents getrusage ioctl lgetxattr linkat llistxattr lseek
  lsetxattr memcpy mknod mmap mount name_to_handle_at open open_by_handle_at pipe2 prctl pread prlimit read readlinkat recvmsg setsid socketpair statx syscall umount2
  utimensat waitid write`.split(/\s+/),
);
/** Only glibc has these, and the program does without. */
const OPTIONAL = new Set(['mallopt']);

const nameOf = (declaration: string) => /(\w+)\(/.exec(declaration)?.[1] ?? '';

/** The names of each call of `declared` in src/sys, its alternatives together. */
function declarations(): string[][] {
  const found: string[][] = [];
  for (const file of readdirSync('src/sys', { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(`src/sys/${file}`, 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
    const look = (node: ts.Node): void => {
      if (
        ts.isCallExpression(node) &&
        ts.isIdentifier(node.expression) &&
        node.expression.text === 'declared'
      ) {
        const words = node.arguments.filter(ts.isStringLiteralLike).map(({ text }) => nameOf(text));
        if (words.length > 0) found.push(words);
      }
      ts.forEachChild(node, look);
    };
    look(source);
  }
  return found;
}

describe('declared()', () => {
  it('takes the first whose function is there', () => {
    const length = declared('uint64_t strlen(const char *text)', 'int no_such_function()');
    expect(Number(length('abcd'))).toBe(4);
    const other = declared(
      'int no_such_function()',
      'int nor_this_one()',
      'uint64_t strlen(const char *text)',
    );
    expect(Number(other('abc'))).toBe(3);
  });

  it('throws where none is there', () => {
    expect(() => declared('int no_such_function()', 'int nor_this_one()')).toThrow('nor_this_one');
  });

  it('has a name that musl knows for every function of src/sys', () => {
    const all = declarations();
    expect(all.length).toBeGreaterThan(40);
    const unknown = all.filter((names) => !names.some((name) => MUSL.has(name) || OPTIONAL.has(name)));
    expect(unknown).toEqual([]);
  });
});
