// What we declare of the kernel's headers, held against what the C compiler of this machine reads in them.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Temporary } from './temporary.ts';

export interface Fact {
  readonly name: string;
  readonly value: number;
  /** A C expression for the same. */
  readonly c: string;
}

/** Sizes and offsets of structs. */
export function structFacts(
  structs: Readonly<Record<string, { readonly sizeof: number } & Readonly<Record<string, number>>>>,
): Fact[] {
  return Object.entries(structs).flatMap(([struct, { sizeof, ...fields }]) => [
    { name: struct, value: sizeof, c: `sizeof(struct ${struct})` },
    ...Object.entries(fields).map(([field, value]) => ({
      name: `${struct}.${field}`,
      value,
      c: `offsetof(struct ${struct}, ${field})`,
    })),
  ]);
}

/** A line a fact, as we have it. */
export function factText(facts: readonly Fact[]): string {
  return facts.map(({ name, value }) => `${name} ${value}\n`).join('');
}

/** The same lines, as the compiler has them. `guard` may put conditions around the statement that prints one. */
export function printFacts(
  temporary: Temporary,
  headers: readonly string[],
  facts: readonly Fact[],
  guard: (fact: Fact, print: string) => string = (_, print) => print,
): string {
  const source = temporary.path('facts.c');
  const program = temporary.path('facts');
  const prints = facts.map((fact) =>
    guard(fact, `printf("%s %llu\\n", "${fact.name}", (unsigned long long)(${fact.c}));`),
  );
  const includes = [...headers, 'stddef.h', 'stdio.h'].map((header) => `#include <${header}>\n`);
  writeFileSync(source, `${includes.join('')}int main(void) {\n${prints.join('\n')}\nreturn 0;\n}\n`);
  execFileSync('cc', ['-o', program, source]);
  return execFileSync(program, { encoding: 'utf8' });
}
