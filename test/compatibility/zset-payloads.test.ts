// Sorted sets in payloads and files: the bytes that Redis writes, what it reads, and the encodings that values have
// then; conversions at Redis's limits.
import {
  listpackOf,
  payloadOf,
  rdbString,
  SORTED_SET_VALUES,
  ziplistOf,
} from '../persistence/rdb/payloads.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, type Script } from '../support/script.ts';

const zset2 = (...members: (readonly [member: string, score: number])[]): Buffer =>
  Buffer.concat([
    Buffer.from([5, members.length]),
    ...members.flatMap(([member, score]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(score);
      return [rdbString(member), bytes];
    }),
  ]);

/** So many members and their scores. */
const many = (count: number) => Array.from({ length: count }, (_, i) => [`m${i}`, `${i}`]).flat();

/** Adds `count` members of so many bytes, one by one, asking for the encoding around a limit. */
function grown(count: number, bytes: number): Script {
  return Array.from({ length: count }, (_, i) => [
    command('ZADD', 'z', `${(i * 7) % 11}`, `${i}`.padEnd(bytes, 'm')),
    ...(i > count - 4 ? [command('OBJECT', 'ENCODING', 'z')] : []),
  ]).flat();
}

compareWithRedis(
  'sorted sets in payloads',
  (define) => {
    define('the bytes that Redis writes', [
      `
        CONFIG SET rdbcompression no
        ZADD z 1.5 a 2 b -0.1 c
        DUMP z
        ZADD z inf i -inf j 0 k 4503599627370495 l 1e300 m 5e-324 n -4096 o 4095 p 127 q
        DUMP z
        ZINCRBY z 5 a
        ZINCRBY z 0.25 k
        ZREM z b
        ZADD z 1 12 1 -5000 1 70000 2 ""
        DUMP z
        CONFIG SET rdbcompression yes
        DUMP z
        CONFIG SET zset-max-listpack-entries 0
        ZADD tree 1.5 a -0.1 c inf i
        DUMP tree
        ZADD tree -0 zero -inf j 2 12 2 70000
        ZINCRBY tree 7 a
        ZREM tree c
        DUMP tree
        CONFIG SET zset-max-listpack-entries 128
        DEBUG RELOAD
        OBJECT ENCODING z
        OBJECT ENCODING tree
        ZRANGE tree 0 -1 WITHSCORES
        DEBUG DIGEST
      `,
    ]);

    const signed = rdbString(ziplistOf(['a', '-0', 'b', '-0', 'c', [0n, 4]]));
    define('scores of -0, which Redis before 7.0 packed', [
      command('RESTORE', 'z', '0', payloadOf(Buffer.concat([Buffer.from([12]), signed]))),
      'ZRANGE z 0 -1 WITHSCORES\nOBJECT ENCODING z\nDEBUG DIGEST\nDUMP z\nCOPY z copy\nZSCORE copy b',
      'ZINCRBY z 0 a\nZADD z CH -0 b\nZRANGE z 0 -1 WITHSCORES\nDEBUG DIGEST\nDUMP z',
      'CONFIG SET zset-max-listpack-entries 3\nZADD z 5 d\nZRANGE z 0 -1 WITHSCORES\nDEBUG DIGEST',
      'CONFIG SET zset-max-listpack-entries 128\nDEBUG RELOAD\nDEBUG DIGEST',
    ]);

    for (const { name, value } of SORTED_SET_VALUES) {
      define(`a sorted set of the encoding ${name}`, [
        command('RESTORE', 'z', '0', payloadOf(value)),
        'ZRANGE z 0 -1 WITHSCORES\nOBJECT ENCODING z\nDEBUG DIGEST\nDUMP z',
        'CONFIG SET zset-max-listpack-entries 3',
        command('RESTORE', 'z', '0', payloadOf(value), 'REPLACE'),
        'ZRANGE z 0 -1 WITHSCORES\nOBJECT ENCODING z\nDEBUG DIGEST\nDUMP z',
        'CONFIG SET zset-max-listpack-entries 128\nCONFIG SET zset-max-listpack-value 5',
        command('RESTORE', 'z', '0', payloadOf(value), 'REPLACE'),
        'ZRANGE z 0 -1 WITHSCORES\nOBJECT ENCODING z\nDEBUG DIGEST',
        'DEBUG RELOAD\nOBJECT ENCODING z\nDEBUG DIGEST',
        'CONFIG SET zset-max-listpack-value 64',
      ]);
    }

    define('payloads that no sorted set has', [
      command('RESTORE', 'z', '0', payloadOf(zset2(['a', 1], ['a', 2]))),
      command('RESTORE', 'z', '0', payloadOf(zset2(['a', Number.NaN]))),
      command('RESTORE', 'z', '0', payloadOf(zset2())),
      command('RESTORE', 'z', '0', payloadOf(Buffer.from([3, 1, 1, 97, 253]))),
      command('RESTORE', 'z', '0', payloadOf(Buffer.from([3, 1, 1, 97]))),
      command(
        'RESTORE',
        'z',
        '0',
        payloadOf(Buffer.concat([Buffer.from([17]), rdbString(listpackOf(['a']))])),
      ),
      command(
        'RESTORE',
        'z',
        '0',
        payloadOf(Buffer.concat([Buffer.from([17]), rdbString('listpack')])),
      ),
      command(
        'RESTORE',
        'z',
        '0',
        payloadOf(Buffer.concat([Buffer.from([12]), rdbString('ziplist')])),
      ),
      'EXISTS z',
    ]);

    define('packed members that are there twice', [
      ...[
        ['a', '1', 'a', '1'],
        ['a', '1', 'a', '2'],
        ['a', '1', 'b', '2', 'a', '3'],
        ['5', '1', '5', '2'],
        [...many(20), 'm3', '20'],
        [...many(140), 'm3', '150'],
      ].map((members) =>
        command(
          'RESTORE',
          'z',
          '0',
          payloadOf(Buffer.concat([Buffer.from([17]), rdbString(listpackOf(members))])),
        ),
      ),
      'EXISTS z',
    ]);

    define('at the limit of members', [...grown(130, 3), 'ZREM z 0mm 1mm 2mm\nOBJECT ENCODING z']);
    define('at the limit of their length', [
      ...grown(5, 64),
      command('ZADD', 'z', '1', 'x'.repeat(65)),
      'OBJECT ENCODING z',
      'DEL z',
      command('ZADD', 'z', '1', 'x'.repeat(65), '2', 'y'),
      'OBJECT ENCODING z',
      'DEL z',
      command('ZADD', 'z', '1', 'y', '2', 'x'.repeat(65)),
      'OBJECT ENCODING z',
    ]);
    define('limits that were changed', [
      `
        CONFIG SET zset-max-ziplist-entries 3
        CONFIG GET zset-max-listpack-entries
        ZADD z 1 a 2 b 3 c
        OBJECT ENCODING z
        ZADD z XX 4 d
        OBJECT ENCODING z
        ZADD z 5 a
        OBJECT ENCODING z
        CONFIG SET zset-max-listpack-entries 2
        ZADD z 6 a
        OBJECT ENCODING z
        COPY z copy
        OBJECT ENCODING copy
        DEBUG RELOAD
        OBJECT ENCODING z
        CONFIG SET zset-max-listpack-entries 128
        DEBUG RELOAD
        OBJECT ENCODING z
        CONFIG SET zset-max-listpack-value 0
        ZADD y 1 ""
        OBJECT ENCODING y
        ZADD y 1 a
        OBJECT ENCODING y
        CONFIG SET zset-max-ziplist-value 64
      `,
    ]);
    define('results', [
      ...grown(130, 3),
      `
        ZRANGESTORE d z 0 1
        OBJECT ENCODING d
        ZRANGESTORE d z 0 127
        OBJECT ENCODING d
        ZRANGESTORE d z 0 128
        OBJECT ENCODING d
        ZUNIONSTORE d 1 d
        OBJECT ENCODING d
        ZREMRANGEBYRANK d 3 -1
        OBJECT ENCODING d
        ZUNIONSTORE d 1 d
        OBJECT ENCODING d
        ZINTERSTORE d 2 z z
        OBJECT ENCODING d
        ZDIFFSTORE d 2 z missing
        OBJECT ENCODING d
      `,
    ]);
  },
  { config: { 'sanitize-dump-payload': 'yes' } },
);
