// The bytes of packed elements: those of listpack's description, and read back from either side.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countElements,
  elementAfter,
  elementBefore,
  isElement,
  PackedElement,
  PackedEncoder,
  skipBackward,
  skipForward,
} from '../../src/structures/packed-list.ts';

/** Elements and their bytes, worked out by hand from the format's description. */
const VECTORS: readonly (readonly [text: string, hex: string])[] = [
  ['0', '00 01'],
  ['127', '7f 01'],
  ['128', 'c0 80 02'],
  ['4095', 'cf ff 02'],
  ['-1', 'df ff 02'],
  ['-4096', 'd0 00 02'],
  ['4096', 'f1 00 10 03'],
  ['-4097', 'f1 ff ef 03'],
  ['32767', 'f1 ff 7f 03'],
  ['32768', 'f2 00 80 00 04'],
  ['-8388608', 'f2 00 00 80 04'],
  ['8388608', 'f3 00 00 80 00 05'],
  ['-2147483648', 'f3 00 00 00 80 05'],
  ['2147483648', 'f4 00 00 00 80 00 00 00 00 09'],
  ['-2147483649', 'f4 ff ff ff 7f ff ff ff ff 09'],
  ['9007199254740991', 'f4 ff ff ff ff ff ff 1f 00 09'],
  // Not exact as a double: stays text.
  ['9007199254740993', `90 ${hexOf('9007199254740993')} 11`],
  ['', '80 01'],
  ['a', '81 61 02'],
  ['01', '82 30 31 03'],
  ['-0', '82 2d 30 03'],
  ['x'.repeat(63), `bf ${'78 '.repeat(63)}40`],
  ['x'.repeat(64), `e0 40 ${'78 '.repeat(64)}42`],
  ['x'.repeat(125), `e0 7d ${'78 '.repeat(125)}7f`],
  ['x'.repeat(126), `e0 7e ${'78 '.repeat(126)}01 80`],
  ['x'.repeat(4095), `ef ff ${'78 '.repeat(4095)}20 81`],
  ['x'.repeat(4096), `f0 00 10 00 00 ${'78 '.repeat(4096)}20 85`],
  // The edges of the backward length are one less than seven bits a byte would allow.
  ['x'.repeat(16377), `f0 f9 3f 00 00 ${'78 '.repeat(16377)}7f fe`],
  ['x'.repeat(16378), `f0 fa 3f 00 00 ${'78 '.repeat(16378)}00 ff ff`],
];

function hexOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}

function encode(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const encoder = new PackedEncoder();
  encoder.set(bytes, 0, bytes.length);
  const encoded = Buffer.alloc(encoder.size, 0xee);
  encoder.write(encoded, 0);
  return encoded;
}

describe('an element', () => {
  test.each(VECTORS.map(([text, hex]) => [`${text.slice(0, 20)} (${text.length})`, text, hex]))(
    '%s has the bytes of a listpack',
    (_label, text, hex) => {
      expect(encode(text).toString('hex')).toBe(hex.replaceAll(' ', ''));
    },
  );
});

describe('a run of elements', () => {
  const texts = VECTORS.map(([text]) => text);
  const parts = texts.map(encode);
  const run = Buffer.concat([Buffer.alloc(5, 0xaa), ...parts, Buffer.alloc(5, 0xbb)]);
  const start = 5;
  const end = run.length - 5;

  test('is read forward', () => {
    const element = new PackedElement();
    const read: string[] = [];
    for (let at = start; at < end; ) {
      expect(elementAfter(run, at)).toBe(at + parts[read.length].length);
      at = element.read(run, at);
      read.push(element.bytes(run).toString('latin1'));
    }
    expect(read).toEqual(texts);
    expect(countElements(run, start, end)).toBe(texts.length);
    expect(skipForward(run, start, texts.length)).toBe(end);
  });

  test('is read backward', () => {
    const element = new PackedElement();
    const read: string[] = [];
    for (let at = end; at > start; ) {
      at = elementBefore(run, at);
      element.read(run, at);
      read.unshift(element.bytes(run).toString('latin1'));
    }
    expect(read).toEqual(texts);
    expect(skipBackward(run, end, texts.length)).toBe(start);
  });

  test('is searched: an element equals itself and no other', () => {
    for (const [i, part] of parts.entries()) {
      const at = skipForward(run, start, i);
      for (const [k, other] of parts.entries()) expect(isElement(run, at, other)).toBe(i === k);
      expect(isElement(run, at, part)).toBe(true);
    }
  });
});

test('any two elements are equal exactly when their bytes are', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 70 }),
    fc.integer().map(String),
    fc.bigInt().map(String),
  );
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const bytes = encode(one);
      expect(isElement(bytes, 0, encode(other))).toBe(encode(other).equals(bytes));
      const element = new PackedElement();
      expect(element.read(bytes, 0)).toBe(bytes.length);
      expect(element.bytes(bytes).toString('latin1')).toBe(
        Buffer.from(one, 'latin1').toString('latin1'),
      );
    }),
  );
});
