// How a line is split into words, against the words that a quoting of known arguments was made of.
// That Redis splits the same lines alike is compared in test/compatibility/protocol.test.ts.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitArguments } from '../../src/protocol/inline.ts';
import { latin1 } from './feed.ts';

function split(line: string): string[] | undefined {
  return splitArguments(latin1(line))?.map((word) => word.toString('latin1'));
}

test.each<[string, string[]]>([
  ['', []],
  [' \t\n\v\f\r', []],
  ['a', ['a']],
  ['  a\tb\r\nc  ', ['a', 'b', 'c']],
  ['""', ['']],
  ["''", ['']],
  ['"" \'\' ""', ['', '', '']],
  ['"a b"', ['a b']],
  ['"\\n\\r\\t\\b\\a\\\\\\""', ['\n\r\t\b\x07\\"']],
  ['"\\x00\\xfF\\x4a"', ['\0\xffJ']],
  ['"\\x4" "\\xzz" "\\x"', ['x4', 'xzz', 'x']],
  ['"\\q\\1"', ['q1']],
  ["'a\\nb'", ['a\\nb']],
  ["'it\\'s'", ["it's"]],
  ['\'a"b\' "a\'b"', ['a"b', "a'b"]],
  // A quote may open inside a word; what follows the closing one must be a blank.
  ['a"b c"', ['ab c']],
  ["a'b c' d", ['ab c', 'd']],
  ['a\\ b', ['a\\', 'b']],
  ['\xff\xfe "\xff"', ['\xff\xfe', '\xff']],
  // A NUL byte ends the line.
  ['a b\0c d', ['a', 'b']],
  ['\0a', []],
])('%j', (line, words) => {
  expect(split(line)).toEqual(words);
});

test.each([
  '"',
  "'",
  '"a',
  "'a",
  '"a"b',
  "'a'b",
  '"a\\"',
  "'a\\'",
  'a "b" "c',
  '"\\',
  '""""',
  'a"b"c',
  '"a\0"',
])('%j is not balanced', (line) => {
  expect(split(line)).toBeUndefined();
});

test('what was quoted comes out again, in any style of quoting', () => {
  const byte = fc.nat({ max: 255 }).map((code) => String.fromCharCode(code));
  const special = fc.constantFrom('\\', '"', "'", ' ', 'x', '\0', '\n', '\r');
  const word = fc.string({ unit: fc.oneof(byte, special), maxLength: 12 });
  const styles: Record<string, (text: string) => string> = {
    hex: (text) =>
      `"${[...text].map((c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}"`,
    escapes: (text) =>
      `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\0', '\\x00')}"`,
    // Single quotes cannot express a backslash in front of their end, nor a NUL byte.
    single: (text) => (/[\\\0]/.test(text) ? styles.hex(text) : `'${text.replaceAll("'", "\\'")}'`),
    bare: (text) => (/^[^\s"'\0]+$/.test(text) ? text : styles.escapes(text)),
  };
  const quoted = fc.tuple(word, fc.constantFrom('hex', 'escapes', 'single', 'bare'));
  const blank = fc.constantFrom(' ', '\t', '  ', ' \r ', '\v', '\f');
  fc.assert(
    fc.property(fc.array(fc.tuple(quoted, blank), { maxLength: 6 }), (parts) => {
      const line = parts.map(([[text, style], gap]) => styles[style](text) + gap).join('');
      // Latin-1's blanks beyond ASCII are no blanks to C.
      expect(split(line)).toEqual(parts.map(([[text]]) => text));
    }),
    { numRuns: 500 },
  );
});

test('any bytes yield words or are refused, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const words = splitArguments(bytes);
      const total = words?.reduce((sum, word) => sum + word.length, 0) ?? 0;
      expect(total).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 500 },
  );
});
