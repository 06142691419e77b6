// A keyspace with plain Maps beside it. Every operation is done to both; `check` compares all that
// can be compared: values, expiries, counts, iteration, and memory to the byte.

import { expect } from 'vitest';
import { type Database, NO_EXPIRY } from '../../src/keyspace/database.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { ENCODING_INT, ENCODING_RAW, stringEncoding } from '../../src/keyspace/plain-strings.ts';
import { MAX_BLOCK_BYTES } from '../../src/memory/size-classes.ts';
import { Request } from '../../src/protocol/request.ts';
import { HEADER_BYTES, MAX_INLINE_KEY_BYTES } from '../../src/structures/entry.ts';
import { valueTypes } from '../../src/types/index.ts';
import {
  createString,
  KEEP_EXPIRY,
  patchString,
  setInteger,
  setString,
} from '../../src/types/string/values.ts';

/** Bytes before the key in an entry without expiry, and in one with it. */
const PLAIN_BYTES = HEADER_BYTES + 4;
const EXPIRING_BYTES = HEADER_BYTES + 16;

const START_MS = 1_700_000_000_000;

interface Value {
  bytes: Buffer;
  encoding: number;
  /** In ms since the epoch, or NO_EXPIRY. */
  expiry: number;
}

/** Keys of all kinds: none, short, the longest inside a block, longer ones. */
export const KEYS: readonly string[] = [
  '',
  'a',
  'b',
  'key:1',
  'x'.repeat(300),
  'y'.repeat(MAX_INLINE_KEY_BYTES),
  'z'.repeat(MAX_INLINE_KEY_BYTES + 1),
  `${'z'.repeat(MAX_INLINE_KEY_BYTES)}!`,
  'w'.repeat(3 * MAX_INLINE_KEY_BYTES),
];

/** What can be done; see `CheckedKeyspace.apply`. */
export const OPERATIONS = [
  'set',
  'set',
  'set',
  'setKeepingExpiry',
  'setExpiring',
  'setExpiring',
  'setInteger',
  'patch',
  'patch',
  'append',
  'append',
  'delete',
  'move',
  'copy',
  'expire',
  'expire',
  'persist',
  'read',
  'tick',
  'expireDue',
  'swap',
  'flush',
  'reclaim',
] as const; // prettier-ignore
export type Operation = (typeof OPERATIONS)[number];

/** The keyspace and its model. */
export class CheckedKeyspace {
  readonly keyspace: Keyspace;
  readonly models: Map<string, Value>[];
  nowMs = START_MS;
  /** Bytes in use before anything was stored. */
  readonly baseBytes: number;
  /** What was done, for tests to see that it was. */
  readonly done = new Map<Operation, number>();

  constructor(databases: number, prepare?: (keyspace: Keyspace) => void) {
    this.keyspace = new Keyspace(valueTypes, databases);
    prepare?.(this.keyspace);
    this.keyspace.tick(this.nowMs);
    this.models = this.keyspace.databases.map(() => new Map());
    this.baseBytes = this.keyspace.usedBytes;
  }

