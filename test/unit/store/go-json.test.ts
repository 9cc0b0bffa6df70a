import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAs } from '../../../src/store/formats/go-json.ts';
import { type Shape, STRING, struct } from '../../../src/store/formats/go-shape.ts';
import { readJsonText } from '../../../src/store/formats/json-text.ts';
import { textsFor, WHOLE } from './go-json.ts';

/** Headings, and rows of a text as bytes with what Go made of it. */
const ROWS = readFileSync(new URL('go-json.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('"'))
  .map((line) => line.split('\t') as [text: string, answer: string]);

/** With what Go has where nothing was put; `type` where something does not fit. */
function completed(value: unknown, shape: Shape): unknown {
  switch (shape.kind) {
    case 'pointer':
      return value === undefined || value === null ? null : completed(value, shape.to);
    case 'list':
      if (value === undefined || value === null) return null;
      if (!Array.isArray(value)) throw new TypeError('no list');
      return value.map((item) => completed(item, shape.of));
    case 'map': {
      if (value === undefined || value === null) return null;
      return Object.fromEntries(entries(value).map(([key, one]) => [key, completed(one, shape.of)]));
    }
    case 'struct': {
      const given = new Map(entries(value ?? {}));
      return Object.fromEntries([...shape.fields].map(([key, one]) => [key, completed(given.get(key), one)]));
    }
    default: {
      const zero = { string: '', boolean: false, integer: 0, own: null }[shape.kind];
      const found = value ?? zero;
      if (typeof found !== typeof zero || Number.isNaN(found)) throw new TypeError(`no ${shape.kind}`);
      return found;
    }
  }
}

function entries(value: unknown): [name: string, value: unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
  return Object.entries(value);
}

function read(bytes: Buffer): unknown {
  const { value, hasRest } = readJsonText(bytes);
  if (hasRest) throw new SyntaxError('more than one value');
  const decoded = decodeAs(WHOLE, value).value;
  return completed(decoded, WHOLE);
}

function answer(bytes: Buffer): unknown {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) return 'syntax';
    if (error instanceof TypeError) return 'type';
    throw error;
  }
}

function ambiguities(text: string, shape: Shape = WHOLE): string[] {
  return [...decodeAs(shape, readJsonText(Buffer.from(text)).value).ambiguities];
}

describe('decodeAs()', () => {
  it(`makes of ${ROWS.length} texts what Go makes of them`, () => {
    const zeros = completed({}, WHOLE) as object;
    const differing = ROWS.flatMap(([column, expected]) => {
      const wanted: unknown = JSON.parse(expected);
      const whole = typeof wanted === 'string' ? wanted : { ...zeros, ...(wanted as object) };
      const found = answer(Buffer.from(JSON.parse(column), 'latin1'));
      try {
        expect(found).toEqual(whole);
        return [];
      } catch {
        return [{ column, whole, found }];
      }
    });
    expect(ROWS.length).toBeGreaterThan(400);
    expect(differing).toEqual([]);
  });

  it('calls clear only what JSON.parse reads in the same way', () => {
    let clear = 0;
    fc.assert(
      fc.property(textsFor(WHOLE), (text) => {
        const { value, ambiguities: found } = decodeAs(WHOLE, readJsonText(Buffer.from(text)).value);
        const other = completed(JSON.parse(text), WHOLE);
        if (found.length > 0) return;
        clear += 1;
        expect(completed(value, WHOLE)).toEqual(other);
      }),
      { numRuns: 3000 },
    );
    expect(clear).toBeGreaterThan(300);
  });

  it.each([
    ['{"task":"a"}', []],
    ['{"TASK":"a"}', ['task is given as "TASK"']],
    ['{"task":"a","task":"a"}', ['task is given 2 times']],
    ['{"task":"a","Task":"b","ta\u017fk":1}', ['task is given 3 times as "task", "Task", "ta\u017fk"']],
    ['{"inner":{"N":1}}', ['inner.n is given as "N"']],
    ['{"list":[{},{"n":1,"n":2}]}', ['list[1].n is given 2 times']],
    ['{"labels":{"a":"1","A":"2"}}', []],
    ['{"labels":{"a":"1","a":"2"}}', ['labels["a"] is given 2 times']],
    ['{"mounts":{"/x":{"N":1}}}', ['mounts["/x"].n is given as "N"']],
    ['{"other":{"a":1,"a":2},"other":3}', []],
  ])('says of %s where readers differ', (text, expected) => {
    expect(ambiguities(text)).toEqual(expected);
  });

  it('takes a name that is like a field of every object for any other', () => {
    const text = '{"__proto__":"a","constructor":"b"}';
    expect(decodeAs(struct({ constructor: STRING }), readJsonText(Buffer.from(text)).value).value).toEqual({
      constructor: 'b',
    });
  });
});

describe('readJsonText()', () => {
  it('goes as deep as Go and no deeper, whatever the stack', () => {
    const nested = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
    expect(readJsonText(nested(10_000)).hasRest).toBe(false);
    expect(() => readJsonText(nested(10_001))).toThrow(SyntaxError);
  });

  it('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(JSON.parse(written(readJsonText(Buffer.from(text)).value))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-',
      '.',
      'e',
      'null',
      'true',
      ' ',
      '"',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        expect(refuses(() => whole(text))).toBe(refuses(() => JSON.parse(text)));
      }),
      { numRuns: 5000 },
    );
  });
});

function whole(text: string): void {
  if (readJsonText(Buffer.from(text)).hasRest) throw new SyntaxError('more than one value');
}

function refuses(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

/** The members and items as text again. */
function written(value: ReturnType<typeof readJsonText>['value']): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('digits' in value) return value.digits;
  if ('members' in value)
    return `{${value.members.map(([name, one]) => `${JSON.stringify(name)}:${written(one)}`).join()}}`;
  return `[${value.map(written).join()}]`;
}
