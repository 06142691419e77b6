// What trims streams: XTRIM and the options of XADD, exact and approximate; how nodes are divided, which decides what an
// approximate one leaves; XSETID and what XINFO STREAM tells of all that.
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, compared, type Script } from '../support/script.ts';
import { payloads } from '../support/stream-replies.ts';

/** Adds entries of the ids 1-0 … `count`-0. */
function filled(key: string, count: number, value = 'v'): Script {
  return Array.from({ length: count }, (_, i) => command('XADD', key, `${i + 1}-0`, 'f', value));
}

/** The options that trim, without LIMIT. */
const STRATEGIES = [
  ...['MAXLEN 95', 'MAXLEN = 95', 'MAXLEN ~ 100', 'MAXLEN ~ 95', 'MAXLEN ~ 90', 'MAXLEN ~ 1'],
  ...['MAXLEN ~ 0', 'MAXLEN 0', 'MAXLEN 105', 'MAXLEN 1000', 'MAXLEN ~ 104', 'MAXLEN 1'],
  ...['MINID 10', 'MINID = 11-0', 'MINID ~ 11-0', 'MINID ~ 10', 'MINID ~ 10-1', 'MINID 10-1'],
  ...['MINID 0', 'MINID 1', 'MINID 105', 'MINID 106', 'MINID ~ 106', 'MINID ~ 105', 'MINID ~ 101'],
  ...['MINID 18446744073709551615-18446744073709551615', 'MINID 50-18446744073709551615'],
];
const LIMITS = ['0', '1', '9', '10', '11', '25', '100', '1000', '9223372036854775807'];