  /** Does one operation; the three numbers say on what. May throw what an allocation throws. */
  apply(operation: Operation, a: number, b: number, c: number): void {
    const index = a % this.models.length;
    const db = this.keyspace.databases[index];
    const model = this.models[index];
    const name = KEYS[b % KEYS.length];
    const key = Request.of(['command', name]);
    const ref = db.lookupForChange(key, 1);
    this.#forgetDue(model, name);
    const value = model.get(name);
    expect(ref !== 0).toBe(value !== undefined);
    const later = this.nowMs + 1 + (c % 5_000);
    switch (operation) {
      case 'set':
        this.#set(db, model, name, bytesOf(name, c), NO_EXPIRY);
        break;
      case 'setExpiring':
        this.#set(db, model, name, bytesOf(name, c), later);
        break;
      case 'setKeepingExpiry':
        this.#set(db, model, name, bytesOf(name, c), KEEP_EXPIRY);
        break;
      case 'setInteger': {
        const number = (c % 2 === 0 ? -1 : 1) * c;
        setInteger(db, key, 1, ref, number);
        const bytes = Buffer.from(String(BigInt(number)));
        model.set(name, { bytes, encoding: ENCODING_INT, expiry: value?.expiry ?? NO_EXPIRY });
        break;
      }
      case 'patch':
        this.#patch(db, model, name, ref, sizeOf(name, c), Buffer.alloc(c % 70, c));
        break;
      case 'append':
        this.#patch(db, model, name, ref, value?.bytes.length ?? 0, bytesOf(name, c));
        break;
      case 'delete':
        expect(db.delete(key, 1)).toBe(model.delete(name));
        break;
      case 'move':
      case 'copy':
        this.#transfer(operation, db, model, name, ref, c);
        break;
      case 'expire':
      case 'persist': {
        if (value === undefined) return;
        const expiry = operation === 'expire' ? later : NO_EXPIRY;
        const target = db.setExpiry(ref, expiry);
        expect(db.expiryOf(target)).toBe(expiry);
        value.expiry = expiry;
        break;
      }
      case 'read':
        expect(db.lookupRead(key, 1)).toBe(ref);
        break;
      case 'tick':
        this.nowMs += c % 2_000;
        this.keyspace.tick(this.nowMs);
        break;
      case 'expireDue':
        this.expireDue();
        break;
      case 'swap': {
        const other = (a + c) % this.models.length;
        this.keyspace.swap(db, this.keyspace.databases[other]);
        [this.models[index], this.models[other]] = [this.models[other], model];
        break;
      }
      case 'flush':
        // Rarely: the others need something to work on.
        if (c % 8 !== 0) return;
        this.keyspace.flush(index);
        model.clear();
        break;
      case 'reclaim':
        this.keyspace.reclaim(0);
        break;
    }
    this.done.set(operation, (this.done.get(operation) ?? 0) + 1);
    this.#checkKey(this.keyspace.databases[index], this.models[index], name);
  }

  /** Deletes everything that is due, from both. */
  expireDue(): void {
    expect(this.keyspace.expireDue(Number.POSITIVE_INFINITY)).toBe(false);
    for (const model of this.models) {
      for (const name of [...model.keys()]) this.#forgetDue(model, name);
    }
  }

  /** Compares everything. */
  check(): void {
    const { keyspace, models } = this;
    this.expireDue();
    while (keyspace.reclaim(Number.POSITIVE_INFINITY));
    let bytes = 0;
    for (const [index, model] of models.entries()) {
      const db = keyspace.databases[index];
      const found: string[] = [];
      db.scan(0, Number.POSITIVE_INFINITY, (ref) => {
        bytes += db.entries.footprintBytes(ref);
        found.push(db.key(ref).copy().toString('latin1'));
      });
      expect(found.sort()).toEqual([...model.keys()].sort());
      for (const name of model.keys()) this.#checkKey(db, model, name);
      const expiries = [...model.values()].map(({ expiry }) => expiry).filter((at) => at >= 0);
      expect([db.size, db.expiring]).toEqual([model.size, expiries.length]);
      expect(db.soonestExpiryMs).toBe(Math.min(...expiries));
      if (expiries.length > 0) expect(db.expiryOf(db.soonestToExpire())).toBe(db.soonestExpiryMs);
      bytes += db.overheadBytes;
    }
    expect(keyspace.usedBytes - this.baseBytes).toBe(bytes);
  }

  /** Deletes every key, one by one or at once, and expects that no memory stays in use. */
  empty(atOnce: boolean): void {
    const { keyspace, models } = this;
    for (const [index, model] of models.entries()) {
      const db = keyspace.databases[index];
      for (const name of atOnce ? [] : model.keys()) {
        expect(db.delete(Request.of(['command', name]), 1)).toBe(true);
      }
      if (!atOnce) expect([db.size, db.expiring]).toEqual([0, 0]);
    }
    if (!atOnce) expect(keyspace.arena.overflow.usedBytes).toBe(0);
    for (const model of models) model.clear();
    keyspace.flush();
    while (keyspace.reclaim(Number.POSITIVE_INFINITY));
    expect(keyspace.arena.overflow.usedBytes).toBe(0);
    const tables = keyspace.databases.reduce((sum, db) => sum + db.overheadBytes, 0);
    expect(keyspace.usedBytes).toBe(this.baseBytes + tables);
    if (atOnce) expect(keyspace.usedBytes).toBe(this.baseBytes);
  }

