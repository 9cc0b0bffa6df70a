// The program's own source as syntax trees, for rules that no linter knows.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const SOURCE = join(import.meta.dirname, '../../src');

/** Every node of every file that has one of `words` in it. */
export function nodesOfSource(words: readonly string[]): ts.Node[] {
  const nodes: ts.Node[] = [];
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(SOURCE, name), 'utf8');
    if (!words.some((word) => text.includes(word))) continue;
    const each = (node: ts.Node) => {
      nodes.push(node);
      ts.forEachChild(node, each);
    };
    each(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true));
  }
  return nodes;
}

/** `diff/renames.ts:12` and the text of a node. */
export function placeOf(node: ts.Node): string {
  const file = node.getSourceFile();
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${node.getText()}`;
}
