// The types of test/support/oracle/go_json.go as shapes, and random texts for them.
import fc from 'fast-check';
import {
  BOOLEAN,
  INTEGER,
  list,
  map,
  pointer,
  type Shape,
  STRING,
  type StructShape,
  struct,
} from '../../../src/store/formats/go-shape.ts';

const INNER = struct({ text: STRING, n: INTEGER, words: list(STRING) });

export const WHOLE: StructShape = struct({
  task: STRING,
  yes: BOOLEAN,
  n: INTEGER,
  time: pointer(STRING),
  inner: INNER,
  ptr: pointer(INNER),
  words: list(STRING),
  list: list(INNER),
  ptrs: list(pointer(INNER)),
  labels: map(STRING),
  mounts: map(pointer(INNER)),
  kinds: map(INNER),
  sets: map(struct({})),
  deep: map(list(STRING)),
});

/** Ways to write a name that are the same to Go. */
export function spellings(name: string): string[] {
  return [
    name,
    name.toUpperCase(),
    name.slice(0, 1).toUpperCase() + name.slice(1),
    name.replaceAll('s', '\u017f').replaceAll('k', '\u212a'),
  ];
}

const WORDS = fc.constantFrom('"a"', '"b"', '"c"', '"d"', '""');

/** Texts of JSON for a shape: names repeated, in any case and unknown, null everywhere. */
export function textsFor(shape: Shape): fc.Arbitrary<string> {
  return fc.oneof({ arbitrary: fc.constant('null'), weight: 1 }, { arbitrary: valuesFor(shape), weight: 4 });
}

function valuesFor(shape: Shape): fc.Arbitrary<string> {
  switch (shape.kind) {
    case 'pointer':
      return valuesFor(shape.to);
    case 'list':
      return fc.array(textsFor(shape.of), { maxLength: 4 }).map((items) => `[${items.join()}]`);
    case 'map':
      return membersOf(WORDS.chain((name) => textsFor(shape.of).map((text) => `${name}:${text}`)));
    case 'struct': {
      const fields = [...shape.fields].map(([name, field]) =>
        fc
          .tuple(fc.constantFrom(...spellings(name)), textsFor(field))
          .map(([spelling, text]) => `${JSON.stringify(spelling)}:${text}`),
      );
      return membersOf(fields.length === 0 ? fc.constant('"other":1') : fc.oneof(...fields));
    }
    case 'boolean':
      return fc.constantFrom('true', 'false');
    case 'integer':
      return fc.constantFrom('0', '1', '-7', '300');
    default:
      return WORDS;
  }
}

function membersOf(member: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(member, { maxLength: 5 }).map((members) => `{${members.join()}}`);
}
