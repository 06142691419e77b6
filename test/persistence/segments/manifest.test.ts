// The manifest's text: round trips, Redis's own form, what is refused, and that no flipped bit passes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatManifest,
  type Manifest,
  parseManifest,
} from '../../../src/persistence/segments/manifest.ts';

const place = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const name = fc
  .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
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

/** Manifests of earlier builds end in their checksum, and name increments before history. */
const OF_EARLIER_BUILDS = [
  '#synap replication-id 53b9b28df8403f4153eab9bfc0c0a0d7fd9f3f1a',
  '#synap kept file a.1.base.rdb seq 1 type b offset 0',
  '#synap kept file a.1.incr.aof seq 1 type i start 0',
  'file a.2.base.rdb seq 2 type b offset 4711',
  'file a.2.incr.aof seq 2 type i start 4711',
  '#synap crc 98906c7a',
  '',
].join('\n');

describe('a manifest', () => {
  test('ends in its newest increment, behind comments, the base and history', () => {
    const lines = formatManifest({ ...EXAMPLE, history: ['a.0.incr.aof'] })
      .trim()
      .split('\n');
    const kinds = lines.map((line) =>
      line.replace(/^(#synap \w+|file).*?(type .)?( \w+ \d+)?$/, '$1 $2'),
    );
    expect(kinds).toEqual([
      ...['#synap crc ', '#synap replication ', '#synap kept type b', '#synap kept type i'],
      ...['file type b', 'file type h', 'file type i'],
    ]);
    expect(lines.at(-1)).toBe('file a.2.incr.aof seq 2 type i start 4711');
  });

  test('of an earlier build is read', () => {
    expect(parseManifest(OF_EARLIER_BUILDS)).toEqual(EXAMPLE);
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
      }),
    );
  });

  // Redis has written this for `appendfilename ünï日`.
  test("names files by the bytes of the file system, as Redis's do", () => {
    const base = String.raw`file "\xc3\xbcn\xc3\xaf\xe6\x97\xa5.2.base.rdb" seq 2 type b`;
    const name = 'ünï日.2.base.rdb';
    const { bases } = parseManifest(`${base}\n`);
    expect(bases).toEqual([{ name, seq: 2, offset: undefined }]);
    expect(formatManifest({ ...EXAMPLE, bases, segments: [] })).toContain(`\n${base}\n`);
  });

  test('of an earlier build names files in Latin-1', () => {
    const text = String.raw`file "\xfcn\xef.1.base.rdb" seq 1 type b`;
    expect(parseManifest(`${text}\n`).bases[0].name).toBe('ünï.1.base.rdb');
  });

  test('with any bit flipped is refused', () => {
    for (const text of [formatManifest(EXAMPLE), OF_EARLIER_BUILDS]) {
      for (let bit = 0; bit < text.length * 8; bit++) {
        const bytes = Buffer.from(text, 'latin1');
        bytes[bit >> 3] ^= 1 << (bit & 7);
        expect(() => parseManifest(bytes.toString('latin1')), `bit ${bit}`).toThrow();
      }
    }
  });

  test('cut anywhere is refused', () => {
    for (const text of [formatManifest(EXAMPLE), OF_EARLIER_BUILDS]) {
      for (let length = 0; length < text.length; length++) {
        expect(() => parseManifest(text.slice(0, length)), `${length} bytes`).toThrow();
      }
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
    ['file a seq 0x1 type i\n', /damaged/],
    ['#synap kept file a seq 1 type i start 1e3\n', /damaged/],
    ['file a seq 1 type x\n', /unknown type/],
    ['file ../a seq 1 type i\n', /without a path/],
    ['file a seq 2 type i\nfile b seq 2 type i\n', /out of order/],
    ['file a seq 1 type i start 5\n', /damaged/],
    ['file a seq 1 type b\nfile b seq 2 type b\n', /line 2: there is more than one base: b/],
    ['file a seq 1 type b\nfile c seq 1 type i\nfile a seq 1 type b\n', /line 3: .*more than one/],
  ])('%j is refused', (text, message) => {
    expect(() => parseManifest(text)).toThrow(message);
  });
});
