// What is taken for the entry of a repeated key: only what the table found last, under that key.
import { expect, test } from 'vitest';
import { RepeatedKey } from '../../src/keyspace/repeated-key.ts';
import { Request } from '../../src/protocol/request.ts';
import { CheckedTable } from '../structures/checked-table.ts';

/** Two requests of a pipeline that have the same key. */
function twoRequests(key: string, hash: number): [Request, Request] {
  const first = Request.of(['GET', key]);
  const second = Request.of(['GET', key]);
  first.keepHash(1, hash);
  expect(second.sharesKey(first)).toBe(true);
  return [first, second];
}

test('the entry that was found for the request before', () => {
  const checked = new CheckedTable();
  checked.insert('key');
  const ref = checked.find('key');
  const repeated = new RepeatedKey();
  const [first, second] = twoRequests('key', checked.table.hash);
  repeated.note(first, checked.table);
  expect(repeated.of(second, checked.table)).toBe(ref);
  repeated.forget();
  expect(repeated.of(second, checked.table)).toBe(0);
});

test('not another key, whose entry has got the same block', () => {
  const checked = new CheckedTable();
  checked.insert('key');
  const ref = checked.find('key');
  const repeated = new RepeatedKey();
  const [first, second] = twoRequests('key', checked.table.hash);
  repeated.note(first, checked.table);
  checked.remove('key');
  checked.insert('yek');
  expect(checked.find('yek')).toBe(ref);
  expect(repeated.of(second, checked.table)).toBe(0);
});
