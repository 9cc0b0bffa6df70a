// A step of `npm run build`: writes the JSON Schemas into dist/schemas. Run with `node --import ./scripts/typescript.mjs`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonSchemas } from '../src/cli/json/schemas.ts';

const directory = fileURLToPath(new URL('../dist/schemas/', import.meta.url));
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
for (const [command, schema] of jsonSchemas())
  writeFileSync(`${directory}${command}.json`, `${JSON.stringify(schema, undefined, 2)}\n`);
