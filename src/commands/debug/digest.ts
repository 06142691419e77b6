// DEBUG DIGEST: a fingerprint of the data that does not depend on the order of keys, equal to the
// one that Redis computes for the same data.
//
//   mix(d, x)  = SHA1(d xor SHA1(x))
//   value of k = mix(mix(0, type), bytes), xor SHA1("!!expire!!") if k has an expiry;
//                of a list, the bytes of each element are mixed in, in order;
//                of a set, xor SHA1(member) for each member;
//                of a hash, xor SHA1(mix(mix(0, field), value)) for each field,
//                or of that xor SHA1("!!hexpire!!") if the field has an expiry (Redis 7.4)
//   key        = the same, beginning with mix(0, key) instead of 0
//   all        = for each database that holds keys: mix(all, index), then xor SHA1(key) of each key
import { hash } from 'node:crypto';
import { type Database, NO_EXPIRY } from '../../keyspace/database.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import type { TypeTable } from '../../keyspace/type-table.ts';

const DIGEST_BYTES = 20;
const EXPIRE_MARK = Buffer.from('!!expire!!');
/** Entries visited in one step of the iteration. */
const SCAN_COUNT = 1024;

/** The digest of everything, in hexadecimal; keys whose expiry has passed do not count. */
export function digestOfDatabases({ databases, types }: Keyspace): string {
  const all = Buffer.alloc(DIGEST_BYTES);
  for (const database of databases) {
    const keys = digestOfKeys(types, database);
    if (keys === undefined) continue;
    mix(all, uint32(database.index));
    xor(all, keys);
  }
  return all.toString('hex');
}

/** The digest of a value with its expiry, in hexadecimal; zeros when `ref` is 0. */
export function digestOfValue({ types }: Keyspace, database: Database, ref: number): string {
  const digest = Buffer.alloc(DIGEST_BYTES);
  if (ref !== 0) addValue(digest, types, database, ref);
  return digest.toString('hex');
}

/** What all keys of a database add to the digest; undefined when there is no key. */
function digestOfKeys(types: TypeTable, database: Database): Buffer | undefined {
  const keys = Buffer.alloc(DIGEST_BYTES);
  let count = 0;
  let cursor = 0;
  do {
    cursor = database.scan(cursor, SCAN_COUNT, (ref) => {
      if (database.isDue(ref)) return;
      const digest = Buffer.alloc(DIGEST_BYTES);
      const { buffer, offset, length } = database.key(ref);
      mix(digest, buffer.subarray(offset, offset + length));
      addValue(digest, types, database, ref);
      xor(keys, sha1(digest));
      count++;
    });
  } while (cursor !== 0);
  return count === 0 ? undefined : keys;
}

function addValue(digest: Buffer, types: TypeTable, database: Database, ref: number): void {
  const type = types.of(database.typeOf(ref));
  mix(digest, uint32(type.id));
  type.digest(database.entries, ref, {
    mix: (bytes) => mix(digest, bytes),
    add: (bytes) => xor(digest, sha1(bytes)),
    addPair(first, second, mark) {
      const pair = Buffer.alloc(DIGEST_BYTES);
      mix(pair, first);
      mix(pair, second);
      if (mark !== undefined) xor(pair, sha1(mark));
      xor(digest, sha1(pair));
    },
  });
  if (database.expiryOf(ref) !== NO_EXPIRY) xor(digest, sha1(EXPIRE_MARK));
}

function mix(digest: Buffer, bytes: Buffer): void {
  xor(digest, sha1(bytes));
  sha1(digest).copy(digest);
}

function xor(digest: Buffer, other: Buffer): void {
  for (let i = 0; i < DIGEST_BYTES; i++) digest[i] ^= other[i];
}

function sha1(bytes: Buffer): Buffer {
  return hash('sha1', bytes, 'buffer');
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
