// Logs as servers and converters write them, made at random: writes over few keys in a few databases, most of
// them right, with transactions, and now and then what has no place in a log. And ways to break them.
import { command } from '../persistence/logs.ts';
import { LIST_VALUES, payloadOf, STRING_VALUE } from '../persistence/rdb/payloads.ts';
import type { Random } from './random.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'list', 'other'];
const VALUES = ['', '1', '-7', 'x', 'hello', '\r\n*1\r\n', 'y'.repeat(70), '10.5'];
/** Far from each other and from now: what two servers make of them is the same. */
const SECONDS = ['1000', '5000', '90000', '4000000'];
const UNIX_SECONDS = ['1', '1000000000', '4102444800', '5102444800'];
const CONDITIONS = [[], [], [], ['NX'], ['XX'], ['GT'], ['LT'], ['XX', 'GT']];
const PAYLOADS = [payloadOf(STRING_VALUE), ...LIST_VALUES.map(({ value }) => payloadOf(value))];

type Words = (string | Buffer)[];
type Maker = (random: Random) => Words;

const key = (random: Random) => random.pick(KEYS);
const value = (random: Random) => random.pick(VALUES);
const end = (random: Random) => random.pick(['LEFT', 'RIGHT']);
const count = (random: Random) => String(random.integer(0, 3));
const milliseconds = (seconds: string) => `${seconds}000`;

const WRITES: readonly Maker[] = [
  (r) => ['SET', key(r), value(r)],
  (r) => ['SET', key(r), value(r), r.pick(['NX', 'XX', 'GET', 'KEEPTTL', 'EX'])],
  (r) => ['SET', key(r), value(r), 'EX', r.pick(SECONDS)],
  (r) => ['SET', key(r), value(r), 'PX', milliseconds(r.pick(SECONDS))],
  (r) => ['SET', key(r), value(r), 'PXAT', milliseconds(r.pick(UNIX_SECONDS))],
  (r) => ['SETEX', key(r), r.pick(SECONDS), value(r)],
  (r) => ['PSETEX', key(r), milliseconds(r.pick(SECONDS)), value(r)],
  (r) => ['GETEX', key(r), 'EX', r.pick(SECONDS)],
  (r) => ['GETEX', key(r), 'EXAT', r.pick(UNIX_SECONDS)],
  (r) => ['EXPIRE', key(r), r.pick([...SECONDS, '-3']), ...r.pick(CONDITIONS)],
  (r) => ['PEXPIRE', key(r), milliseconds(r.pick(SECONDS)), ...r.pick(CONDITIONS)],
  (r) => ['EXPIREAT', key(r), r.pick(UNIX_SECONDS), ...r.pick(CONDITIONS)],
  (r) => ['PEXPIREAT', key(r), milliseconds(r.pick(UNIX_SECONDS)), ...r.pick(CONDITIONS)],
  (r) => ['PERSIST', key(r)],
  (r) => ['RESTORE', key(r), milliseconds(r.pick(SECONDS)), r.pick(PAYLOADS), 'REPLACE'],
  (r) => ['RESTORE', key(r), '0', r.pick(PAYLOADS)],
  (r) => [
    'RESTORE',
    key(r),
    milliseconds(r.pick(UNIX_SECONDS)),
    r.pick(PAYLOADS),
    'REPLACE',
    'ABSTTL',
  ],
  (r) => ['APPEND', key(r), value(r)],
  (r) => ['INCRBY', key(r), count(r)],
  (r) => ['INCR', key(r)],
  (r) => ['SETRANGE', key(r), count(r), value(r)],
  (r) => ['MSET', key(r), value(r), key(r), value(r)],
  (r) => ['MSETNX', key(r), value(r), key(r), value(r)],
  (r) => ['DEL', key(r), key(r)],
  (r) => ['GETDEL', key(r)],
  (r) => ['RENAME', key(r), key(r)],
  (r) => ['COPY', key(r), key(r), 'REPLACE'],
  (r) => ['MOVE', key(r), count(r)],
  (r) => ['RPUSH', r.pick(['list', 'other']), value(r), value(r)],
  (r) => ['LPUSH', r.pick(['list', 'other']), value(r)],
  (r) => ['LPUSH', key(r), value(r)],
  (r) => ['LPOP', key(r), count(r)],
  (r) => ['LSET', key(r), '0', value(r)],
  (r) => ['LINSERT', key(r), 'BEFORE', value(r), value(r)],
  (r) => ['LREM', key(r), '1', value(r)],
  (r) => ['LTRIM', key(r), '0', count(r)],
  (r) => ['LMOVE', key(r), key(r), end(r), end(r)],
  (r) => ['LMPOP', '2', key(r), key(r), end(r), 'COUNT', '2'],
  (r) => ['SADD', r.pick(['set', 'other']), value(r), count(r), value(r)],
  (r) => ['SADD', r.pick(['set', 'set2']), count(r), value(r)],
  (r) => ['SREM', r.pick(['set', key(r)]), value(r), count(r)],
  (r) => ['SMOVE', r.pick(['set', 'set2']), r.pick(['set', 'set2', 'other']), value(r)],
  (r) => [
    r.pick(['SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE']),
    key(r),
    ...[r.pick(['set', 'other']), r.pick(['set', 'set2'])],
  ],
  (r) => ['HSET', r.pick(['hash', 'other']), value(r), value(r), value(r), value(r)],
  (r) => ['HMSET', 'hash', value(r), value(r)],
  (r) => ['HSETNX', key(r), value(r), value(r)],
  (r) => ['HINCRBY', r.pick(['hash', key(r)]), value(r), count(r)],
  (r) => ['HDEL', r.pick(['hash', key(r)]), value(r), value(r)],
  (r) => ['ZADD', r.pick(['zset', 'other']), count(r), value(r), '1.5', value(r)],
  (r) => ['ZADD', key(r), 'INCR', '0.1', value(r)],
  (r) => ['ZINCRBY', r.pick(['zset', key(r)]), count(r), value(r)],
  (r) => ['ZREM', r.pick(['zset', key(r)]), value(r), value(r)],
  (r) => ['ZPOPMIN', r.pick(['zset', key(r)]), count(r)],
  (r) => ['ZREMRANGEBYSCORE', key(r), '0', count(r)],
  (r) => ['ZUNIONSTORE', key(r), '2', 'zset', key(r), 'WEIGHTS', '1', '2'],
  (r) => ['ZRANGESTORE', key(r), 'zset', '0', count(r)],
];

