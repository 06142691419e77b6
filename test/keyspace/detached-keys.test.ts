// An emptied database is given back in small steps, whatever its values are.
import { expect, test } from 'vitest';
import { NO_EXPIRY } from '../../src/keyspace/database.ts';
import { Request } from '../../src/protocol/request.ts';
import { ListBuilder } from '../../src/types/list/builder.ts';
import { setString } from '../../src/types/string/values.ts';
import { newKeyspace } from './support.ts';

const LISTS = 200;
const STRINGS = 5000;
const ELEMENT = Buffer.alloc(100, 'e');

test('collections are freed a few at a time, strings a segment at a time', () => {
  const keyspace = newKeyspace();
  const [db] = keyspace.databases;
  const builder = new ListBuilder(keyspace.entries);
  for (let i = 0; i < LISTS; i++) {
    const key = Request.of([`list:${i}`]);
    db.lookupForChange(key, 0);
    for (let k = 0; k < 2000; k++) builder.push(ELEMENT, 0, ELEMENT.length);
    builder.store(db, key, 0, NO_EXPIRY);
  }
  for (let i = 0; i < STRINGS; i++)
    setString(db, Request.of([`s:${i}`]), 0, ELEMENT, 0, 100, NO_EXPIRY);
  const perList = 2000 * ELEMENT.length;
  const emptied = db.detach();
  expect(emptied.keys).toBe(LISTS + STRINGS);
  let steps = 0;
  let mostBytes = 0;
  let before = keyspace.usedBytes;
  for (let isLeft = true; isLeft; steps++) {
    isLeft = emptied.free();
    mostBytes = Math.max(mostBytes, before - keyspace.usedBytes);
    before = keyspace.usedBytes;
  }
  // Not the lists of a whole segment, some forty.
  expect(mostBytes).toBeLessThan(20 * perList);
  expect(steps).toBeGreaterThan(LISTS / 16);
  expect(steps).toBeLessThan(LISTS / 16 + STRINGS / 200);
  while (keyspace.reclaim(Number.POSITIVE_INFINITY));
  expect(keyspace.usedBytes).toBe(keyspace.initialBytes);
});
