// The manifest's text: round trips, Redis's own form, what is refused, and that no flipped bit passes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatManifest, type Manifest, parseManifest } from '../../src/persistence/manifest.ts';

const place = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const name = fc
  .string({ minLength: 1, maxLength: 30, unit: 'binary-ascii' })
  .filter((text) => !/[/\\]/.test(text));

const manifests = fc.record({
  replicationId: fc.constant('53b9b28df8403f4153eab9bfc0c0a0d7fd9f3f1a'),
  bases: fc.array(fc.record({ name, seq: fc.integer({ min: 1, max: 99 }), offset: place })),
  keptSegments: fc
    .array(fc.record({ name, start: place }), { maxLength: 4 })
    .map((list) => list.map((each, index) => ({ ...each, seq: index + 1 }))),
  segments: fc
    .array(fc.record({ name, start: fc.option(place, { nil: undefined }) }))
    .map((list) => list.map((each, index) => ({ ...each, seq: index + 10 }))),
  history: fc.constant<string[]>([]),
});

const EXAMPLE: Manifest = {
  replicationId: '53b9b28df8403f4153eab9bfc0c0a0d7fd9f3f1a',
  bases: [
    { name: 'a.1.base.rdb', seq: 1, offset: 0 },
    { name: 'a.2.base.rdb', seq: 2, offset: 4711 },
  ],
  keptSegments: [{ name: 'a.1.incr.aof', seq: 1, start: 0 }],
  segments: [{ name: 'a.2.incr.aof', seq: 2, start: 4711 }],
  history: [],
};

describe('a manifest', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
      }),
    );
  });

  test('with any bit flipped is refused', () => {
    const text = formatManifest(EXAMPLE);
    for (let bit = 0; bit < text.length * 8; bit++) {
      const bytes = Buffer.from(text, 'latin1');
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(() => parseManifest(bytes.toString('latin1')), `bit ${bit}`).toThrow();
    }
  });

  test('cut anywhere is refused', () => {
    const text = formatManifest(EXAMPLE);
    for (let length = 0; length < text.length; length++) {
      expect(() => parseManifest(text.slice(0, length)), `${length} bytes`).toThrow();
    }
  });

  test("of Redis's is read", () => {
    const text =
      '# a comment\nfile "a b.1.base.rdb" seq 1 type b\nfile old seq 1 type h\n' +
      'FILE a.1.incr.aof SEQ 7 TYPE i later-key value\n';
    expect(parseManifest(text)).toEqual({
      replicationId: '',
      bases: [{ name: 'a b.1.base.rdb', seq: 1, offset: undefined }],
      keptSegments: [],
      segments: [{ name: 'a.1.incr.aof', seq: 7, start: undefined }],
      history: ['old'],
    });
  });

  test.each([
    ['', /empty/],
    ['\n', /pairs/],
    ['file a seq 1\n', /pairs/],
    ['file a seq 1 type\n', /pairs/],
    ['file a seq 0 type i\n', /does not name/],
    ['file a seq 1 type x\n', /unknown type/],
    ['file ../a seq 1 type i\n', /without a path/],
    ['file a seq 2 type i\nfile b seq 2 type i\n', /out of order/],
    ['file a seq 1 type i start 5\n', /damaged/],
  ])('%j is refused', (text, message) => {
    expect(() => parseManifest(text)).toThrow(message);
  });
});
