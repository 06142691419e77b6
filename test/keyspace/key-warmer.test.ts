// Warming changes nothing: what is looked up afterwards is found exactly as without it.

import { describe, expect, test } from 'vitest';
import { NO_EXPIRY } from '../../src/keyspace/database.ts';
import { KeyWarmer } from '../../src/keyspace/key-warmer.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { Request } from '../../src/protocol/request.ts';
import { valueTypes } from '../../src/types/index.ts';
import { setString } from '../../src/types/string/values.ts';

const LONG = 'l'.repeat(300);

function keyspaceWith(keys: readonly string[]): Keyspace {
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
  return keyspace;
}

describe('KeyWarmer', () => {
  test('finds the same keys, with long, missing and many ones between', () => {
    const present = ['a', LONG, 'b', '', ...Array.from({ length: 100 }, (_, i) => `key:${i}`)];
    const [database] = keyspaceWith(present).databases;
    const words = ['missing', ...present.slice(0, 2), 'absent', ...present.slice(2)];
    const request = Request.of(['MGET', ...words]);
    const warmer = new KeyWarmer();
    for (let round = 0; round < 2; round++) {
      warmer.warmArguments(database, request, 1);
      for (let i = 1; i < request.count; i++) {
        const ref = database.peek(request, i);
        expect(ref !== 0, words[i - 1]).toBe(present.includes(words[i - 1]));
        if (ref !== 0) expect(database.key(ref).copy().toString()).toBe(words[i - 1]);
      }
    }
  });

  test('leaves out what is not a key', () => {
    const [database] = keyspaceWith(['a', 'b']).databases;
    const request = Request.of(['MSET', 'a', 'x', LONG, 'y', 'b', 'z']);
    new KeyWarmer().warmArguments(database, request, 2);
    expect(database.peek(request, 1)).not.toBe(0);
    expect(database.peek(request, 3)).toBe(0);
    expect(database.peek(request, 5)).not.toBe(0);
  });

  test('works on an empty database', () => {
    const [database] = keyspaceWith([]).databases;
    const request = Request.of(['DEL', 'a', 'b']);
    new KeyWarmer().warmArguments(database, request, 1);
    expect(database.peek(request, 1)).toBe(0);
  });
});
