// An array spread into arguments lies on the stack: one of some 120,000 elements, which a layer or a config can have,
// ends the program with a RangeError.
import ts from 'typescript';
import { expect, it } from 'vitest';
import { nodesOfSource, placeOf } from '../../support/source.ts';

/** Those that take any number of arguments; TypeScript lets no array of unknown length into others. */
const BUILT_IN =
  'push unshift splice concat max min hypot fromCharCode fromCodePoint of assign call apply'.split(' ');

it('no array is spread into the arguments of a call', () => {
  const nodes = nodesOfSource(['(...', ', ...', ' ...']);
  const names = new Set([...BUILT_IN, ...nodes.flatMap((node) => variadicName(node) ?? [])]);
  const places = nodes.filter((node) => isSpreadInto(names, node)).map(placeOf);
  // One word of the command line after another.
  expect(places.filter((place) => !place.startsWith('open/overlay-words.ts:'))).toEqual([]);
});

/** The name of a function of which this is the last parameter, if it takes any number of them. */
function variadicName(node: ts.Node): string | undefined {
  if (!ts.isParameter(node) || !node.dotDotDotToken || !node.type || !ts.isArrayTypeNode(node.type))
    return undefined;
  const { parent } = node;
  const named =
    ts.isArrowFunction(parent) && ts.isVariableDeclaration(parent.parent) ? parent.parent : parent;
  return named.name?.getText();
}

function isSpreadInto(names: ReadonlySet<string>, node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !node.arguments.some(ts.isSpreadElement)) return false;
  const { expression } = node;
  return names.has((ts.isPropertyAccessExpression(expression) ? expression.name : expression).getText());
}
