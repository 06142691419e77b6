// Prefetching changes nothing: what is looked up afterwards is found exactly as without it.

import { describe, expect, test } from 'vitest';
import { families } from '../../src/commands/index.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { KeyPlan } from '../../src/core/key-plan.ts';
import { keyAt, keyRange, keysAfter } from '../../src/core/key-specs.ts';
import { RequestPrefetcher } from '../../src/dispatch/request-prefetcher.ts';
import { type Database, NO_EXPIRY } from '../../src/keyspace/database.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { Request } from '../../src/protocol/request.ts';
import { valueTypes } from '../../src/types/index.ts';
import { setString } from '../../src/types/string/values.ts';

const LONG = 'l'.repeat(300);
const table = new CommandTable(families);

function databaseWith(keys: readonly string[]): Database {
  const keyspace = new Keyspace(valueTypes, 1);
  const value = Buffer.from('value');
  for (const key of keys) {
    setString(
      keyspace.databases[0],
      Request.of(['SET', key]),
      1,
      value,
      0,
      value.length,
      NO_EXPIRY,
    );
  }
  return keyspace.databases[0];
}

/** Prefetches the keys of a request as dispatch does. */
function prefetch(
  database: Database,
  request: Request,
  prefetcher = new RequestPrefetcher(),
): void {
  const plan = table.find(request)?.keyPlan;
  expect(request.count).toBeGreaterThan(plan?.severalAbove ?? Number.POSITIVE_INFINITY);
  if (plan !== undefined) prefetcher.keysOf(database, request, plan);
}

describe('RequestPrefetcher', () => {
  test('finds the same keys, with long, missing and many ones between', () => {
    const present = ['a', LONG, 'b', '', ...Array.from({ length: 100 }, (_, i) => `key:${i}`)];
    const database = databaseWith(present);
    const words = ['missing', ...present.slice(0, 2), 'absent', ...present.slice(2)];
    const request = Request.of(['MGET', ...words]);
    const prefetcher = new RequestPrefetcher();
    for (let round = 0; round < 2; round++) {
      prefetch(database, request, prefetcher);
      for (let i = 1; i < request.count; i++) {
        const ref = database.lookupForChange(request, i);
        expect(ref !== 0, words[i - 1]).toBe(present.includes(words[i - 1]));
        if (ref !== 0) expect(database.key(ref).copy().toString()).toBe(words[i - 1]);
      }
    }
  });

  test('leaves out what is not a key', () => {
    const database = databaseWith(['a', 'b']);
    const request = Request.of(['MSET', 'a', 'x', LONG, 'y', 'b', 'z']);
    prefetch(database, request);
    expect(database.lookupForChange(request, 1)).not.toBe(0);
    expect(database.lookupForChange(request, 3)).toBe(0);
    expect(database.lookupForChange(request, 5)).not.toBe(0);
  });

  test('works on an empty database', () => {
    const database = databaseWith([]);
    const request = Request.of(['DEL', 'a', 'b']);
    prefetch(database, request);
    expect(database.lookupForChange(request, 1)).toBe(0);
  });

  test('hashes keys wherever they stand', () => {
    const database = databaseWith(['a', 'b', '2']);
    const request = Request.of(['LMPOP', '2', 'a', 'b', 'LEFT']);
    prefetch(database, request);
    expect(request.hashedTo).toBe(3);
    expect(database.lookupForChange(request, 2)).not.toBe(0);
    expect(database.lookupForChange(request, 3)).not.toBe(0);
    expect(database.lookupForChange(request, 4)).toBe(0);
  });
});

describe('what is prefetched', () => {
  const NEVER = 0x7fffffff;

  test('are requests that may have any number of keys', () => {
    const severalAbove = (name: string) => table.byName(name)?.keyPlan.severalAbove;
    expect(severalAbove('mget')).toBe(2);
    expect(severalAbove('mset')).toBe(3);
    expect(severalAbove('blpop')).toBe(3);
    expect(severalAbove('lmpop')).toBe(3);
    for (const name of ['get', 'lmove', 'flushall', 'migrate']) {
      expect(severalAbove(name), name).toBe(NEVER);
    }
  });

  test('are keys that stand in their order', () => {
    const { severalAbove } = new KeyPlan([keyAt(1, 'OW'), keyRange(2, -1, 1, 'RO')]);
    expect(severalAbove).toBe(0);
    for (const specs of [
      [keyRange(2, -1, 1, 'RO'), keyAt(1, 'OW')],
      [keyAt(2, 'RO'), keyRange(1, -1, 1, 'OW')],
      [keyRange(1, -2, 1, 'RO'), keyRange(5, -1, 1, 'RO')],
      [keyAt(1, 'RO'), keysAfter('STORE', 2, 'OW'), keyRange(3, -1, 1, 'RO')],
    ]) {
      expect(new KeyPlan(specs).severalAbove).toBe(NEVER);
    }
  });
});