const stream = (random: Random) => random.pick(['stream', 'stream2']);
const id = (random: Random) => `${random.integer(1, 6)}-${random.integer(0, 3)}`;
const group = (random: Random) => random.pick(['g', 'g', 'h']);

/** Not with ids of the clock, which servers do not read at the same moment. */
const STREAM_WRITES: readonly Maker[] = [
  (r) => ['XADD', stream(r), `${r.integer(1, 6)}-*`, value(r), value(r)],
  (r) => ['XADD', stream(r), `${r.integer(1, 6)}-*`, value(r), value(r), 'field', count(r)],
  (r) => ['XADD', stream(r), 'MAXLEN', r.pick(['=', '~']), count(r), id(r), 'field', value(r)],
  (r) => ['XADD', r.pick([stream(r), key(r)]), id(r), value(r), value(r)],
  (r) => ['XDEL', stream(r), id(r), id(r)],
  (r) => ['XTRIM', stream(r), 'MINID', id(r)],
  (r) => ['XSETID', stream(r), id(r), 'ENTRIESADDED', count(r), 'MAXDELETEDID', id(r)],
  (r) => ['XGROUP', 'CREATE', stream(r), group(r), id(r), 'MKSTREAM', 'ENTRIESREAD', count(r)],
  (r) => ['XGROUP', 'CREATE', stream(r), group(r), '0', 'MKSTREAM'],
  (r) => ['XGROUP', r.pick(['CREATECONSUMER', 'DELCONSUMER']), stream(r), group(r), value(r)],
  (r) => ['XGROUP', 'SETID', stream(r), group(r), id(r)],
  (r) => [
    ...['XCLAIM', stream(r), group(r), value(r), '0', id(r), 'TIME', '1700000000000'],
    ...['RETRYCOUNT', count(r), 'FORCE', 'JUSTID', 'LASTID', id(r)],
  ],
  (r) => ['XCLAIM', stream(r), group(r), value(r), '0', id(r), id(r), 'FORCE', 'JUSTID'],
  (r) => ['XAUTOCLAIM', stream(r), group(r), value(r), '0', '0', 'COUNT', '2'],
  (r) => ['XACK', stream(r), group(r), id(r), id(r)],
  (r) => ['XREADGROUP', 'GROUP', group(r), value(r), 'COUNT', '2', 'STREAMS', stream(r), '>'],
];

