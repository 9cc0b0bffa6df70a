// A step of `npm run build`: writes the types of the library, of src/index.ts and src/library/, beside their modules. What they name
// must be their own, so that nothing else of the package is promised. Run as `node scripts/declarations.mjs`.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const inRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const library = readdirSync(inRoot('src/library')).map((name) => `library/${name}`);

mkdirSync(inRoot('dist/library'), { recursive: true });
for (const module of ['index.ts', ...library]) {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(
    readFileSync(inRoot(`src/${module}`), 'utf8'),
    {
      fileName: module,
      compilerOptions: { isolatedDeclarations: true, stripInternal: true, target: ts.ScriptTarget.ES2023 },
    },
  );
  for (const { messageText } of diagnostics)
    throw new Error(`${module}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  const foreign = /from '(\.\.\/[^']*)'/.exec(outputText)?.[1];
  if (foreign !== undefined) throw new Error(`${module}: its types are of ${foreign}, which is private`);
  // It tells a method with a symbol for a name twice.
  const text = outputText
    .replaceAll(/^ +\[Symbol\.\w+\]: .*;\n/gm, '')
    .replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'");
  writeFileSync(
    inRoot(`dist/${module.replace(/\.ts$/, '.d.ts')}`),
    `/// <reference lib="esnext.disposable" />\n${text}`,
  );
}
