// Entries of consumer groups that are pending: XPENDING, XCLAIM and XAUTOCLAIM with every option and error.
import { compareWithRedis } from '../support/comparison-suite.ts';
import { compared, intended, type Script, type Step } from '../support/script.ts';
import { nearTimes } from '../support/stream-replies.ts';

/** A stream of entries 1-0 … `count`-0, all of them delivered to consumer a of group g. */
function pending(count: number): Script {
  return [
    ...Array.from({ length: count }, (_, i) => `XADD s ${i + 1}-0 f ${i + 1}`),
    'XGROUP CREATE s g 0\nXREADGROUP GROUP g a STREAMS s >',
  ];
}

/** Who has which entries, since when, and how often they were delivered. */
const STATE = compared(
  nearTimes,
  'XPENDING s g - + 1000\nXINFO CONSUMERS s g\nXINFO STREAM s FULL\nXPENDING s g',
);

/** Lines, whose replies may have times, and the state after each. */
function watched(lines: string): Step[] {
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => [...compared(nearTimes, line), ...STATE]);
}

compareWithRedis('pending entries', (define) => {
  define('XPENDING', [
    ...pending(6),
    `
      XREADGROUP GROUP g b STREAMS s >
      XADD s 7-0 f v
      XADD s 8-0 f v
      XREADGROUP GROUP g b STREAMS s >
      XGROUP CREATECONSUMER s g idle
      XCLAIM s g c 0 3-0 6-0 IDLE 100000
      XPENDING s g
      XGROUP CREATE s h 0
      XPENDING s h
      XPENDING s h - + 10
    `,
    ...compared(
      nearTimes,
      `
        XPENDING s g - + 10
        XPENDING s g - + 3
        XPENDING s g - + 0
        XPENDING s g - + -1
        XPENDING s g - + 9223372036854775807
        XPENDING s g - + -9223372036854775808
        XPENDING s g 3 6 10
        XPENDING s g (3-0 (6-0 10
        XPENDING s g 3-0 3-0 10
        XPENDING s g (3-0 3-0 10
        XPENDING s g + - 10
        XPENDING s g 6 3 10
        XPENDING s g 3-1 3-9 10
        XPENDING s g - + 10 a
        XPENDING s g - + 10 b
        XPENDING s g - + 1 b
        XPENDING s g - + 10 c
        XPENDING s g 4 + 10 c
        XPENDING s g - + 10 idle
        XPENDING s g - + 10 missing
        XPENDING s g IDLE 0 - + 10
        XPENDING s g IDLE 50000 - + 10
        XPENDING s g IDLE 50000 - + 1
        XPENDING s g IDLE 50000 4 + 10
        XPENDING s g IDLE 50000 - + 10 c
        XPENDING s g IDLE 50000 - + 10 a
        XPENDING s g IDLE 50000 - + 10 missing
        XPENDING s g IDLE 900000 - + 10
        XPENDING s g IDLE -1 - + 10
        XPENDING s g IDLE 9223372036854775807 - + 10
        XPENDING s g idle 50000 - + 10
        XPENDING s g - + 10 IDLE
        XPENDING s g - + 10 a b
        XPENDING s g - (18446744073709551615-18446744073709551615 10
      `,
    ),
    `
      XPENDING
      XPENDING s
      XPENDING s g -
      XPENDING s g - +
      XPENDING s g - + x
      XPENDING s g - + 1.5
      XPENDING s g x + 10
      XPENDING s g - x 10
      XPENDING s g ( + 10
      XPENDING s g (- + 10
      XPENDING s g (+ + 10
      XPENDING s g (18446744073709551615-18446744073709551615 + 10
      XPENDING s g - (0-0 10
      XPENDING s g - (- 10
      XPENDING s g $ + 10
      XPENDING s g 1-* + 10
      XPENDING s g IDLE
      XPENDING s g IDLE 5
      XPENDING s g IDLE 5 -
      XPENDING s g IDLE 5 - +
      XPENDING s g IDLE x - + 10
      XPENDING s g IDLE 5 - + x
      XPENDING s g IDLE 5 - + 10 a b
      XPENDING s g BONES 5 - + 10
      XPENDING s g 5 - + 10 IDLE 5
      XPENDING s missing
      XPENDING s missing - + 10
      XPENDING s missing - + x
      XPENDING s missing x + 10
      XPENDING missing g
      XPENDING missing g - + 10
      XPENDING missing g x y z
      SET k v
      XPENDING k g
      XPENDING k g - + 10
    `,
    'XDEL s 1-0 3-0\nXPENDING s g\nXACK s g 2-0 4-0 5-0\nXPENDING s g\nXTRIM s MAXLEN 0\nXPENDING s g',
    ...STATE,
  ]);

  define('XCLAIM', [
    ...pending(9),
    ...watched(`
      XCLAIM s g b 0 1-0
      XCLAIM s g b 0 1-0
      XCLAIM s g b 0 2-0 3-0
      XCLAIM s g b 0 3-0 2-0 3-0
      XCLAIM s g b 1000000 4-0
      XCLAIM s g b 0 99-0
      XCLAIM s g b 0 4
      XCLAIM s g new 1000000 5-0
      XCLAIM s g b -5 5-0
      XCLAIM s g c 0 5-0 JUSTID
      XCLAIM s g c 0 6-0 IDLE 100000
      XCLAIM s g b 50000 6-0 7-0 IDLE 200000
      XCLAIM s g b 50000 6-0 7-0 JUSTID IDLE 300000
      XCLAIM s g b 400000 6-0
      XCLAIM s g a 0 6-0 TIME 1000
      XCLAIM s g a 0 6-0 TIME 9999999999999
      XCLAIM s g a 0 6-0 TIME -1
      XCLAIM s g a 0 6-0 TIME 0
      XCLAIM s g a 0 6-0 IDLE 0
      XCLAIM s g a 0 6-0 IDLE -5
      XCLAIM s g a 0 6-0 IDLE 9223372036854775807
      XCLAIM s g a 0 6-0 RETRYCOUNT 7
      XCLAIM s g a 0 6-0 RETRYCOUNT 0
      XCLAIM s g a 0 6-0 JUSTID
      XCLAIM s g a 0 6-0
      XCLAIM s g a 0 6-0 RETRYCOUNT 1000000000000 JUSTID
      XCLAIM s g a 0 6-0 RETRYCOUNT -3
      XCLAIM s g b 0 6-0 7-0 IDLE 5000000 TIME 1700000000000 RETRYCOUNT 3 FORCE JUSTID LASTID 5-0
      XCLAIM s g b 0 6-0 7-0 TIME 1700000000000 IDLE 500000
      XCLAIM s g b 0 7-0 LASTID 12-0
      XCLAIM s g b 0 7-0 LASTID 3-0
      XCLAIM s g b 0 LASTID 13-0 7-0
      XCLAIM s g b 0 99-0 LASTID 20-0
      XCLAIM s g b 0 1-0 JUSTID JUSTID
      XCLAIM s g b 0 1-0 justid idle 1000 retrycount 3 force
    `),
    'XCLAIM s g b 0 1-0 JUSTID RETRYCOUNT 9223372036854775807 TIME 0',
    intended('many-deliveries', /\r\n:9007199254740991\r\n$/, 'XPENDING s g 1-0 1-0 1'),
  ]);

  define('XCLAIM of entries that are not pending, or not there', [
    ...pending(4),
    'XADD s 5-0 f v\nXADD s 6-0 f v\nXADD s 7-0 f v',
    ...watched(`
      XACK s g 1-0 2-0
      XCLAIM s g b 0 1-0
      XCLAIM s g b 0 1-0 FORCE
      XCLAIM s g b 1000000 2-0 FORCE
      XCLAIM s g c 0 5-0
      XCLAIM s g c 0 5-0 FORCE JUSTID
      XCLAIM s g c 0 6-0 FORCE RETRYCOUNT 5
      XCLAIM s g c 0 99-0 FORCE
      XCLAIM s g c 0 6-0 99-0 7-0 FORCE IDLE 70000 LASTID 7-0
      XDEL s 3-0
      XCLAIM s g b 0 3-0
      XCLAIM s g b 0 3-0 FORCE
      XDEL s 4-0 5-0
      XCLAIM s g b 1000000 4-0
      XCLAIM s g new 0 4-0 5-0 JUSTID
      XREADGROUP GROUP g c STREAMS s >
      XREADGROUP GROUP g c STREAMS s 0
      XTRIM s MAXLEN 0
      XREADGROUP GROUP g c STREAMS s 0
      XCLAIM s g c 0 1-0 2-0 6-0 7-0
    `),
  ]);

  define('XCLAIM: errors', [
    ...pending(3),
    `
      XCLAIM
      XCLAIM s g b 0
      XCLAIM s g b
      XCLAIM s g b x 1-0
      XCLAIM s g b 1.5 1-0
      XCLAIM s g b 0 x
      XCLAIM s g b 0 1-0 x
      XCLAIM s g b 0 1-0 2-0 BONES
      XCLAIM s g b 0 JUSTID 1-0
      XCLAIM s g b 0 JUSTID
      XCLAIM s g b 0 -
      XCLAIM s g b 0 +
      XCLAIM s g b 0 *
      XCLAIM s g b 0 1-*
      XCLAIM s g b 0 (1-0
      XCLAIM s g b 0 1-0 IDLE
      XCLAIM s g b 0 1-0 IDLE x
      XCLAIM s g b 0 1-0 TIME
      XCLAIM s g b 0 1-0 TIME x
      XCLAIM s g b 0 1-0 RETRYCOUNT
      XCLAIM s g b 0 1-0 RETRYCOUNT x
      XCLAIM s g b 0 1-0 LASTID
      XCLAIM s g b 0 1-0 LASTID x
      XCLAIM s g b 0 1-0 LASTID -
      XCLAIM s g b 0 1-0 JUSTID 2-0
      XCLAIM s g b 0 1-0 FORCE 2-0
      XCLAIM s g b 0 1-0 FORCE FORCE BONES
      XCLAIM s g b 0 FORCE
      XCLAIM s g b 0 IDLE 5
      XCLAIM s missing b 0 1-0
      XCLAIM s missing b x 1-0
      XCLAIM s missing b 0 x
      XCLAIM missing g b 0 1-0
      XCLAIM missing g b x 1-0
      XCLAIM missing g b 0 x
      XCLAIM missing g b 0 1-0 BONES
      SET k v
      XCLAIM k g b 0 1-0
      XCLAIM k g b x 1-0
    `,
    ...STATE,
  ]);

  define('XAUTOCLAIM', [
    ...pending(9),
    ...watched(`
      XAUTOCLAIM s g b 0 0 COUNT 2
      XAUTOCLAIM s g b 0 3-0 COUNT 2
      XAUTOCLAIM s g b 0 (4-0 COUNT 1
      XAUTOCLAIM s g c 0 5-0 COUNT 2 JUSTID
      XAUTOCLAIM s g c 0 0 JUSTID COUNT 1
      XAUTOCLAIM s g c 0 8 COUNT 2
      XAUTOCLAIM s g c 0 9 COUNT 1
      XAUTOCLAIM s g c 0 (9-0 COUNT 1
      XAUTOCLAIM s g c 0 99
      XAUTOCLAIM s g c 1000000 0
      XAUTOCLAIM s g new 1000000 0 COUNT 1
      XCLAIM s g a 0 2-0 5-0 8-0 IDLE 100000
      XAUTOCLAIM s g d 50000 0 COUNT 1
      XAUTOCLAIM s g d 50000 3 COUNT 1
      XAUTOCLAIM s g d 50000 -
      XAUTOCLAIM s g d 50000 - COUNT 1
      XAUTOCLAIM s g d -1 - COUNT 3
      XAUTOCLAIM s g d 0 + COUNT 3
      XAUTOCLAIM s g e 0 -
      XAUTOCLAIM s g e 0 0 COUNT 100
      XAUTOCLAIM s g e 0 0-0 justid count 3
      XAUTOCLAIM s g e 0 - COUNT 5 COUNT 2
      XACK s g 1-0 2-0 3-0 4-0 5-0 6-0 7-0 8-0 9-0
      XAUTOCLAIM s g f 0 0
    `),
  ]);

  define('XAUTOCLAIM of entries that were deleted', [
    ...pending(5),
    'XDEL s 2-0 3-0',
    ...watched(`
      XAUTOCLAIM s g c2 0 0 COUNT 2
      XAUTOCLAIM s g c2 0 3-0 COUNT 2 JUSTID
      XDEL s 4-0 1-0
      XAUTOCLAIM s g c3 1000000 0
      XAUTOCLAIM s g c3 0 0
      XAUTOCLAIM s g c3 0 0 JUSTID
      XTRIM s MAXLEN 0
      XAUTOCLAIM s g new 0 - JUSTID
      XAUTOCLAIM s g new 0 -
    `),
  ]);

  define('how many entries XAUTOCLAIM looks at', [
    ...pending(60),
    ...compared(nearTimes, 'XCLAIM s g a 0 25-0 26-0 55-0 IDLE 100000'),
    ...watched(`
      XAUTOCLAIM s g b 50000 0 COUNT 1
      XAUTOCLAIM s g b 50000 0 COUNT 2
      XAUTOCLAIM s g b 50000 0 COUNT 3
      XAUTOCLAIM s g b 50000 21 COUNT 3
      XAUTOCLAIM s g b 50000 50 COUNT 1
    `),
  ]);

  define('XAUTOCLAIM: errors', [
    ...pending(3),
    `
      XAUTOCLAIM
      XAUTOCLAIM s g b 0
      XAUTOCLAIM s g b x 0
      XAUTOCLAIM s g b 1.5 0
      XAUTOCLAIM s g b 0 x
      XAUTOCLAIM s g b 0 $
      XAUTOCLAIM s g b 0 1-*
      XAUTOCLAIM s g b 0 (x
      XAUTOCLAIM s g b 0 (-
      XAUTOCLAIM s g b 0 (18446744073709551615-18446744073709551615
      XAUTOCLAIM s g b 0 0 COUNT
      XAUTOCLAIM s g b 0 0 COUNT x
      XAUTOCLAIM s g b 0 0 COUNT 0
      XAUTOCLAIM s g b 0 0 COUNT -1
      XAUTOCLAIM s g b 0 0 COUNT 9223372036854775807
      XAUTOCLAIM s g b 0 0 COUNT 576460752303423488
      XAUTOCLAIM s g b 0 0 COUNT 9223372036854775808
      XAUTOCLAIM s g b 0 0 BONES
      XAUTOCLAIM s g b 0 0 JUSTID BONES
      XAUTOCLAIM s g b 0 0 5
      XAUTOCLAIM s missing b 0 0
      XAUTOCLAIM s missing b x 0
      XAUTOCLAIM s missing b 0 x
      XAUTOCLAIM s missing b 0 0 COUNT 0
      XAUTOCLAIM missing g b 0 0
      XAUTOCLAIM missing g b 0 x
      SET k v
      XAUTOCLAIM k g b 0 0
      XAUTOCLAIM k g b x 0
      XAUTOCLAIM k g b 0 0 COUNT 0
    `,
    ...STATE,
  ]);

  define('consumers and transactions', [
    ...pending(4),
    'WATCH s\nb> XCLAIM s g b 0 1-0\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XCLAIM s g b 1000000 1-0\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XAUTOCLAIM s g b 1000000 0\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XAUTOCLAIM s g c 0 0 COUNT 1\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XPENDING s g\nMULTI\nXLEN s\nEXEC\nWATCH s\nb> XCLAIM s g new 1000000 1-0\nMULTI\nXLEN s\nEXEC',
    'MULTI\nXCLAIM s g d 0 2-0 JUSTID\nXAUTOCLAIM s g e 0 3-0 JUSTID\nXPENDING s g\nXACK s g 2-0\nXGROUP DELCONSUMER s g e\nXPENDING s g\nEXEC',
    ...STATE,
  ]);

  define('many consumers and entries', [
    ...pending(50),
    ...Array.from({ length: 50 }, (_, i) => {
      const names = ['b', 'B', 'bb', 'a', '', '"\\xff"', '10', '9', 'consumer-of-a-long-name'];
      return compared(
        nearTimes,
        `XCLAIM s g ${names[i % names.length] || '""'} 0 ${i + 1}-0 JUSTID`,
      );
    }),
    ...STATE,
    'XGROUP DELCONSUMER s g bb\nXACK s g 1-0 10-0 19-0 50-0 49-0 48-0',
    ...STATE,
    ...compared(
      nearTimes,
      'XINFO STREAM s FULL COUNT 3\nXINFO STREAM s FULL COUNT 0\nXPENDING s g - + 5 b',
    ),
  ]);
});
