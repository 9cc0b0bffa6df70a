import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes, type ByteString, bytesOf, bytesOfText, shownBytes } from '../../../src/sys/bytes.ts';
import { escapeBytes, escapeJson, escapeMessage, escapeText, jsonName } from '../../../src/told/escape.ts';
import { itSystem } from '../../support/system.ts';

/** What a terminal may act on: C0, DEL, C1, bidi and other format characters, line separators. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u;

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => bytesOf(bytes)),
  fc.string({ unit: 'binary', maxLength: 20 }).map(bytesOfText),
  fc
    .array(fc.constantFrom('\\', 'n', '0', '3', '1', '\n', '\x1b', '\x9b', 'é', '\u202e', '"', ' '))
    .map((parts) => bytesOfText(parts.join(''))),
);

const ESCAPES = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['t', '\t'],
  ['n', '\n'],
  ['v', '\v'],
  ['f', '\f'],
  ['r', '\r'],
  ['\\', '\\'],
]);

/** The way back, written from the form's description. */
function readBack(text: string): ByteString {
  return bytesOfText(text).replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES.get(code) ?? '?'),
  ) as ByteString;
}

describe('escapeBytes()', () => {
  it.each<[what: string, bytes: string, shown: string]>([
    ['leaves ASCII as it is', 'a b"c\'$(x)', 'a b"c\'$(x)'],
    ['leaves UTF-8 as it is', bytesOfText('Főtanúsítvány ✓ 日本 🙂'), 'Főtanúsítvány ✓ 日本 🙂'],
    ['doubles a backslash', 'a\\nb', 'a\\\\nb'],
    ['has letters for the usual controls', '\x07\b\t\n\v\f\r', '\\a\\b\\t\\n\\v\\f\\r'],
    ['shows an escape in octal', '\x1b[2J', '\\033[2J'],
    ['shows DEL and NUL in octal', '\x7f\x00', '\\177\\000'],
    ['shows a byte that is not UTF-8 in octal', 'bad\xffname', 'bad\\377name'],
    ['shows a cut sequence byte by byte', '\xe2\x82', '\\342\\202'],
    ['shows an overlong form byte by byte', '\xc0\xaf', '\\300\\257'],
    ['shows a surrogate byte by byte', '\xed\xa0\x80', '\\355\\240\\200'],
    ['shows bytes beyond Unicode byte by byte', '\xf4\x90\x80\x80', '\\364\\220\\200\\200'],
    ['shows C1 controls in octal', bytesOfText('\u009b2J'), '\\302\\2332J'],
    ['shows bidi controls in octal', bytesOfText('a\u202egpj.exe'), 'a\\342\\200\\256gpj.exe'],
    ['shows zero-width characters in octal', bytesOfText('a\u200bb'), 'a\\342\\200\\213b'],
    ['shows line separators in octal', bytesOfText('\u2028'), '\\342\\200\\250'],
    ['shows a no-break space in octal', bytesOfText('\u00a0'), '\\302\\240'],
    ['shows U+FFFD that is really in the name', bytesOfText('\ufffd'), '\ufffd'],
  ])('%s', (_, bytes, shown) => {
    expect(escapeBytes(asBytes(bytes))).toBe(shown);
  });

  it('never lets a control or format character through', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const shown = escapeBytes(bytes);
        expect(shown.replaceAll('\ufffd', '')).not.toMatch(DANGEROUS);
      }),
      { numRuns: 2000 },
    );
  });

  it('can be undone, so no two names look the same', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(readBack(escapeBytes(bytes))).toBe(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  itSystem("is what bash's $'…' reads back", ['bash'], () => {
    const all = Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1));
    const shown = escapeBytes(bytesOf(all)).replaceAll("'", "\\'");
    const bash = spawnSync('bash', ['-c', `printf %s $'${shown}'`], {
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    });
    expect(bash.stdout).toEqual(all);
  });
});

describe('escapeText()', () => {
  it('shows text as its UTF-8 bytes are shown', () => {
    expect(escapeText('RUN echo "é"\n\u202e\\')).toBe('RUN echo "é"\\n\\342\\200\\256\\\\');
  });
});

describe('escapeMessage()', () => {
  it.each<[what: string, message: string, shown: string]>([
    [
      'shows bytes that are UTF-8 as text',
      `Cannot open "${shownBytes(bytesOfText('/é'))}"`,
      'Cannot open "/é"',
    ],
    ['keeps text up to U+00FF', 'Cannot open "/é"', 'Cannot open "/é"'],
    ['keeps text above U+00FF', 'Cannot find "日本"', 'Cannot find "日本"'],
    [
      'escapes bytes that are no UTF-8',
      `Cannot open "${shownBytes(asBytes('/a\xff'))}"`,
      'Cannot open "/a\\377"',
    ],
    ['stays on one line', 'one\ntwo', 'one\\ntwo'],
    ['disarms an escape sequence', '\x1b]0;x\x07', '\\033]0;x\\a'],
    ['disarms C1 given as one character', 'x\x9b2J', 'x\\302\\2332J'],
    ['disarms bidi controls', 'a\u202eb', 'a\\342\\200\\256b'],
    ['leaves what is escaped already', 'Cannot open "/a\\377"', 'Cannot open "/a\\377"'],
  ])('%s', (_, message, shown) => {
    expect(escapeMessage(message)).toBe(shown);
  });

  it('shows bytes in a message as they are shown by themselves, but for backslashes', () => {
    fc.assert(
      fc.property(anyBytes, (text) => {
        const plain = asBytes(text.replaceAll('\\', '/'));
        expect(escapeMessage(shownBytes(plain))).toBe(escapeBytes(plain));
      }),
      { numRuns: 2000 },
    );
  });

  it('never lets a control or format character through, and says the same when asked twice', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, fc.string({ unit: 'binary' })), (message) => {
        const shown = escapeMessage(message);
        expect(shown.replaceAll('\ufffd', '')).not.toMatch(DANGEROUS);
        expect(escapeMessage(shown)).toBe(shown);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('escapeJson()', () => {
  it('is JSON that reads back the same, with nothing in it that a terminal acts on', () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, fc.string({ unit: 'binary' })), (text) => {
        const line = escapeJson({ text });
        expect(line.replaceAll('\ufffd', '')).not.toMatch(DANGEROUS);
        expect(JSON.parse(line)).toEqual({ text });
      }),
      { numRuns: 2000 },
    );
  });

  it('writes a number that is too large for one with all its digits', () => {
    const value = { a: [2n ** 60n + 1n, undefined, null], b: undefined, c: { d: -1n, e: 'x\u009b' }, f: 1.5 };
    expect(escapeJson(value)).toBe(
      '{"a":[1152921504606846977,null,null],"c":{"d":-1,"e":"x\\u009b"},"f":1.5}',
    );
  });

  it('spells out C1 and bidi controls', () => {
    expect(escapeJson('\u009b\u202e\u{e0041}')).toBe('"\\u009b\\u202e\\udb40\\udc41"');
  });
});

describe('jsonName()', () => {
  it('gives text alone where the bytes are UTF-8', () => {
    expect(jsonName('path', bytesOfText('/é'))).toEqual({ path: '/é' });
  });

  it('gives the exact bytes too where they are not', () => {
    expect(jsonName('path', asBytes('/srv/bad\xffname'))).toEqual({
      path: '/srv/bad\ufffdname',
      pathB64: 'L3Nydi9iYWT/bmFtZQ==',
    });
  });
});
