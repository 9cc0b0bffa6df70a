// Names, records and tables come from anyone: no regular expression of the program takes more than linear time for any text.
import { analyse } from 'scslre';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { nodesOfSource, placeOf } from '../../support/source.ts';

/** A regular expression as it stands; of one that is put together, what stands for its parts that are not constants is `x`. */
function writtenIn(node: ts.Node): { readonly source: string; readonly flags: string } | undefined {
  if (ts.isRegularExpressionLiteral(node)) {
    const end = node.text.lastIndexOf('/');
    return { source: node.text.slice(1, end), flags: node.text.slice(end + 1) };
  }
  if (!ts.isNewExpression(node) || node.expression.getText() !== 'RegExp') return undefined;
  const [source, flags] = node.arguments ?? [];
  return { source: textOf(source), flags: textOf(flags) };
}

function textOf(node: ts.Node | undefined): string {
  if (node === undefined) return '';
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return (
      node.head.text + node.templateSpans.map((span) => textOf(span.expression) + span.literal.text).join('')
    );
  const constant = ts.isIdentifier(node)
    ? constants.get(`${node.getSourceFile().fileName} ${node.text}`)
    : undefined;
  return constant === undefined ? 'x' : textOf(constant);
}

const nodes = nodesOfSource(['/', 'RegExp']);
const constants = new Map<string, ts.Node>();
for (const node of nodes) {
  if (
    ts.isVariableDeclaration(node) &&
    node.initializer !== undefined &&
    node.parent.flags & ts.NodeFlags.Const
  )
    constants.set(`${node.getSourceFile().fileName} ${node.name.getText()}`, node.initializer);
}

/** What is wrong with one, each a line. */
function faultsOf(expression: { readonly source: string; readonly flags: string }): string[] {
  const { reports } = analyse(expression);
  return reports.map(({ type, exponential }) => `${exponential ? 'exponential' : 'polynomial'} (${type})`);
}

describe('regular expressions of the program', () => {
  it('are linear', () => {
    const found = nodes.flatMap((node) => {
      const expression = writtenIn(node);
      return expression === undefined ? [] : [{ node, faults: faultsOf(expression) }];
    });
    expect(found.length).toBeGreaterThan(150);
    expect(found.flatMap(({ node, faults }) => faults.map((fault) => `${placeOf(node)}: ${fault}`))).toEqual(
      [],
    );
  });

  it.each([
    [/(a+)+$/, 'exponential (Self)'],
    [/^\s*\[/m, 'polynomial (Move)'],
    [/^a*a*$/, 'polynomial (Trade)'],
  ])('would be noticed like %s', (expression, fault) => {
    expect(faultsOf(expression)).toContain(fault);
  });
});
