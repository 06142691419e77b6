// Random commands on a few hashes, small and large ones in turn, mixed with those of other families that keys meet.
import type { Random } from './random.ts';

/** A command, and whether its reply has elements in no order. */
export interface HashStep {
  readonly args: readonly string[];
  readonly isUnordered: boolean;
}

const KEYS = ['h1', 'h2', 'h3', 'other'];
const INTEGERS = ['0', '1', '-1', '17', '-5000', '9007199254740993', '9223372036854775807'];
const TEXTS = ['', 'v', '1.5', '007', 'a value', '\x00\xff\r\n', 'x'.repeat(20), 'y'.repeat(70)];
const FLOATS = ['0.1', '-1.5', '1e10', '3', '1e-7', 'inf', 'nan'];
const LIMITS = ['0', '3', '8', '512'];
const LENGTHS = ['1', '8', '64', '1000'];

type Maker = (random: Random) => readonly string[];

const key = (random: Random) => random.pick(KEYS);
const field = (random: Random) => {
  if (random.chance(0.1)) return random.pick([...INTEGERS, ...TEXTS]);
  return `f${random.integer(0, 14)}`;
};
const value = (random: Random) => random.pick([...INTEGERS, ...TEXTS]);
const fields = (random: Random) =>
  Array.from({ length: random.integer(1, 4) }, () => field(random));
const pairs = (random: Random) =>
  Array.from({ length: random.integer(1, 4) }, () => [field(random), value(random)]).flat();

const CHANGES: readonly Maker[] = [
  (r) => ['HSET', key(r), ...pairs(r)],
  (r) => ['HSET', key(r), ...pairs(r)],
  (r) => ['HMSET', key(r), ...pairs(r)],
  (r) => ['HSETNX', key(r), field(r), value(r)],
  (r) => ['HDEL', key(r), ...fields(r)],
  (r) => ['HDEL', key(r), ...fields(r)],
  (r) => ['HINCRBY', key(r), field(r), r.pick(INTEGERS)],
  (r) => ['HINCRBYFLOAT', key(r), field(r), r.pick(FLOATS)],
  (r) => ['COPY', key(r), key(r), 'REPLACE'],
  (r) => ['RENAME', key(r), key(r)],
  (r) => ['EXPIRE', key(r), '1000'],
  (r) => ['PERSIST', key(r)],
  () => ['APPEND', 'other', 'text'],
  (r) => ['MOVE', key(r), '1'],
];
const READS: readonly Maker[] = [
  (r) => ['HGET', key(r), field(r)],
  (r) => ['HMGET', key(r), ...fields(r)],
  (r) => ['HEXISTS', key(r), field(r)],
  (r) => ['HSTRLEN', key(r), field(r)],
  (r) => ['HLEN', key(r)],
  (r) => ['TYPE', key(r)],
  (r) => ['OBJECT', 'ENCODING', key(r)],
  () => ['DEBUG', 'DIGEST-VALUE', ...KEYS],
];
const UNORDERED: readonly Maker[] = [
  (r) => ['HGETALL', key(r)],
  (r) => ['HKEYS', key(r)],
  (r) => ['HVALS', key(r)],
  (r) => ['HRANDFIELD', key(r), '1000', 'WITHVALUES'],
  (r) => ['HSCAN', key(r), '0', 'COUNT', '1000', 'MATCH', r.pick(['*', 'f1*', '?', ''])],
];
const SELDOM: readonly Maker[] = [
  (r) => ['DEL', key(r)],
  (r) => ['SET', key(r), 'text'],
  (r) => ['CONFIG', 'SET', 'hash-max-listpack-entries', r.pick(LIMITS)],
  (r) => ['CONFIG', 'SET', 'hash-max-listpack-value', r.pick(LENGTHS)],
  () => ['DEBUG', 'RELOAD'],
  (r) => ['SELECT', r.pick(['0', '1'])],
  () => ['SWAPDB', '0', '1'],
  () => ['MULTI'],
  () => ['EXEC'],
  (r) => ['WATCH', key(r)],
  (r) => ['HSET', 'h1', ...Array.from({ length: 600 }, (_, i) => [`m${i}`, value(r)]).flat()],
];

/** The next command. */
export function randomHashStep(random: Random): HashStep {
  const kind = random.next();
  if (kind < 0.06) return { args: random.pick(SELDOM)(random), isUnordered: true };
  if (kind < 0.2) return { args: random.pick(UNORDERED)(random), isUnordered: true };
  const makers = kind < 0.4 ? READS : CHANGES;
  return { args: random.pick(makers)(random), isUnordered: false };
}