/** What a log hardly has, but may have. */
const ODDITIES: readonly Maker[] = [
  (r) => ['BLPOP', key(r), key(r), '0'],
  (r) => ['BLMOVE', key(r), key(r), end(r), end(r), '0'],
  (r) => ['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '0', 'STREAMS', stream(r), '>'],
  (r) => ['XREAD', 'BLOCK', '0', 'STREAMS', stream(r), '$'],
  (r) => ['SWAPDB', count(r), count(r)],
  () => ['FLUSHDB'],
  () => ['EXEC'],
  () => ['UNWATCH'],
  (r) => ['WATCH', key(r)],
  (r) => ['SELECT', r.pick(['99', 'abc', '-1'])],
  (r) => ['GET', key(r)],
  (r) => ['SUBSCRIBE', key(r)],
  (r) => ['CLIENT', 'REPLY', r.pick(['OFF', 'SKIP'])],
  () => ['HELLO', '3'],
  (r) => ['EXPIRE', key(r), 'soon'],
];

/** Commands for a log, of which the transactions are whole. */
export function randomLog(random: Random): Buffer {
  const parts: Buffer[] = [];
  const length = random.integer(5, 60);
  while (parts.length < length) {
    if (random.chance(0.1)) parts.push(command('SELECT', count(random)));
    if (random.chance(0.05)) parts.push(Buffer.from('#TS:1700000000\r\n'));
    if (!random.chance(0.1)) {
      parts.push(one(random));
      continue;
    }
    parts.push(command('MULTI'));
    for (let i = random.integer(0, 4); i > 0; i--) parts.push(one(random));
    parts.push(command(random.pick(['EXEC', 'exec'])));
  }
  return Buffer.concat(parts);
}

function one(random: Random): Buffer {
  const makers = random.chance(0.1) ? ODDITIES : random.chance(0.3) ? STREAM_WRITES : WRITES;
  return command(...random.pick(makers)(random));
}

/** The log without its end, or with something wrong in it. */
export function breakLog(random: Random, log: Buffer, how: 'cut' | 'damaged'): Buffer {
  const at = random.integer(0, log.length - 1);
  const before = log.subarray(0, at);
  if (how === 'cut') return before;
  const to = Math.min(log.length, at + random.integer(1, 40));
  const flipped = Buffer.from([log[at] ^ (1 << random.integer(0, 7))]);
  const ways = [
    () => Buffer.concat([before, flipped, log.subarray(at + 1)]),
    () => Buffer.concat([before, log.subarray(to)]),
    () => Buffer.concat([log.subarray(0, to), log.subarray(at)]),
    () => Buffer.concat([before, Buffer.from('nonsense\r\n'), log.subarray(at)]),
    () => Buffer.concat([before, Buffer.alloc(to - at), log.subarray(to)]),
    () => Buffer.from(log.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
    () => Buffer.concat([log, command('SET', 'x')]),
    () => Buffer.concat([before, command('NOSUCH'), log.subarray(at)]),
  ];
  return random.pick(ways)();
}
