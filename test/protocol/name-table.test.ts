// Names found by their bytes: in any case of ASCII letters, however many there are.

import { expect, test } from 'vitest';
import { NameTable } from '../../src/protocol/name-table.ts';

function find<T>(table: NameTable<T>, name: string): T | undefined {
  const bytes = Buffer.from(`..${name}..`, 'latin1');
  return table.find(bytes, 2, name.length);
}

test('finds each of many names, in either case, and nothing else', () => {
  const table = new NameTable<number>();
  for (let i = 0; i < 1000; i++) table.add(`name-${i}`, i);
  for (let i = 0; i < 1000; i++) {
    expect(find(table, `name-${i}`)).toBe(i);
    expect(find(table, `NAME-${i}`)).toBe(i);
    expect(find(table, `name_${i}`)).toBeUndefined();
  }
  expect(find(table, '')).toBeUndefined();
});

test('takes only ASCII letters for the same', () => {
  const table = new NameTable<string>();
  table.add('a[\xe9', 'found');
  expect(find(table, 'A[\xe9')).toBe('found');
  // These differ by the bit that tells the case of letters.
  expect(find(table, 'a{\xe9')).toBeUndefined();
  expect(find(table, 'a[\xc9')).toBeUndefined();
});

test('forgets everything at once, what it found last too', () => {
  const table = new NameTable<number>();
  table.add('get', 1);
  expect(find(table, 'get')).toBe(1);
  table.clear();
  expect(find(table, 'get')).toBeUndefined();
  table.add('get', 2);
  expect(find(table, 'get')).toBe(2);
});
