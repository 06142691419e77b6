// Compared with a model that fills the whole table of lengths, cell by cell, and goes back through it as
// Redis does: around the borders of limbs and of bands, with many ties and with few.

import { describe, expect, test } from 'vitest';
import {
  type CommonRun,
  commonLength,
  commonRuns,
} from '../../../src/commands/string/common-subsequence.ts';
import { Random } from '../../support/random.ts';
import { byTier } from '../../support/tier.ts';

/** Around 30, 31 and 32 bits, and twice and three times as many. */
const BORDERS = [0, 1, 2, 15, 16, 17, 29, 30, 31, 32, 33, 59, 60, 61, 62, 63, 64, 65, 95, 96, 97];
const ALPHABETS = [1, 2, 3, 4, 26, 256];

describe('equals the table of lengths', () => {
  test.each(ALPHABETS)('at the borders of limbs, alphabet of %i', (letters) => {
    const random = new Random(letters);
    for (const firstLength of BORDERS) {
      for (const secondLength of BORDERS) {
        expectModel(
          randomBytes(random, firstLength, letters),
          randomBytes(random, secondLength, letters),
        );
      }
    }
  });

  test.each(ALPHABETS)('for random lengths, alphabet of %i', (letters) => {
    const random = new Random(1_000 + letters);
    for (let round = 0; round < byTier(100, 3_000); round++) {
      expectModel(
        randomBytes(random, random.integer(0, 200), letters),
        randomBytes(random, random.integer(0, 200), letters),
      );
    }
  });

  // A band of rows is 256 KiB, or the square root of all rows if that is more.
  test.each([
    [1_500, 1_500],
    [1_447, 1_449],
    [1_449, 1_447],
    [300, 20_000],
    [20_000, 300],
    [3, 700_000],
    [700_000, 3],
    [5, 1_100_000],
    [1_100_000, 5],
  ])('with strings of %i and %i bytes, in several bands', (firstLength, secondLength) => {
    const random = new Random(firstLength);
    for (const letters of [2, 20]) {
      expectModel(
        randomBytes(random, firstLength, letters),
        randomBytes(random, secondLength, letters),
      );
    }
  });

  test('for strings that are nearly equal, as their runs cross the bands', () => {
    const random = new Random(7);
    const first = randomBytes(random, 2_000, 200);
    const second = Buffer.from(first);
    for (let change = 0; change < 20; change++) second[random.integer(0, 1_999)] = 255;
    expectModel(first, second);
    expectModel(first, first);
    expectModel(first.subarray(1), second);
    expectModel(second, first.subarray(33));
  });
});

test('without bytes in common there is nothing', () => {
  const none: [Uint8Array, Uint8Array][] = [
    [Buffer.from('aaaa'), Buffer.from('bb')],
    [Buffer.from('a'.repeat(33)), Buffer.from('b'.repeat(70))],
    [Buffer.from(''), Buffer.from('b')],
    [Buffer.from('b'), Buffer.from('')],
    [Buffer.from(''), Buffer.from('')],
  ];
  for (const [first, second] of none) {
    expect(commonLength(first, second)).toBe(0);
    expect(commonRuns(first, second)).toEqual([]);
  }
});

function expectModel(first: Uint8Array, second: Uint8Array): void {
  const model = modelOf(first, second);
  const what = `${first.length} and ${second.length} bytes`;
  expect(commonLength(first, second), what).toBe(model.length);
  // Texts: the comparison of some thousand objects would take most of the time.
  expect(commonRuns(first, second).map(textOf).join(' '), what).toBe(
    model.runs.map(textOf).join(' '),
  );
}

function textOf({ first, second, length }: CommonRun): string {
  return `${first},${second},${length}`;
}

/** The table and the way back of Redis's t_string.c, with its own order for ties. */
function modelOf(first: Uint8Array, second: Uint8Array): { length: number; runs: CommonRun[] } {
  const width = second.length + 1;
  const table = new Uint32Array((first.length + 1) * width);
  for (let i = 1; i <= first.length; i++) {
    for (let j = 1; j < width; j++) {
      table[i * width + j] =
        first[i - 1] === second[j - 1]
          ? table[(i - 1) * width + j - 1] + 1
          : Math.max(table[(i - 1) * width + j], table[i * width + j - 1]);
    }
  }
  const runs: CommonRun[] = [];
  let i = first.length;
  let j = second.length;
  while (i > 0 && j > 0) {
    let length = 0;
    while (i > 0 && j > 0 && first[i - 1] === second[j - 1]) {
      i--;
      j--;
      length++;
    }
    if (length > 0) runs.push({ first: i, second: j, length });
    else if (table[(i - 1) * width + j] > table[i * width + j - 1]) i--;
    else j--;
  }
  return { length: table[table.length - 1], runs };
}

function randomBytes(random: Random, length: number, letters: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = random.integer(0, letters - 1);
  return bytes;
}