compareWithRedis('trimming streams', (define) => {
  for (const entries of ['10', '1', '100', '0']) {
    define(`XTRIM, of nodes of ${entries}`, [
      `CONFIG SET stream-node-max-entries ${entries}`,
      ...STRATEGIES.flatMap((strategy) => [
        ...filled('s', 105),
        `XTRIM s ${strategy}\nXTRIM s ${strategy}\nXINFO STREAM s\nXRANGE s - + COUNT 2\nDEL s`,
      ]),
      'CONFIG SET stream-node-max-entries 100',
    ]);
  }

  define('XTRIM with LIMIT', [
    'CONFIG SET stream-node-max-entries 10',
    ...LIMITS.flatMap((limit) => [
      ...filled('s', 105),
      `
        XTRIM s MAXLEN ~ 50 LIMIT ${limit}
        XLEN s
        XTRIM s MAXLEN ~ 0 LIMIT ${limit}
        XLEN s
        XTRIM s MINID ~ 1000 LIMIT ${limit}
        XADD s MAXLEN ~ 5 LIMIT ${limit} 200-1 f v
        XLEN s
        XADD s MINID ~ 200 LIMIT ${limit} 201-1 f v
        XINFO STREAM s
        DEL s
      `,
    ]),
    // The options in other orders, the last LIMIT counts.
    ...filled('s', 105),
    'XTRIM s LIMIT 25 MAXLEN ~ 0\nXLEN s\nXTRIM s LIMIT 5 MAXLEN ~ 0 LIMIT 15\nXTRIM s MINID ~ 1000 LIMIT 15\nXLEN s',
    'CONFIG SET stream-node-max-entries 100',
  ]);

  define('what is trimmed at once where no LIMIT says so', [
    'CONFIG SET stream-node-max-entries 10',
    ...filled('s', 2500),
    'XTRIM s MAXLEN ~ 0 LIMIT 5\nXTRIM s MAXLEN ~ 0\nXTRIM s MAXLEN ~ 0\nXTRIM s MAXLEN ~ 0\nXTRIM s MAXLEN ~ 0',
    ...filled('t', 2500),
    'XTRIM t MINID ~ 2500\nXADD t MAXLEN ~ 0 3000-1 f v\nXLEN t\nXTRIM t MAXLEN ~ 0 LIMIT 0',
    ...filled('u', 2500),
    'XTRIM u MAXLEN = 100\nXTRIM u MINID 2490\nXINFO STREAM u',
    // The limit is by the directive, whatever the nodes were made with.
    'DEL s',
    ...filled('s', 2500),
    'CONFIG SET stream-node-max-entries 1\nXTRIM s MAXLEN ~ 0\nXTRIM s MAXLEN ~ 0\nXLEN s',
    'CONFIG SET stream-node-max-entries 0\nXTRIM s MAXLEN ~ 100\nXTRIM s MAXLEN ~ 0\nXLEN s',
    'CONFIG SET stream-node-max-entries 100',
  ]);

  define('without a limit of entries in a node', [
    'CONFIG SET stream-node-max-entries 0',
    ...filled('s', 25_000),
    'XINFO STREAM s\nXTRIM s MAXLEN ~ 0\nXTRIM s MAXLEN ~ 0\nXTRIM s MAXLEN ~ 0\nXTRIM s MAXLEN ~ 0\nXLEN s',
    'CONFIG SET stream-node-max-entries 100',
  ]);

  for (const strategy of ['MAXLEN', 'MAXLEN =', 'MAXLEN ~', 'MINID', 'MINID ~']) {
    define(`XADD with ${strategy}`, [
      'CONFIG SET stream-node-max-entries 3',
      ...Array.from(
        { length: 20 },
        (_, i) => `
          XADD s ${strategy} ${strategy.startsWith('MAXLEN') ? 7 : Math.max(0, i - 5)} ${i + 1}-1 f v
          XLEN s
          XRANGE s - + COUNT 1
        `,
      ),
      'XINFO STREAM s\nDUMP s',
      `XADD s ${strategy} 0 30-1 f v\nXLEN s\nXADD s ${strategy} 1 31-1 f v\nXLEN s\nXINFO STREAM s`,
      `XADD new ${strategy} 0 1-1 f v\nXLEN new\nEXISTS new\nXINFO STREAM new\nXADD new ${strategy} 0 1-1 f v`,
      `XADD new NOMKSTREAM ${strategy} 5 1-2 f v\nXADD none ${strategy} 5 NOMKSTREAM 1-2 f v\nXADD new ${strategy} 0 x f v`,
      'XINFO STREAM new\nXRANGE new - +',
      'CONFIG SET stream-node-max-entries 100',
    ]);
  }

  define('XTRIM: errors', [
    ...filled('s', 5),
    ...['s', 'missing'].map(
      (key) => `
        XTRIM
        XTRIM ${key}
        XTRIM ${key} MAXLEN
        XTRIM ${key} MINID
        XTRIM ${key} LIMIT
        XTRIM ${key} LIMIT 5
        XTRIM ${key} 5 5
        XTRIM ${key} BONES 5
        XTRIM ${key} MAXLEN x
        XTRIM ${key} MAXLEN -1
        XTRIM ${key} MAXLEN ~
        XTRIM ${key} MAXLEN =
        XTRIM ${key} MAXLEN ~ =
        XTRIM ${key} MAXLEN ~ x
        XTRIM ${key} MAXLEN ~ -1
        XTRIM ${key} MAXLEN 1.5
        XTRIM ${key} MAXLEN 5 x
        XTRIM ${key} MAXLEN 5 5
        XTRIM ${key} MAXLEN 5 MAXLEN 5
        XTRIM ${key} MAXLEN 5 MINID 5
        XTRIM ${key} MINID 5 MAXLEN 5
        XTRIM ${key} MINID 5 MINID 5
        XTRIM ${key} MINID x
        XTRIM ${key} MINID -
        XTRIM ${key} MINID +
        XTRIM ${key} MINID *
        XTRIM ${key} MINID 1-*
        XTRIM ${key} MINID (1
        XTRIM ${key} MINID ~
        XTRIM ${key} MAXLEN 5 LIMIT
        XTRIM ${key} MAXLEN 5 LIMIT 5
        XTRIM ${key} MAXLEN = 5 LIMIT 5
        XTRIM ${key} MAXLEN ~ 5 LIMIT
        XTRIM ${key} MAXLEN ~ 5 LIMIT x
        XTRIM ${key} MAXLEN ~ 5 LIMIT -1
        XTRIM ${key} MAXLEN ~ 5 LIMIT 1.5
        XTRIM ${key} LIMIT 5 MAXLEN 5
        XTRIM ${key} MAXLEN 5 NOMKSTREAM
        XTRIM ${key} NOMKSTREAM MAXLEN 5
        XTRIM ${key} MAXLEN * 5
        XTRIM ${key} * MAXLEN 5
        XTRIM ${key} maxlen 5
        XTRIM ${key} minid ~ 0 limit 0
      `,
    ),
    'XLEN s\nEXISTS missing',
  ]);

  define('nodes that are full by their bytes', [
    'CONFIG SET stream-node-max-bytes 100',
    ...[0, 1, 10, 30, 60, 63, 64, 90, 100, 101, 500].flatMap((length) => [
      ...filled(`s${length}`, 12, 'x'.repeat(length)),
      `XINFO STREAM s${length}\nXTRIM s${length} MAXLEN ~ 5\nXINFO STREAM s${length}\nDUMP s${length}`,
    ]),
    ...['0', '1', '50', '4096', '1000000000'].flatMap((bytes) => [
      `CONFIG SET stream-node-max-bytes ${bytes}`,
      ...filled(`b${bytes}`, 150, 'value of an entry'),
      `XINFO STREAM b${bytes}\nXTRIM b${bytes} MAXLEN ~ 20\nXLEN b${bytes}`,
    ]),
    'CONFIG SET stream-node-max-entries 7',
    ...['0', '200', '4096'].flatMap((bytes) => [
      `CONFIG SET stream-node-max-bytes ${bytes}`,
      ...filled(`c${bytes}`, 50, 'value of an entry'),
      `XINFO STREAM c${bytes}\nXTRIM c${bytes} MAXLEN ~ 20\nXLEN c${bytes}\nDUMP c${bytes}`,
    ]),
    'CONFIG SET stream-node-max-bytes 4096\nCONFIG SET stream-node-max-entries 100',
    // One entry more than there are bytes for.
    ...[4000, 4040, 4050, 4060, 4070, 4080, 4090, 4096, 5000].flatMap((length) => [
      ...filled(`d${length}`, 1, 'x'.repeat(length)),
      `XADD d${length} 5-0 f v\nXADD d${length} 6-0 f v\nXINFO STREAM d${length}`,
    ]),
  ]);

  define('nodes, deleted entries in them and what XINFO tells of them', [
    'CONFIG SET stream-node-max-entries 4',
    ...filled('s', 20),
    'XDEL s 2-0 3-0\nXINFO STREAM s\nXTRIM s MAXLEN 17\nXINFO STREAM s\nXTRIM s MAXLEN ~ 15\nXINFO STREAM s\nDUMP s',
    'XDEL s 5-0 7-0 9-0\nXTRIM s MAXLEN ~ 11\nXTRIM s MAXLEN 11\nXINFO STREAM s\nXRANGE s - +\nDUMP s',
    'XTRIM s MINID 9\nXINFO STREAM s\nXTRIM s MINID ~ 13\nXINFO STREAM s\nXTRIM s MINID 14-5\nXINFO STREAM s\nDUMP s',
    // A node whose entries are all gone, and one that is left with deleted ones alone.
    'XDEL s 15-0 16-0\nXINFO STREAM s\nXDEL s 20-0 19-0 18-0\nXADD s 21-0 f v\nXADD s 22-0 g w\nXINFO STREAM s\nDUMP s',
    'XTRIM s MAXLEN 0\nXINFO STREAM s\nXADD s 22-0 f v\nXADD s 23-0 f v\nXINFO STREAM s\nXTRIM s MINID ~ 99\nDUMP s',
    'CONFIG SET stream-node-max-entries 100',
  ]);

  define('fields that are those of the first entry, or others', [
    'XADD s 1-1 a 1 b 2',
    'XADD s 1-2 a 3 b 4',
    'XADD s 1-2 a 3 b 4',
    'XADD s 2-0 b 3 a 4',
    'XADD s 2-5 a 3',
    'XADD s 3-0 a 1 b 2 c 3',
    'XADD s 3-1 A 1 b 2',
    'XADD s 3-2 a 1 b 2',
    'DUMP s\nXDEL s 1-1\nDUMP s\nXADD s 4-0 a 1 b 2\nXADD s 4-1 c 1\nDUMP s\nXTRIM s MAXLEN 3\nDUMP s\nXRANGE s - +',
    'XADD t 5-5 1 one 2 two\nXADD t 5-6 1 0 2 -1\nXADD t 6-0 01 0 2 -1\nXADD t 4294967301-9 1 500000 2 ""\nDUMP t',
    'XADD t 9223372036854775813-9223372036854775815 1 70000 2 x\nXADD t 18446744073709551615-1 1 1 2 2\nDUMP t\nXRANGE t - +',
  ]);

  define('XSETID: entries that are less than deleted ones before them', [
    `
      XADD s 1-0 f v
      XADD s 2-0 f v
      XADD s 3-0 f v
      XDEL s 3-0 2-0
      XSETID s 3-0 ENTRIESADDED 3 MAXDELETEDID 0-1
      XSETID s 1-0
      XADD s 1-5 f v
      XADD s 2-5 f v
      XRANGE s - +
      XRANGE s 1-5 1-5
      XRANGE s 1-5 2-5
      XRANGE s 2-5 2-5
      XREVRANGE s 1-5 1-5
      XREVRANGE s 2-5 1-5
      XREAD STREAMS s 1-0
      XREAD STREAMS s 1-5
      DUMP s
      DEBUG RELOAD
      XRANGE s 1-1 +
      XTRIM s MINID 1-6
      XDEL s 1-5 2-0
      XDEL s 2-5
      DUMP s
      XADD t 2-0 f v
      XADD t 3-0 f v
      XADD t 4-0 f v
      XDEL t 4-0
      XTRIM t MINID = 4-0
      XSETID t 4-0 ENTRIESADDED 3 MAXDELETEDID 0-1
      XSETID t 1-0
      XADD t 1-5 f v
      XADD t 1-6 f v
      XRANGE t 1-5 1-6
      DEBUG RELOAD
      XRANGE t - +
      XREVRANGE t + -
      XLEN t
      XTRIM t MAXLEN 1
      XADD t 5-0 f v
      XRANGE t - +
    `,
  ]);

  define('XSETID', [
    ...filled('s', 5),
    `
      XSETID s 5-0
      XSETID s 6-0
      XINFO STREAM s
      XADD s 6-0 f v
      XADD s 6-1 f v
      XSETID s 6-0
      XSETID s 4-9
      XSETID s 7
      XSETID s 7-*
      XSETID s *
      XSETID s -
      XSETID s +
      XSETID s x
      XSETID s (9
      XSETID s 0-0
      XSETID s 18446744073709551615-18446744073709551615
      XADD s * f v
      XSETID s 9-0
      XINFO STREAM s
      XSETID missing 1-1
      XSETID missing x
      XSETID s
      XSETID
      XSETID s 10-0 ENTRIESADDED
      XSETID s 10-0 MAXDELETEDID
      XSETID s 10-0 BONES 5
      XSETID s 10-0 ENTRIESADDED x
      XSETID s 10-0 ENTRIESADDED -1
      XSETID s 10-0 ENTRIESADDED 5
      XSETID s 10-0 ENTRIESADDED 6
      XINFO STREAM s
      XSETID s 10-0 ENTRIESADDED 100
      XSETID s 10-0 MAXDELETEDID x
      XSETID s 10-0 MAXDELETEDID 11-0
      XSETID s 10-0 MAXDELETEDID 10-0
      XINFO STREAM s
      XSETID s 10-0 ENTRIESADDED 50 MAXDELETEDID 3-0
      XINFO STREAM s
      XSETID s 11-0 MAXDELETEDID 0-0
      XINFO STREAM s
      XSETID s 11-0 maxdeletedid 4 entriesadded 77
      XSETID s 12-0 ENTRIESADDED 78 ENTRIESADDED 79
      XSETID s 12-0 ENTRIESADDED 9223372036854775807
      XINFO STREAM s
      XADD s 13-0 f v
      XINFO STREAM s
      XSETID s 13-0 ENTRIESADDED 9223372036854775808
      XSETID s 13-0 MAXDELETEDID 1-0 ENTRIESADDED
      XSETID s 13-0 ENTRIESADDED 1 MAXDELETEDID 99-0
      XTRIM s MAXLEN 0
      XSETID s 1-0
      XINFO STREAM s
      XSETID s 0-0
      XSETID s 0-0 ENTRIESADDED 0 MAXDELETEDID 0-0
      XINFO STREAM s
      XADD s 0-1 f v
      XINFO STREAM s
      XDEL s 0-1
      XINFO STREAM s
      XSETID s 0-0
      XSETID s 0-1 MAXDELETEDID 0-0
      XSETID s 0-0 ENTRIESADDED 5
      XINFO STREAM s
      XADD s 0-1 f v
      DUMP s
    `,
  ]);

  define('ids that are given again, as XSETID lets them', [
    ...filled('s', 5),
    'XDEL s 5-0 4-0\nXSETID s 3-0\nXADD s 4-0 again 1\nXADD s 4-5 again 2\nXADD s 5-0 again 3\nXADD s 6-0 again 4',
    ...['3-0 +', '4 4', '4-0 4-0', '4-1 5', '5 5', '(4-0 5-0', '- 4-5', '4-6 +'].map((range) => {
      const [first, last] = range.split(' ');
      return `XRANGE s ${first} ${last}\nXREVRANGE s ${last} ${first}\nXRANGE s ${first} ${last} COUNT 1`;
    }),
    'XREAD STREAMS s 3\nXREAD COUNT 1 STREAMS s 4-0\nXGROUP CREATE s g 3-0\nXREADGROUP GROUP g c COUNT 2 STREAMS s >',
    'XREADGROUP GROUP g c STREAMS s 0\nXCLAIM s g d 0 4-0 4-5\nXDEL s 4-0\nXDEL s 4-0 5-0\nXLEN s\nXRANGE s - +\nXINFO STREAM s',
    'XADD s 7-0 f v\nXTRIM s MINID 4-9\nXRANGE s - +\nXTRIM s MAXLEN 1\nXINFO STREAM s\nDEBUG DIGEST-VALUE s',
    compared(payloads, 'DUMP s'),
    'XDEL s 7-0\nXINFO STREAM s',
  ]);
});
