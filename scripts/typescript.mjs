// `node --import ./scripts/typescript.mjs FILE.ts`: lets Node 20 run a TypeScript file as it stands, types stripped by
// the compiler that is here anyway. Newer Nodes do so themselves, and this does nothing there.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread && !process.features.typescript) register(import.meta.url);

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const { default: compiler } = await import('typescript');
  const { outputText } = compiler.transpileModule(await readFile(new URL(url), 'utf8'), {
    compilerOptions: {
      target: compiler.ScriptTarget.ES2023,
      module: compiler.ModuleKind.ESNext,
      inlineSourceMap: true,
    },
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}
