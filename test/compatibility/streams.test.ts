// Streams, without groups and waiting: adding, reading and deleting entries, with every option and error. Trimming is in
// streams-trimming.test.ts, groups are in streams-groups.test.ts and streams-claims.test.ts.
import { redact } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { capture, command, compared, intended, type Script, type Step } from '../support/script.ts';

/** Ids that Redis made of its clock. */
const ids = redact(/\d{13}-\d+/);

/** Ids as a client may write them, rightly and wrongly. */
const IDS = [
  ...['0', '1', '5', '5-0', '5-1', '05-1', '5-01', '18446744073709551615', '0-0', '0-1', '-', '+'],
  ...['5-18446744073709551615', '18446744073709551615-0', '5-18446744073709551616', '-5', '+5'],
  ...['18446744073709551615-18446744073709551615', '18446744073709551616', '5-', '-5-1', '5--1'],
  ...[
    '5-*',
    '*',
    '*-5',
    '5-*5',
    '5-1-1',
    '5 -1',
    '',
    'x',
    '5-x',
    'x-5',
    '(5',
    '(5-1',
    '$',
    '>',
    '5.0',
  ],
  ...['((5', '(', '(-', '(+', '0x5', '1e1', '5-+1', '99999999999999999999999999999999999999-1'],
  '1'.repeat(200),
];

/** Fields and values that are packed in every way: integers of each width, strings of each length. */
const TEXTS = [
  ...['', '0', '127', '128', '-1', '4095', '-4096', '32767', '-32769', '8388607', '-8388609'],
  ...['2147483647', '-2147483649', '9223372036854775807', '9223372036854775808', '007', '-0', '+1'],
  ...['1.5', 'short', '\xff\xfe', '\x00', '\r\n', 'x'.repeat(63), 'x'.repeat(64)],
  ...['y'.repeat(4095), 'y'.repeat(4096), 'z'.repeat(20_000)],
];

/** Adds entries of the ids 1-0 … `count`-0. */
function filled(key: string, count: number): Script {
  return Array.from({ length: count }, (_, i) => `XADD ${key} ${i + 1}-0 f ${i + 1}`);
}

/** An XADD for whose milliseconds there is no greater id. */
function sequenceEnd(line: string): Step {
  return intended(
    'stream-sequence-end',
    /^-ERR The ID specified in XADD is equal or smaller /,
    line,
  );
}

/** A line with each of the ids in the place of ID. */
function withIds(...words: string[]): Step[] {
  return IDS.map((id) => command(...words.map((word) => (word === 'ID' ? id : word))));
}

