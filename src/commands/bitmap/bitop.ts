// BITOP: bitwise operations on several strings, whose result becomes a string.

import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { DENYOOM, WRITE } from '../../core/flags.ts';
import { keyAt, keyRange } from '../../core/key-specs.ts';
import { ABSENT, deleteTarget, lookupRead, REFUSED } from '../../core/lookup.ts';
import type { Database } from '../../keyspace/database.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { EVENT_STRING } from '../../keyspace/key-events.ts';
import { ENCODING_RAW, TYPE_STRING } from '../../keyspace/plain-strings.ts';
import {
  AND,
  andLongs,
  clearWords,
  combineWithFirst,
  joinsOthers,
  NOT,
  notWords,
  ONE,
  oneOfLongs,
  orLongs,
  XOR,
  xorLongs,
} from '../../structures/bitmap/bitwise.ts';
import { CHUNK_BYTES, WordChunk } from '../../structures/bitmap/word-chunks.ts';
import { makeRaw } from '../../types/string/values.ts';

export const bitopCommands: readonly CommandRow[] = [
  {
    name: 'bitop',
    arity: -4,
    flags: WRITE | DENYOOM,
    keys: [keyAt(2, 'OW', 'update'), keyRange(3, -1, 1, 'RO', 'access')],
    group: 'bitmap',
    since: '2.6.0',
    summary:
      'Combines the strings of several keys bit by bit (AND, OR, XOR, NOT; from 8.2.0 on DIFF, DIFF1, ANDOR, ONE) and stores the result.',
    complexity: 'O(N)',
    syntax: 'operation:string destkey:key key...',
    handler: bitop,
  },
];

const ONE_KEY = 'ERR BITOP NOT must be called with a single source key.';

/** The words of the operations, by their numbers; DIFF and those after it are Redis 8.2's. */
const OPERATIONS = ['and', 'or', 'xor', 'not', 'diff', 'diff1', 'andor', 'one'];
const NO_OPERATION = -1;

/** Argument of the first key that is read. */
const FIRST_SOURCE = 3;
const INITIAL_SOURCES = 16;

/** The entries of the keys that are read. */
let sources = new Int32Array(INITIAL_SOURCES);

const result = new WordChunk();
const operand = new WordChunk();
const several = new WordChunk();

function bitop(call: Call): void {
  const { request, reply, db } = call;
  const operation = readOperation(call);
  if (operation === NO_OPERATION) return;
  const length = lookupSources(call);
  if (length < 0) return;
  const { keyspace } = call.server;
  const before = keyspace.dirty;
  if (length > 0) store(call, operation, length);
  else deleteTarget(db, request, 2);
  if (operation > NOT && keyspace.dirty !== before) logResult(call, length);
  reply.integer(length);
}

/** Logs the result of an operation that Redis 7.0 has not, so that it can load the log. */
function logResult({ request, db, server }: Call, length: number): void {
  const { effects } = server;
  if (!effects.active) return;
  const key = request.bytes(2);
  if (length === 0) {
    effects.propagateAs(db, 'DEL', key);
    return;
  }
  effects.propagateAs(db, 'SET', key, db.value(db.lookupForChange(request, 2)).copy());
}

/** The operation; NO_OPERATION after answering an error. */
function readOperation({ request, reply }: Call): number {
  const keys = request.count - FIRST_SOURCE;
  for (let operation = AND; operation <= ONE; operation++) {
    if (!request.is(1, OPERATIONS[operation])) continue;
    if (operation === NOT && keys !== 1) {
      reply.error(ONE_KEY);
      return NO_OPERATION;
    }
    if (joinsOthers(operation) && keys < 2) {
      const word = OPERATIONS[operation].toUpperCase();
      reply.error(`ERR BITOP ${word} must be called with at least two source keys.`);
      return NO_OPERATION;
    }
    return operation;
  }
  reply.error(SYNTAX);
  return NO_OPERATION;
}

/** Looks the keys that are read up; returns the length of the longest string, or -1 after answering an error. */
function lookupSources(call: Call): number {
  const { request, db } = call;
  const keys = request.count - FIRST_SOURCE;
  if (keys > sources.length) sources = new Int32Array(2 * keys);
  let length = 0;
  for (let i = 0; i < keys; i++) {
    const ref = lookupRead(call, FIRST_SOURCE + i, TYPE_STRING);
    if (ref === REFUSED) return -1;
    sources[i] = ref;
    if (ref !== ABSENT) length = Math.max(length, db.value(ref).length);
  }
  return length;
}

/** Stores the result, of as many bytes as the longest string has, under argument 2. */
function store({ request, db }: Call, operation: number, length: number): void {
  const old = db.lookupForChange(request, 2);
  const isInPlace = old !== ABSENT && canBecome(db, old, length);
  // A new entry is filled before it takes the place of the old one, which may be read.
  const target = isInPlace
    ? old
    : db.build(old, request, 2, TYPE_STRING, ENCODING_RAW, length, NO_EXPIRY);
  const keys = request.count - FIRST_SOURCE;
  for (let at = 0; at < length; at += CHUNK_BYTES) {
    const size = Math.min(CHUNK_BYTES, length - at);
    combine(db, operation, keys, at, size);
    db.entries.patch(target, length, at, result.bytes, 0, size);
  }
  if (isInPlace) {
    db.touch(old);
    makeRaw(db, old);
  } else {
    db.put(old, target);
  }
  db.modified(request, 2, 1);
  db.notify(EVENT_STRING, 'set', request, 2);
}

/**
 * Whether the result may be written over a value: no memory is needed then. The value may be read as well, as each
 * chunk of it is written when it has been read.
 */
function canBecome(db: Database, ref: number, length: number): boolean {
  if (db.typeOf(ref) !== TYPE_STRING || db.expiryOf(ref) !== NO_EXPIRY) return false;
  return db.value(ref).length === length;
}

/** Combines the bytes [at, at + size) of all sources into `result`. */
function combine(db: Database, operation: number, keys: number, at: number, size: number): void {
  const isJoined = joinsOthers(operation);
  const first = isJoined ? 1 : 0;
  const words = load(result, db, sources[first], at, size);
  const longs = words / 2;
  if (operation === NOT) notWords(result.words, words);
  else if (operation === ONE) several.words.fill(0, 0, words);
  for (let i = first + 1; i < keys; i++) {
    load(operand, db, sources[i], at, size);
    if (operation === AND) andLongs(result.longs, operand.longs, longs);
    else if (operation === XOR) xorLongs(result.longs, operand.longs, longs);
    else if (operation === ONE) oneOfLongs(result.longs, several.longs, operand.longs, longs);
    else orLongs(result.longs, operand.longs, longs);
  }
  if (operation === ONE) clearWords(result.words, several.words, words);
  if (!isJoined) return;
  load(operand, db, sources[0], at, size);
  combineWithFirst(operation, result.words, operand.words, words);
}

/** Loads bytes of a string, which counts as followed by NUL bytes; returns the number of words. */
function load(chunk: WordChunk, db: Database, ref: number, at: number, size: number): number {
  if (ref === ABSENT) return chunk.load(chunk.bytes, 0, 0, size);
  const { buffer, offset, length } = db.value(ref);
  const end = Math.min(length, at + size);
  return chunk.load(buffer, offset + at, offset + Math.max(at, end), size);
}
