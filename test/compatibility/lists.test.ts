// Lists, without waiting: every command with its options and errors, on packed and on chunked lists.
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, type Script } from '../support/script.ts';

/** Elements that are encoded in every way: integers of each width, strings of each length. */
const ELEMENTS = [
  '',
  '0',
  '7',
  '127',
  '128',
  '-1',
  '4095',
  '-4096',
  '4096',
  '32767',
  '-32769',
  '8388607',
  '-8388609',
  '2147483647',
  '-2147483649',
  '9007199254740991',
  '9007199254740993',
  '-9223372036854775808',
  '9223372036854775807',
  '9223372036854775808',
  '007',
  '-0',
  '+1',
  ' 1',
  '1.5',
  'short',
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(4095),
  'x'.repeat(4096),
  'y'.repeat(20_000),
  'z'.repeat(70_000),
] as const;

/** Fills `k` with `count` elements that repeat every ten. */
function filled(count: number): Script {
  const elements = Array.from({ length: count }, (_, i) => (i % 10 === 0 ? `e${i}` : `v${i % 10}`));
  return [command('RPUSH', 'k', ...elements)];
}

compareWithRedis('lists', (define) => {
  for (const push of ['LPUSH', 'RPUSH']) {
    define(`${push} and ${push}X`, [
      String.raw`
        ${push} k a
        ${push} k b c d
        ${push} k "" "\x00" "\xff\r\n"
        LRANGE k 0 -1
        ${push}X k e f
        ${push}X missing e
        EXISTS missing
        LLEN k
        LLEN missing
        TYPE k
        OBJECT ENCODING k
        SET s v
        ${push} s a
        ${push}X s a
        LLEN s
        ${push} k
        ${push}
        ${push}X k
        SETEX t 100 v
        ${push} t a
        DEL t
        ${push} t a
        TTL t
        EXPIRE t 100
        ${push} t b
        TTL t
        OBJECT REFCOUNT k
        DEBUG DIGEST-VALUE k t s
      `,
    ]);
    define(`${push} of elements of every kind`, [
      ...ELEMENTS.map((element) => command(push, 'k', element)),
      'LRANGE k 0 -1',
      ...ELEMENTS.map((_, index) => `LINDEX k ${index}`),
      ...ELEMENTS.map((element) => command('LPOS', 'k', element, 'COUNT', '0')),
      'DEBUG DIGEST-VALUE k',
      ...ELEMENTS.map(() => 'LPOP k'),
      'EXISTS k',
    ]);
  }

  for (const pop of ['LPOP', 'RPOP']) {
    define(`${pop}`, [
      `
        RPUSH k a b c d e f g
        ${pop} k
        ${pop} k 0
        ${pop} k 1
        ${pop} k 2
        ${pop} k 100
        ${pop} k
        ${pop} k 0
        ${pop} k 1
        EXISTS k
        RPUSH k a b
        ${pop} k 9223372036854775807
        RPUSH k a b
        ${pop} k -1
        ${pop} k x
        ${pop} k 9223372036854775808
        ${pop} k 1 2
        ${pop}
        ${pop} missing x
        SET s v
        ${pop} s
        ${pop} s 0
        ${pop} s 1
        ${pop} s x
      `,
      ...filled(1000),
      `${pop} k 300\nLLEN k\nLRANGE k 0 3\n${pop} k 650\nLRANGE k 0 -1\n${pop} k 100\nEXISTS k`,
    ]);
  }

  for (const count of [10, 3000]) {
    define(`reading a list of ${count}`, [
      ...filled(count),
      `
        LRANGE k 0 -1
        LRANGE k 0 0
        LRANGE k -1 -1
        LRANGE k 3 5
        LRANGE k -5 -3
        LRANGE k 5 3
        LRANGE k -3 -5
        LRANGE k -9999 1
        LRANGE k -2 9999
        LRANGE k 9999 99999
        LRANGE k ${count - 2} ${count}
        LRANGE k ${Math.floor(count / 2)} ${Math.floor(count / 2) + 4}
        LRANGE k -9223372036854775808 9223372036854775807
        LINDEX k 0
        LINDEX k -1
        LINDEX k ${count - 1}
        LINDEX k ${count}
        LINDEX k -${count}
        LINDEX k -${count + 1}
        LINDEX k ${Math.floor(count / 2)}
        LINDEX k ${Math.floor(count / 3)}
        LINDEX k 9223372036854775807
        LPOS k v3
        LPOS k v3 RANK 2
        LPOS k v3 RANK -1
        LPOS k v3 RANK -2 COUNT 3
        LPOS k v3 COUNT 0
        LPOS k v3 COUNT 2 MAXLEN 4
        LPOS k v3 COUNT 2 MAXLEN 3
        LPOS k v3 RANK -1 COUNT 2 MAXLEN 7
        LPOS k v3 RANK -1 COUNT 2 MAXLEN 6
        LPOS k v3 MAXLEN 3
        LPOS k nothing
        LPOS k nothing COUNT 1
        LPOS k v3 rank 1 count 1 maxlen 0
        LPOS k v3 RANK 9223372036854775807
        LPOS k v3 RANK -9223372036854775808
      `,
    ]);

    define(`changing a list of ${count}`, [
      ...filled(count),
      `
        LSET k 0 first
        LSET k -1 last
        LSET k 4 a-longer-element-than-before
        LSET k -5 x
        LSET k ${count} out
        LSET k -${count + 1} out
        LSET k ${Math.floor(count / 2)} middle
      `,
      command('LSET', 'k', '5', 'm'.repeat(9000)),
      command('LSET', 'k', '6', 'n'.repeat(90_000)),
      `
        DEBUG DIGEST-VALUE k
        LSET k 6 small
        LINSERT k BEFORE first before-first
        LINSERT k after last after-last
        LINSERT k before v7 before-v7
        LINSERT k AFTER v7 after-v7
        LINSERT k AFTER nothing x
      `,
      command('LINSERT', 'k', 'BEFORE', 'v7', 'o'.repeat(9000)),
      `
        DEBUG DIGEST-VALUE k
        LREM k 2 v3
        LREM k -2 v3
        LREM k 0 v8
        LREM k 5 nothing
        LLEN k
        DEBUG DIGEST-VALUE k
        LTRIM k 1 -2
        DEBUG DIGEST-VALUE k
        LTRIM k 2 ${Math.floor(count / 2)}
        LRANGE k 0 -1
        COPY k copy
        LTRIM k -3 -1
        LRANGE k 0 -1
        LRANGE copy 0 5
        RENAME copy other
        LLEN other
        MOVE other 1
        LTRIM k 5 2
        EXISTS k
      `,
    ]);
  }

  define('removing everything by LREM', [
    ...filled(2000),
    ...Array.from({ length: 9 }, (_, i) => `LREM k ${i % 2 === 0 ? 0 : -1000} v${i + 1}`),
    'LLEN k\nLRANGE k 0 -1\nLTRIM k 0 0\nLREM k 1 e0\nEXISTS k',
  ]);

  define('errors of reading and changing', [
    `
      RPUSH k a b c
      SET s v
      LRANGE k x 1
      LRANGE k 1 x
      LRANGE k 1.5 2
      LRANGE missing x 1
      LRANGE missing 0 -1
      LRANGE s 0 -1
      LRANGE k 0
      LINDEX k x
      LINDEX missing x
      LINDEX missing 0
      LINDEX s 0
      LINDEX s x
      LINDEX k
      LSET missing 0 x
      LSET missing x x
      LSET k x x
      LSET k 1.0 x
      LSET s 0 x
      LSET k 0
      LINSERT k x a b
      LINSERT missing before a b
      LINSERT missing x a b
      LINSERT s before a b
      LINSERT k before a
      LREM k x a
      LREM missing x a
      LREM missing 1 a
      LREM s 1 a
      LREM k -9223372036854775807 a
      LREM k -9223372036854775808 b
      LREM k 9223372036854775807 c
      EXISTS k
      RPUSH k a b c
      LTRIM k x 1
      LTRIM k 1 x
      LTRIM missing x 1
      LTRIM missing 0 1
      LTRIM s 0 1
      LTRIM k 0 -1
      LTRIM k -9223372036854775808 9223372036854775807
      LPOS k
      LPOS k a RANK
      LPOS k a RANK 0
      LPOS k a RANK x
      LPOS k a COUNT -1
      LPOS k a COUNT x
      LPOS k a MAXLEN -1
      LPOS k a MAXLEN x
      LPOS k a FOO 1
      LPOS k a RANK 0 COUNT -1
      LPOS missing a
      LPOS missing a COUNT 0
      LPOS missing a RANK 0
      LPOS s a
      LPOS s a RANK 0
    `,
  ]);

  for (const from of ['LEFT', 'RIGHT']) {
    for (const to of ['LEFT', 'right']) {
      define(`LMOVE ${from} ${to}`, [
        `
          RPUSH a 1 2 3
          LMOVE a b ${from} ${to}
          LMOVE a b ${from} ${to}
          LRANGE a 0 -1
          LRANGE b 0 -1
          LMOVE a b ${from} ${to}
          EXISTS a
          LMOVE a b ${from} ${to}
          LRANGE b 0 -1
          LMOVE b b ${from} ${to}
          LRANGE b 0 -1
          RPUSH one x
          LMOVE one one ${from} ${to}
          LRANGE one 0 -1
          SET s v
          LMOVE s b ${from} ${to}
          LMOVE b s ${from} ${to}
          LRANGE b 0 -1
          LMOVE missing s ${from} ${to}
          LMOVE a b ${from}
          LMOVE a b ${from} up
          LMOVE a b up ${to}
          EXPIRE b 100
          LMOVE b one ${from} ${to}
          TTL b
          TTL one
        `,
        ...filled(1500),
        command('RPUSH', 'k', 'x'.repeat(30_000)),
        command('LPUSH', 'k', 'y'.repeat(30_000)),
        ...Array.from({ length: 40 }, () => `LMOVE k k ${from} ${to}`),
        ...Array.from({ length: 40 }, () => `LMOVE k other ${from} ${to}`),
        'DEBUG DIGEST-VALUE k other',
      ]);
    }
  }

  define('RPOPLPUSH', [
    `
      RPUSH a 1 2 3
      RPOPLPUSH a b
      RPOPLPUSH a a
      RPOPLPUSH a b
      LRANGE a 0 -1
      LRANGE b 0 -1
      RPOPLPUSH missing b
      SET s v
      RPOPLPUSH s b
      RPOPLPUSH a s
      RPOPLPUSH a
    `,
  ]);

  define('LMPOP', [
    `
      RPUSH a 1 2 3 4 5
      RPUSH b x y
      SET s v
      LMPOP 1 a LEFT
      LMPOP 1 a RIGHT
      LMPOP 2 missing b left COUNT 1
      LMPOP 2 a b LEFT COUNT 2
      LMPOP 2 a b RIGHT COUNT 9223372036854775807
      LMPOP 2 a b RIGHT COUNT 10
      LMPOP 2 a b RIGHT
      EXISTS a b
      LMPOP 2 missing s LEFT
      LMPOP 2 s a LEFT
      LMPOP 0 a LEFT
      LMPOP -1 a LEFT
      LMPOP x a LEFT
      LMPOP 1 a up
      LMPOP 2 a LEFT
      LMPOP 3 a b LEFT
      LMPOP 1 a LEFT COUNT
      LMPOP 1 a LEFT COUNT 0
      LMPOP 1 a LEFT COUNT -1
      LMPOP 1 a LEFT COUNT x
      LMPOP 1 a LEFT COUNT 1 COUNT 1
      LMPOP 1 a LEFT FOO 1
      LMPOP 1 a LEFT 1
      LMPOP 9223372036854775807 a LEFT
      LMPOP 1 a
    `,
  ]);

  for (const size of ['1', '2', '100', '-1', '-5', '0']) {
    define(`list-max-listpack-size ${size}`, [
      `CONFIG SET list-max-listpack-size ${size}\nCONFIG GET list-max-listpack-size`,
      ...filled(300),
      command('RPUSH', 'k', 'x'.repeat(5000), 'y'.repeat(70_000), 'z'),
      'LINSERT k BEFORE v5 new\nLSET k 7 other\nLREM k 0 v4\nDEBUG DIGEST-VALUE k\nLLEN k',
      'LPOP k 250\nLRANGE k 0 -1\nCONFIG SET list-max-listpack-size -2',
    ]);
  }

  define('other commands on lists', [
    `
      RPUSH k a b c
      GET k
      APPEND k x
      INCR k
      STRLEN k
      GETRANGE k 0 1
      SETRANGE k 0 x
      GETSET k x
      MGET k
      SETNX k x
      TYPE k
      SCAN 0 TYPE list
      KEYS *
      OBJECT FREQ k
      OBJECT HELP
      EXPIRE k 100
      PERSIST k
      SET k v
      GET k
      RPUSH l a b
      SET l v KEEPTTL
      RPUSH m a
      GETDEL m
      GETEX m
      MSET m 1 n 2
      GET m
      RPUSH o a
      RPUSH p b c
      RENAME o p
      LRANGE p 0 -1
      COPY p q
      COPY p q
      COPY p q REPLACE
      SWAPDB 0 1
      SELECT 1
      LRANGE q 0 -1
      FLUSHALL
      DBSIZE
      MULTI
      RPUSH t a b c
      LPOP t
      LRANGE t 0 -1
      EXEC
      WATCH t
      b> LPUSH t x
      MULTI
      LLEN t
      EXEC
    `,
  ]);
});