compareWithRedis('streams', (define) => {
  define('XADD', [
    `
      XADD s 1-1 f v
      XADD s 1-2 f v g w
      XADD s 1-2 f v
      XADD s 1-1 f v
      XADD s 0-1 f v
      XADD s 1 f v
      XADD s 2 f v
      XADD s 2-0 f v
      XADD s 2-* f v
      XADD s 2-* f v
      XADD s 1-* f v
      XADD s 0-* f v
      XADD s 3-5 f v f w
      XADD s 3-* f v
      XADD s 4-18446744073709551615 f v
    `,
    sequenceEnd('XADD s 4-* f v'),
    `
      XADD s 5-* f v
      XADD s NOMKSTREAM 6-1 f v
      XADD missing NOMKSTREAM 6-1 f v
      XADD missing nomkstream * f v
      EXISTS missing
      XLEN s
      XLEN missing
      XRANGE s - +
      TYPE s
      OBJECT ENCODING s
      XADD nomkstream NOMKSTREAM NOMKSTREAM 1-1 f v
      XADD nomkstream 1-1 NOMKSTREAM v
      XADD nomkstream 1-2 MAXLEN 1
      XRANGE nomkstream - +
    `,
  ]);

  define('XADD of ids that are the first or the last', [
    `
      XADD z 0-0 f v
      XADD z 0 f v
      EXISTS z
      XADD z 0-* f v
      XADD z 0-* f v
      XADD one 0-1 f v
      XADD big 18446744073709551615-18446744073709551614 f v
      XADD big 18446744073709551615-* f v
      XADD big 18446744073709551615-* f v
      XADD big * f v
      XADD big 1-1 f v
      XADD big 18446744073709551615-18446744073709551615 f v
      XADD big MAXLEN 0 * f v
      XRANGE big - +
      XREVRANGE big + - COUNT 1
      XADD far 18446744073709551614-18446744073709551615 f v
    `,
    sequenceEnd('XADD far 18446744073709551614-* f v'),
    `
      XADD far * f v
      XADD far * f v
      XADD far 18446744073709551615-5 f v
      XADD far * f v
      XRANGE far - +
    `,
  ]);

  define('XADD with ids of the clock', [
    compared(ids, 'XADD s * f v\nXADD s * g w\nXRANGE s - +\nXREVRANGE s + - COUNT 1'),
    capture('id', 'XADD s * f v'),
    compared(ids, 'XRANGE s $id $id\nXREAD STREAMS s $id\nXADD s $id f v'),
    'XDEL s $id\nXDEL s $id\nXRANGE s $id +\nXLEN s',
    // Behind the clock, ids go on from the last one.
    'XADD t 99999999999999-5 f v\nXADD t * f v\nXADD t * f v\nXADD t 99999999999999-* f v\nXRANGE t - +',
  ]);

  define('XADD of every text as an id', [
    ...withIds('XADD', 's', 'ID', 'f', 'v').filter(({ label }) => label !== 'XADD s * f v'),
    'XRANGE s - +',
  ]);

  define('XADD: what comes in which place', [
    `
      XADD
      XADD s
      XADD s *
      XADD s * f
      XADD s * f v g
      XADD s 1-1
      XADD s 1-1 f
      XADD s 1-1 f v g
      XADD s NOMKSTREAM
      XADD s NOMKSTREAM *
      XADD s NOMKSTREAM * f
      XADD s NOMKSTREAM 1-1 f
      XADD s NOMKSTREAM 1-1 f v g
      XADD s NOMKSTREAM NOMKSTREAM NOMKSTREAM NOMKSTREAM
      XADD s x y z
      XADD s x 1-1 f v
      XADD s MAXLEN
      XADD s MAXLEN 5
      XADD s MAXLEN 5 *
      XADD s MAXLEN 5 * f
      XADD s MAXLEN x * f v
      XADD s MAXLEN -1 * f v
      XADD s MAXLEN ~ -1 * f v
      XADD s MAXLEN = x * f v
      XADD s MAXLEN ~ * f v
      XADD s MAXLEN = * f v
      XADD s MAXLEN ~ = 5 * f v
      XADD s MAXLEN 9223372036854775808 * f v
      XADD s MAXLEN "" * f v
      XADD s MAXLEN 5 MAXLEN 6 * f v
      XADD s MAXLEN 5 MINID 6 * f v
      XADD s MINID 5 MAXLEN 6 * f v
      XADD s MINID 5 MINID x * f v
      XADD s MINID x * f v
      XADD s MINID ~ x * f v
      XADD s MINID - * f v
      XADD s MINID + * f v
      XADD s MINID * * f v
      XADD s MINID 5-* * f v
      XADD s MINID (5 * f v
      XADD s MINID -1 * f v
      XADD s MINID
      XADD s MINID 5
      XADD s LIMIT 5 * f v
      XADD s LIMIT x * f v
      XADD s LIMIT -1 * f v
      XADD s LIMIT
      XADD s MAXLEN 5 LIMIT 5 * f v
      XADD s MAXLEN = 5 LIMIT 5 * f v
      XADD s MAXLEN 5 LIMIT 0 * f v
      XADD s MINID 5 LIMIT 5 * f v
      XADD s MAXLEN ~ 5 LIMIT x * f v
      XADD s MAXLEN ~ 5 LIMIT -1 * f v
      XADD s MAXLEN ~ 5 LIMIT * f v
      XADD s MAXLEN ~ 5 LIMIT 1 LIMIT x * f v
      XADD s LIMIT 5 MAXLEN 5 * f v
      EXISTS s
      XADD s LIMIT 5 MAXLEN ~ 5 1-1 f v
      XADD s maxlen ~ 5 limit 1 limit 2 nomkstream 1-2 f v
      XADD s MAXLEN 9223372036854775807 1-3 f v
      XADD s MINID 18446744073709551615 NOMKSTREAM 1-4 f v
      XADD s = 1-5 f v
      XADD s ~ 1-6 f v
      XADD s MAXLEN = 1-7 f v
      XLEN s
    `,
  ]);

  define('fields and values of every kind', [
    ...TEXTS.map((text, i) => command('XADD', 's', `1-${i + 1}`, 'field', text)),
    ...TEXTS.map((text, i) => command('XADD', 's', `2-${i + 1}`, text, 'value')),
    command('XADD', 's', '3-1', ...TEXTS.flatMap((text) => [text, text])),
    command('XADD', 's', '3-2', ...TEXTS.flatMap((text) => [text, 'x'])),
    command('XADD', 's', '3-3', ...TEXTS.flatMap((text) => [text, text])),
    'XRANGE s - +\nXREVRANGE s + - COUNT 3\nXREAD COUNT 5 STREAMS s 1-10\nDEBUG DIGEST-VALUE s',
    ...TEXTS.map((_, i) => `XRANGE s 1-${i + 1} 1-${i + 1}\nXRANGE s 2-${i + 1} 2-${i + 1}`),
    command('XADD', 'k'.repeat(100), '1-1', 'f', 'v'),
    command('XADD', '\x00\xff', '1-1', '\x00', '\xff'),
    command('XREAD', 'STREAMS', '\x00\xff', 'k'.repeat(100), '0', '0'),
    command('XADD', 'wide', '1-1', ...Array.from({ length: 600 }, (_, i) => `${i}`)),
    command('XADD', 'wide', '1-2', ...Array.from({ length: 600 }, (_, i) => `${i}`)),
    command('XADD', 'wide', '1-3', ...Array.from({ length: 598 }, (_, i) => `${i}`)),
    'XRANGE wide - +\nDEBUG DIGEST-VALUE wide',
  ]);

  for (const entries of ['100', '3', '1']) {
    define(`XRANGE and XREVRANGE, of nodes of ${entries}`, [
      `CONFIG SET stream-node-max-entries ${entries}`,
      ...['1-1', '1-2', '1-5', '2-0', '2-7', '3-0', '5-5', '7-0', '7-1', '9-9'].map(
        (id) => `XADD s ${id} f ${id}`,
      ),
      ...[
        ...['- +', '+ -', '- -', '+ +', '1 1', '1-2 1-2', '1-2 2', '2 1-2', '(1-2 2-7', '1-2 (2-7'],
        ...['(1-2 (2-7', '(1 2', '1 (2', '(1 (1', '0 +', '(0-0 +', '- (9-9', '9-9 +', '(9-9 +'],
        ...['4 6', '6 6', '5-6 6', '10 20', '0-0 0-1', '7 7', '(7-0 (7-1', '(7-0 7-1', '-  9'],
        ...['18446744073709551615 +', '(18446744073709551615-18446744073709551615 +'],
        ...['- (0-0', '- (0', '(+ +', '- (-', '(- +', '- (+', '(18446744073709551615 +'],
        ...['(1-18446744073709551615 2-0', '2 (3-0', '- 18446744073709551615-18446744073709551615'],
      ].map((range) => {
        const [start, end] = range.split(/ +/);
        return `
          XRANGE s ${start} ${end}
          XRANGE s ${start} ${end} COUNT 2
          XREVRANGE s ${end} ${start}
          XREVRANGE s ${end} ${start} COUNT 3
          XREVRANGE s ${start} ${end}
        `;
      }),
      ...['0', '1', '3', '-1', '-9223372036854775808', '9223372036854775807', '100000000000'].map(
        (count) => `
          XRANGE s - + COUNT ${count}
          XREVRANGE s + - COUNT ${count}
          XRANGE missing - + COUNT ${count}
          XRANGE s 4 4 COUNT ${count}
        `,
      ),
      'XDEL s 1-2 2-7 7-1\nXRANGE s - +\nXREVRANGE s + -\nXRANGE s 1-2 2-7\nXREVRANGE s 7-1 2-7\nXRANGE s (1-1 +',
      'XDEL s 1-1 1-5 9-9\nXRANGE s - + COUNT 1\nXREVRANGE s + - COUNT 1\nXRANGE s (2-0 + COUNT 1',
      'CONFIG SET stream-node-max-entries 100',
    ]);
  }

  define('XRANGE and XREVRANGE: errors, and every text as an id', [
    'XADD s 5-0 f v\nXADD s 5-1 f v\nXADD s 6-0 f v',
    ...withIds('XRANGE', 's', 'ID', '+'),
    ...withIds('XRANGE', 's', '-', 'ID'),
    ...withIds('XREVRANGE', 's', 'ID', '-'),
    ...withIds('XREVRANGE', 's', '+', 'ID'),
    ...['XRANGE', 'XREVRANGE'].map(
      (name) => `
        ${name}
        ${name} s
        ${name} s -
        ${name} s - + COUNT
        ${name} s - + COUNT x
        ${name} s - + COUNT 1 COUNT
        ${name} s - + COUNT 1 COUNT 2
        ${name} s - + COUNT 9223372036854775808
        ${name} s - + LIMIT 1
        ${name} s - + 1
        ${name} s x y
        ${name} s x y COUNT x
        ${name} s - y COUNT x
        ${name} missing - +
        ${name} missing x y
        ${name} missing - + COUNT
      `,
    ),
  ]);

  define('XLEN and XDEL', [
    ...filled('s', 10),
    `
      XDEL s 1-0
      XDEL s 1-0
      XDEL s 2-0 2-0 3-0 11-0
      XDEL s 4
      XDEL s 5-1 5-0
      XDEL missing 1-0
      XDEL s x
      XDEL s 6-0 x
      XDEL s 6-0 7-0-0
      XDEL s - +
      XDEL s *
      XDEL s (6-0
      XDEL s
      XDEL
      XLEN
      XLEN s s
      XLEN s
      XRANGE s - +
      XDEL s 6-0 7-0 8-0 9-0 10-0
      XLEN s
      EXISTS s
      XRANGE s - +
      XADD s 10-0 f v
      XADD s 10-1 f v
      XRANGE s - +
      XINFO STREAM s
    `,
    ...withIds('XDEL', 's', 'ID'),
    'XLEN s',
    'CONFIG SET stream-node-max-entries 3',
    ...filled('t', 20),
    'XDEL t 4-0 5-0 6-0\nXINFO STREAM t\nXDEL t 1-0 3-0\nXINFO STREAM t\nXDEL t 20-0\nXINFO STREAM t',
    'XRANGE t - +\nXREVRANGE t + -\nXADD t 20-1 f v\nXDEL t 19-0 20-1\nXADD t 21-0 f v\nXINFO STREAM t\nDUMP t',
    'CONFIG SET stream-node-max-entries 100',
  ]);

  define('XREAD', [
    ...filled('s', 5),
    'XADD t 3-1 a b\nXADD t 3-2 a b c d',
    `
      XREAD STREAMS s 0
      XREAD STREAMS s 3
      XREAD STREAMS s 3-0
      XREAD STREAMS s 3-1
      XREAD STREAMS s 5
      XREAD STREAMS s 99
      XREAD STREAMS s $
      XREAD STREAMS missing $
      XREAD STREAMS missing 0
      XREAD COUNT 2 STREAMS s 1-0
      XREAD COUNT 0 STREAMS s 1-0
      XREAD COUNT -5 STREAMS s 1-0
      XREAD COUNT 9223372036854775807 STREAMS s 1-0
      XREAD STREAMS s t 2 3-1
      XREAD STREAMS s t missing 2 3-1 0
      XREAD STREAMS missing t s 0 3-2 4
      XREAD STREAMS s t 5 3-2
      XREAD STREAMS s s 3 4
      XREAD COUNT 1 STREAMS s t 0 0
      XREAD BLOCK 0 STREAMS s 0
      XREAD BLOCK 100 COUNT 1 STREAMS s t $ 3-1
      XREAD COUNT 1 BLOCK 1 COUNT 2 BLOCK 2 STREAMS s 0
      XREAD BLOCK 1 STREAMS s $
      XREAD BLOCK 1 STREAMS missing 0
      XREAD STREAMS s 18446744073709551615-18446744073709551615
      XREAD streams STREAMS 0
      XADD STREAMS 1-1 f v
      XREAD streams STREAMS 0
      XREAD STREAMS STREAMS s 0 4
      XREAD COUNT 1 streams COUNT 1
    `,
  ]);

  define('XREAD of the last entry', [
    ...filled('s', 3),
    'XADD t 1-0 f v\nXADD empty MAXLEN 0 1-0 f v',
    ...[
      ['XREAD STREAMS s +', /3-0\r\n\*2\r\n\$1\r\nf\r\n\$1\r\n3\r\n$/],
      ['XREAD COUNT 5 BLOCK 0 STREAMS s t + +', /3-0\r\n(?:.*\r\n)*\$3\r\n1-0\r\n/],
      ['XREAD STREAMS missing +', /^(?:\*-1|_)\r\n$/],
      ['XREAD STREAMS empty +', /^(?:\*-1|_)\r\n$/],
    ].map(([line, reply]) => intended('xread-last', new RegExp(reply), String(line))),
  ]);

  define('XREAD: errors, and every text as an id', [
    'XADD s 5-0 f v\nXADD s 5-1 f v\nXADD s 6-0 f v\nSET string x',
    ...withIds('XREAD', 'STREAMS', 's', 'ID').filter(({ label }) => label !== 'XREAD STREAMS s +'),
    `
      XREAD
      XREAD STREAMS
      XREAD STREAMS s
      XREAD STREAMS s t 0
      XREAD STREAMS s t u 0 0
      XREAD COUNT 1 STREAMS
      XREAD COUNT 1 STREAMS s
      XREAD COUNT STREAMS s 0
      XREAD COUNT x STREAMS s 0
      XREAD COUNT 1 2 STREAMS s 0
      XREAD COUNT 9223372036854775808 STREAMS s 0
      XREAD BLOCK x STREAMS s 0
      XREAD BLOCK -1 STREAMS s 0
      XREAD BLOCK 1.5 STREAMS s 0
      XREAD BLOCK STREAMS s 0
      XREAD BLOCK 0 COUNT x STREAMS s 0
      XREAD BONES 0 STREAMS s 0
      XREAD s 0
      XREAD COUNT 1
      XREAD COUNT 1 BLOCK
      XREAD COUNT 1 BLOCK 0
      XREAD GROUP g c STREAMS s 0
      XREAD GROUP g STREAMS s 0
      XREAD NOACK STREAMS s 0
      XREAD COUNT 1 NOACK STREAMS s 0
      XREAD STREAMS s >
      XREAD STREAMS missing >
      XREAD STREAMS missing x
      XREAD STREAMS string 0
      XREAD STREAMS s string 0 0
      XREAD STREAMS string s 0 0
      XREAD STREAMS s string 0 x
      XREAD STREAMS string s $ x
      XREAD STREAMS string $
      XREAD BLOCK 0 STREAMS s string $ 0
      XREAD BLOCK 0 STREAMS string $
    `,
    intended(
      'far-timeouts',
      /^-ERR timeout is out of range\r\n$/,
      'XREAD BLOCK 9223372036854775807 STREAMS s 0',
    ),
  ]);

  define('wrong types', [
    'SET k v',
    `
      XADD k 1-1 f v
      XADD k * f v
      XADD k NOMKSTREAM 1-1 f v
      XADD k x f v
      XADD k 0-0 f v
      XLEN k
      XRANGE k - +
      XRANGE k x +
      XRANGE k - + COUNT x
      XRANGE k - + COUNT 0
      XREVRANGE k + -
      XDEL k 1-1
      XDEL k x
      XTRIM k MAXLEN 0
      XTRIM k MAXLEN x
      XSETID k 1-1
      XSETID k x
      GET k
    `,
  ]);
});