  #set(db: Database, model: Map<string, Value>, name: string, bytes: Buffer, expiry: number): void {
    const request = Request.of(['command', name, bytes]);
    const { buffer, offsets, lengths } = request;
    setString(db, request, 1, buffer, offsets[2], lengths[2], expiry);
    const kept = model.get(name)?.expiry ?? NO_EXPIRY;
    model.set(name, {
      bytes,
      encoding: stringEncoding(bytes, 0, bytes.length),
      expiry: expiry === KEEP_EXPIRY ? kept : expiry,
    });
  }

  #patch(
    db: Database,
    model: Map<string, Value>,
    name: string,
    ref: number,
    at: number,
    bytes: Buffer,
  ): void {
    const before = model.get(name);
    const length = Math.max(before?.bytes.length ?? 0, at + bytes.length);
    const after = Buffer.alloc(length);
    before?.bytes.copy(after);
    bytes.copy(after, at);
    const target = ref === 0 ? createString(db, Request.of(['command', name]), 1, length) : ref;
    const surrounded = Buffer.concat([Buffer.alloc(3, 'x'), bytes, Buffer.alloc(3, 'x')]);
    patchString(db, target, at, surrounded, 3, bytes.length, ENCODING_RAW);
    model.set(name, { bytes: after, encoding: ENCODING_RAW, expiry: before?.expiry ?? NO_EXPIRY });
  }

  #transfer(
    operation: 'move' | 'copy',
    db: Database,
    model: Map<string, Value>,
    name: string,
    ref: number,
    c: number,
  ): void {
    const targetIndex = c % this.models.length;
    const target = this.keyspace.databases[targetIndex];
    const targetModel = this.models[targetIndex];
    const targetName = KEYS[(c >> 4) % KEYS.length];
    const value = model.get(name);
    if (value === undefined || (target === db && targetName === name)) return;
    const request = Request.of(['command', targetName]);
    const word = db.accessWord(ref);
    if (operation === 'move') db.moveTo(ref, target, request, 1);
    else db.copyTo(ref, target, request, 1);
    targetModel.set(targetName, { ...value });
    if (operation === 'move') {
      model.delete(name);
      expect(target.accessWord(target.lookupForChange(request, 1))).toBe(word);
    }
    this.#checkKey(target, targetModel, targetName);
  }

  #checkKey(db: Database, model: Map<string, Value>, name: string): void {
    const key = Buffer.from(name, 'latin1');
    const ref = db.find(key, 0, key.length);
    this.#forgetDue(model, name);
    const value = model.get(name);
    if (value === undefined) {
      expect(ref).toBe(0);
      return;
    }
    const { buffer, offset, length } = db.value(ref);
    if (!value.bytes.equals(buffer.subarray(offset, offset + length))) {
      throw new Error(`the value of a key of ${name.length} bytes is wrong`);
    }
    if (!db.key(ref).copy().equals(key)) throw new Error('the key is wrong');
    expect([db.typeOf(ref), db.encodingOf(ref), db.expiryOf(ref)]).toEqual([
      0,
      value.encoding,
      value.expiry,
    ]);
  }

  #forgetDue(model: Map<string, Value>, name: string): void {
    const expiry = model.get(name)?.expiry ?? NO_EXPIRY;
    if (expiry !== NO_EXPIRY && expiry <= this.nowMs) model.delete(name);
  }
}

/** A size of a value for a key: small, or around what just fits into a block, or large. */
function sizeOf(key: string, n: number): number {
  const keyBytes = key.length > MAX_INLINE_KEY_BYTES ? 4 : key.length;
  const near = ((n >> 4) % 7) - 3;
  const sizes = [
    0,
    1,
    20,
    44,
    45,
    100 + (n % 400),
    5_000 + (n % 300),
    1,
    30,
    64,
    MAX_BLOCK_BYTES - PLAIN_BYTES - keyBytes + near,
    MAX_BLOCK_BYTES - EXPIRING_BYTES - keyBytes + near,
    MAX_BLOCK_BYTES + (n % 60_000),
  ]; // prettier-ignore
  return sizes[n % sizes.length];
}

/** A value for a key: bytes that differ from each other, or an integer. */
function bytesOf(key: string, n: number): Buffer {
  if (n % 11 === 3) return Buffer.from(String(n));
  const bytes = Buffer.alloc(sizeOf(key, n), `${n}:`);
  if (bytes.length > 0) bytes[bytes.length - 1] = n;
  return bytes;
}
