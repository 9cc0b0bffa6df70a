// The library as others have it: what the page shows is run in a package of its own, where types are checked strictly too, and its
// answers are those of the commands.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeSampleStore } from '../../scripts/sample-store.ts';
import * as library from '../../src/index.ts';
import { run, succeed } from '../support/command.ts';
import { jsonRecords } from '../support/json-lines.ts';

import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const repository = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(repository, 'native-notes/library.md'), 'utf8');
const EXAMPLES = [...page.matchAll(/^## (.*)\n\n```js\n([\s\S]*?)```$/gm)].map(
  ([, title = '', code = '']) => [title, code] as const,
);

const OUTPUT: Readonly<Record<string, string>> = {
  'Which programs an image has': '0755 0 /bin/greet\n0755 0 /bin/hello\nNAME="Sample Linux"',
  'What a new image changed': [
    ...[
      'remove /etc/motd',
      'remove /srv/plugins/auth',
      'add /srv/plugins/auth-2',
      'remove /srv/plugins/cache',
    ],
    ...['modify /srv/server.conf content mode', 'not the same'],
  ].join('\n'),
  'Whether an image is what its ID says': [
    'verified right right right',
    'reference Cannot find "no/such:image": no such image or container',
  ].join('\n'),
};

const isOfOthers = (file: string) => /\/node_modules\/(@types|typescript|undici-types)\//.test(file);

describeSystem('the library', ['root', 'build'], () => {
  const temporary = temporaryForSuite();
  const root = temporary.path('docker');
  const project = temporary.path('project');
  writeSampleStore(root);

  beforeAll(() => {
    mkdirSync(join(project, 'node_modules'), { recursive: true });
    symlinkSync(repository, join(project, 'node_modules/stratafs'));
    symlinkSync(join(repository, 'node_modules/@types'), join(project, 'node_modules/@types'));
    writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  });

  describe.each(EXAMPLES)('%s', (title, code) => {
    it('prints what is told of the sample store', async () => {
      const file = join(project, 'example.mjs');
      writeFileSync(file, `const root = ${JSON.stringify(root)};\n${code}`);
      const {
        stdout,
        stderr,
        code: exit,
      } = await run(process.execPath, ['--preserve-symlinks', file], {
        cwd: project,
      });
      expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 });
      expect(stdout.trimEnd()).toBe(OUTPUT[title]);
    });
  });

  describe('has types', () => {
    const declared = new Map<string, ts.SourceFile>();

    /** What the compiler says of the files of the project and of the declarations of the package, a line each. */
    function complaints(names: readonly string[], given: ts.CompilerOptions): string[] {
      const options = {
        ...given,
        strict: true,
        noEmit: true,
        target: ts.ScriptTarget.ES2022,
        types: ['node'],
      };
      const host = ts.createCompilerHost(options);
      const read = host.getSourceFile;
      host.getCurrentDirectory = () => project;
      // Others' declarations are most of the work, and are the same for each kind of modules.
      host.getSourceFile = (name, version, ...others) => {
        if (!isOfOthers(name)) return read(name, version, ...others);
        const format = typeof version === 'object' ? version.impliedNodeFormat : undefined;
        const known = declared.get(`${name} ${format}`) ?? read(name, version, ...others);
        if (known !== undefined) declared.set(`${name} ${format}`, known);
        return known;
      };
      const program = ts.createProgram(names, options, host);
      const files = program.getSourceFiles().filter(({ fileName }) => !isOfOthers(fileName));
      expect(files.map(({ fileName }) => fileName)).toContain(join(repository, 'dist/index.d.ts'));
      return [
        ...program.getOptionsDiagnostics(),
        ...program.getGlobalDiagnostics(),
        ...files.flatMap((file) => [
          ...program.getSyntacticDiagnostics(file),
          ...program.getSemanticDiagnostics(file),
        ]),
      ].map(
        ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
    }

    it.each([
      ['node16', ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
      ['nodenext', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
      ['esnext', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
    ])('by which the examples are right, strictly, for modules of %s', (_, module, moduleResolution) => {
      const names = EXAMPLES.map(([, code], index) => {
        // What is first in a list may not be there.
        const typed = code.replace('[newest, before]', "[newest = '', before = '']");
        const name = join(project, `${index}.mts`);
        writeFileSync(name, `declare const root: string;\n${typed}`);
        return name;
      });
      expect(complaints(names, { module, moduleResolution })).toEqual([]);
    });
  });

  it('is loaded by require, and nothing but it and the schemas', async () => {
    const told = await succeed(process.execPath, ['-p', "Object.keys(require('stratafs')).sort().join()"], {
      cwd: project,
    });
    const names = [
      'Differences',
      'Store',
      'StratafsError',
      'Tree',
      'diff',
      'openStore',
      'openTree',
      'verify',
    ];
    expect(told.trimEnd()).toBe(names.join());
    expect(Object.keys(library).sort()).toEqual(names);
    const schema = await succeed(process.execPath, ['-p', "require('stratafs/schemas/ls.json').$id"], {
      cwd: project,
    });
    expect(schema.trimEnd()).toBe('urn:stratafs:json:1:ls');
    const { stderr } = await run(process.execPath, ['-e', "require('stratafs/dist/sys/libc.js')"], {
      cwd: project,
    });
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('walks what ls lists, and has the same of each name', async () => {
    const { stdout } = await stratafs(['--root', root, 'ls', '-R', '-A', '--json', 'sample/web:1.1', '/']);
    const listed = jsonRecords<{ t: string; path: string }>(stdout).map(({ t: _, ...entry }) => entry);
    using tree = await library.openTree('sample/web:1.1', { root });
    const walked = [...tree.walk('/')];
    const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
    expect(walked.toSorted(byPath)).toEqual(listed.toSorted(byPath));
    expect(tree.stat('etc/passwd')).toEqual(walked.find(({ path }) => path === '/etc/passwd'));
    const bytes = Buffer.from(tree.readFile('/etc/passwd'));
    expect(bytes.toString()).toBe(
      (await stratafs(['--root', root, 'cat', 'sample/web:1.1', '/etc/passwd'])).stdout,
    );
    expect(Buffer.concat([...tree.read('/etc/passwd', { start: 3, end: 9 })])).toEqual(bytes.subarray(3, 9));
    expect([
      ...tree.read('/etc/passwd', { start: 9, end: 3 }),
      ...tree.read('/etc/passwd', { start: 1e9 }),
    ]).toEqual([]);
  });

  it('says by its errors what is wrong', async () => {
    const tree = await library.openTree('sample/web:1.1', { root });
    const errorOf = (read: () => unknown) => {
      try {
        read();
      } catch (error) {
        if (error instanceof library.StratafsError) return [error.code, error.errno];
        throw error;
      }
      return [];
    };
    expect(errorOf(() => tree.stat('/none'))).toEqual(['path', 'ENOENT']);
    expect(errorOf(() => [...tree.list('/etc/passwd')])).toEqual(['path', 'ENOTDIR']);
    expect(errorOf(() => tree.readFile('/etc'))).toEqual(['path', 'EISDIR']);
    expect(errorOf(() => tree.readFile('/etc/passwd', { limit: 3 }))).toEqual(['usage', undefined]);
    for (const part of [{ start: -1 }, { start: 0.5 }, { end: Number.NaN }])
      expect(errorOf(() => [...tree.read('/etc/passwd', part)])).toEqual(['usage', undefined]);
    tree.close();
    tree.close();
    expect(errorOf(() => tree.stat('/'))).toEqual(['usage', undefined]);
    await expect(library.openStore({ root: join(root, 'image') })).rejects.toMatchObject({ code: 'store' });
    await expect(library.openTree('none', { root })).rejects.toMatchObject({ code: 'reference' });
  });

  it('tells the changes that diff tells, and what they come to', async () => {
    const { stdout } = await stratafs(['--root', root, 'diff', '--json', 'sample/web:1.0', 'sample/web:1.1']);
    using differences = await library.diff('sample/web:1.0', 'sample/web:1.1', { root });
    expect(() => differences.summary).toThrow('was not gone through');
    const told = jsonRecords<{ t: string }>(stdout, 'change').map(({ t: _, ...change }) => change);
    expect([...differences]).toEqual(told);
    expect(differences.summary).toMatchObject({ equal: false, add: 1, remove: 3, modify: 1, errors: 0 });
    expect(() => [...differences]).toThrow('gone through once');
  });
});
