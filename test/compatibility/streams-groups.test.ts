// Consumer groups of streams: XGROUP, XREADGROUP, XACK, and how entries-read and lag go along. Pending entries that change
// hands are in streams-claims.test.ts, waiting in blocking-streams.test.ts.
import { compareWithRedis } from '../support/comparison-suite.ts';
import { compared, intended, type Script, type Step } from '../support/script.ts';
import { nearTimes } from '../support/stream-replies.ts';

/** Adds entries of the ids 1-0 … `count`-0. */
function filled(key: string, count: number): Script {
  return Array.from({ length: count }, (_, i) => `XADD ${key} ${i + 1}-0 f ${i + 1}`);
}

/** All that there is to know of a stream and its groups. */
function state(key = 's'): Step[] {
  return compared(nearTimes, `XINFO STREAM ${key} FULL COUNT 0\nXINFO GROUPS ${key}`);
}

/** Lines, and the state of the stream after each. */
function watched(lines: string): Script {
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => [line, ...state()]);
}

compareWithRedis('consumer groups', (define) => {
  define('XGROUP CREATE', [
    `
      XGROUP CREATE s g 0
      XGROUP CREATE s g 0 MKSTREAM
      XGROUP CREATE s g 0 MKSTREAM
      XGROUP CREATE s g 0
      XGROUP CREATE s g $
      EXISTS s
      XLEN s
      TYPE s
      XINFO STREAM s
      XADD s 5-1 f v
      XADD s 5-2 f v
      XGROUP CREATE s h $
      XGROUP CREATE s i 5-1
      XGROUP CREATE s j 5
      XGROUP CREATE s k 99-9 mkstream
      XGROUP CREATE s l - 
      XGROUP CREATE s l +
      XGROUP CREATE s l >
      XGROUP CREATE s l *
      XGROUP CREATE s l 1-*
      XGROUP CREATE s l (5
      XGROUP CREATE s l x
      XGROUP CREATE s l
      XGROUP CREATE s
      XGROUP CREATE s l 0 BONES
      XGROUP CREATE s l 0 ENTRIESREAD
      XGROUP CREATE s l 0 ENTRIESREAD x
      XGROUP CREATE s l 0 ENTRIESREAD -2
      XGROUP CREATE s l 0 ENTRIESREAD -1
      XGROUP CREATE s m 0 ENTRIESREAD 0
      XGROUP CREATE s n 0 ENTRIESREAD 1
      XGROUP CREATE s o $ ENTRIESREAD 77 MKSTREAM
      XGROUP CREATE s p 5-1 MKSTREAM ENTRIESREAD 1
      XGROUP CREATE s q 5-1 ENTRIESREAD 1 ENTRIESREAD 3
      XGROUP CREATE s r 5-1 MKSTREAM MKSTREAM
      XGROUP CREATE s t 0 ENTRIESREAD 9223372036854775807
      XGROUP CREATE s u 0 ENTRIESREAD 9223372036854775808
      XGROUP CREATE missing g 0
      XGROUP CREATE missing g x
      XGROUP CREATE missing g x MKSTREAM
      XGROUP CREATE missing g $ BONES
      XGROUP CREATE missing g 0 MKSTREAM ENTRIESREAD x
      EXISTS missing
      XGROUP CREATE missing g $ MKSTREAM
      XGROUP create s "" 0
      XGROUP CREATE s "a \\x00 \\xff" 0
    `,
    state(),
    state('missing'),
    'XADD s 5-3 f v',
    state(),
  ]);

  define('XGROUP SETID and DESTROY', [
    ...filled('s', 5),
    'XGROUP CREATE s g 0',
    ...watched(`
      XGROUP SETID s g 3
      XGROUP SETID s g $
      XGROUP SETID s g 0
      XGROUP SETID s g 99
      XGROUP SETID s g 2-0 ENTRIESREAD 2
      XGROUP SETID s g 2-0 ENTRIESREAD -1
      XGROUP SETID s g 5-0 ENTRIESREAD 0
      XGROUP SETID s g 0-0 ENTRIESREAD 5
      XGROUP SETID s g 5-0 ENTRIESREAD 99
      XGROUP SETID s g 3-0 entriesread 3
    `),
    `
      XGROUP SETID s g
      XGROUP SETID s g x
      XGROUP SETID s g -
      XGROUP SETID s g +
      XGROUP SETID s g 0 MKSTREAM
      XGROUP SETID s g 0 ENTRIESREAD
      XGROUP SETID s g 0 ENTRIESREAD x
      XGROUP SETID s g 0 ENTRIESREAD -2
      XGROUP SETID s g 0 BONES 1
      XGROUP SETID s missing 0
      XGROUP SETID s missing x
      XGROUP SETID missing g 0
      XGROUP SETID missing g x
      XGROUP DESTROY s missing
      XGROUP DESTROY missing g
      XGROUP DESTROY s
      XGROUP DESTROY s g g
      XGROUP DESTROY s g
      XGROUP DESTROY s g
      XINFO GROUPS s
      XLEN s
      XGROUP CREATE s g 0
      XREADGROUP GROUP g c STREAMS s >
      XGROUP DESTROY s g
      XGROUP CREATE s g 0
      XPENDING s g
      XGROUP DESTROY s g
      XINFO STREAM s FULL
    `,
  ]);

  define('XGROUP CREATECONSUMER and DELCONSUMER', [
    ...filled('s', 5),
    `
      XGROUP CREATE s g 0
      XGROUP CREATECONSUMER s g c
      XGROUP CREATECONSUMER s g c
      XGROUP CREATECONSUMER s g b
      XGROUP CREATECONSUMER s g ""
      XGROUP CREATECONSUMER s g C
      XGROUP CREATECONSUMER s missing c
      XGROUP CREATECONSUMER missing g c
      XGROUP CREATECONSUMER s g
      XGROUP CREATECONSUMER s g c c
    `,
    compared(nearTimes, 'XINFO CONSUMERS s g'),
    state(),
    `
      XREADGROUP GROUP g c COUNT 2 STREAMS s >
      XREADGROUP GROUP g d COUNT 2 STREAMS s >
      XGROUP DELCONSUMER s g c
      XGROUP DELCONSUMER s g c
      XGROUP DELCONSUMER s g b
      XGROUP DELCONSUMER s g missing
      XGROUP DELCONSUMER s missing c
      XGROUP DELCONSUMER missing g c
      XGROUP DELCONSUMER s g
      XGROUP DELCONSUMER s g c c
      XPENDING s g
      XACK s g 1-0
      XREADGROUP GROUP g c STREAMS s 0
      XREADGROUP GROUP g c STREAMS s >
    `,
    compared(nearTimes, 'XPENDING s g - + 10\nXINFO CONSUMERS s g'),
    state(),
  ]);

  define('XGROUP: other subcommands', [
    `
      XGROUP
      XGROUP BONES
      XGROUP BONES s g
      XGROUP HELP x
      XGROUP CREATE
      XGROUP SETID
      XGROUP DESTROY
      XGROUP CREATECONSUMER
      XGROUP DELCONSUMER
      SET k v
      XGROUP CREATE k g 0
      XGROUP CREATE k g 0 MKSTREAM
      XGROUP CREATE k g x
      XGROUP SETID k g 0
      XGROUP DESTROY k g
      XGROUP CREATECONSUMER k g c
      XGROUP DELCONSUMER k g c
      XREADGROUP GROUP g c STREAMS k >
      XREADGROUP GROUP g c STREAMS k 0
      XACK k g 1-1
      XINFO GROUPS k
    `,
  ]);

  define('XREADGROUP', [
    ...filled('s', 8),
    'XGROUP CREATE s g 0',
    ...watched(`
      XREADGROUP GROUP g a COUNT 2 STREAMS s >
      XREADGROUP GROUP g b COUNT 1 STREAMS s >
      XREADGROUP GROUP g a NOACK COUNT 1 STREAMS s >
      XREADGROUP GROUP g a STREAMS s 0
      XREADGROUP GROUP g a STREAMS s 1
      XREADGROUP GROUP g a STREAMS s 1-0
      XREADGROUP GROUP g a STREAMS s 2-0
      XREADGROUP GROUP g a STREAMS s 99
      XREADGROUP GROUP g a COUNT 1 STREAMS s 0
      XREADGROUP GROUP g a COUNT 0 STREAMS s 0
      XREADGROUP GROUP g a COUNT -1 STREAMS s 0
      XREADGROUP GROUP g a BLOCK 0 STREAMS s 0
      XREADGROUP GROUP g a BLOCK 0 STREAMS s 99
      XREADGROUP GROUP g a NOACK STREAMS s 0
      XREADGROUP GROUP g b STREAMS s 0-0
      XREADGROUP GROUP g new STREAMS s 0
      XREADGROUP GROUP g newer NOACK COUNT 1 STREAMS s >
      XACK s g 1-0
      XACK s g 1-0
      XREADGROUP GROUP g a STREAMS s 0
      XDEL s 2-0
      XREADGROUP GROUP g a STREAMS s 0
      XREADGROUP NOACK GROUP g a COUNT 1 STREAMS s >
      XREADGROUP COUNT 0 GROUP g a STREAMS s >
      XREADGROUP GROUP g a STREAMS s >
      XREADGROUP GROUP g last STREAMS s >
      XREADGROUP GROUP g last BLOCK 1 STREAMS s >
      XREADGROUP GROUP g last NOACK BLOCK 1 STREAMS s >
      XADD s 9-0 f v
      XREADGROUP GROUP g last BLOCK 0 STREAMS s >
      XREADGROUP GROUP g last STREAMS s 18446744073709551615-18446744073709551615
    `),
    compared(nearTimes, 'XINFO CONSUMERS s g\nXPENDING s g - + 100'),
  ]);

  define('XREADGROUP of several streams', [
    ...filled('s', 4),
    ...filled('t', 4),
    `
      XGROUP CREATE s g 0
      XGROUP CREATE t g 2
      XREADGROUP GROUP g a COUNT 1 STREAMS s t > >
      XREADGROUP GROUP g a COUNT 1 STREAMS s t > 0
      XREADGROUP GROUP g a COUNT 1 STREAMS s t 0 >
      XREADGROUP GROUP g a STREAMS s t 0 0
      XREADGROUP GROUP g a STREAMS s s > >
      XREADGROUP GROUP g a STREAMS s t > >
      XREADGROUP GROUP g a STREAMS s t > 0
      XREADGROUP GROUP g a STREAMS s missing 0 >
      XREADGROUP GROUP g a STREAMS missing s > 0
      XREADGROUP GROUP g a STREAMS missing s 0 x
      XREADGROUP GROUP g a STREAMS s t 0
    `,
    state('s'),
    state('t'),
  ]);

  define('XREADGROUP: errors', [
    ...filled('s', 2),
    `
      XGROUP CREATE s g 0
      XREADGROUP
      XREADGROUP GROUP g a
      XREADGROUP GROUP g a STREAMS s
      XREADGROUP GROUP g a STREAMS
      XREADGROUP GROUP g STREAMS s >
      XREADGROUP GROUP STREAMS s > g a
      XREADGROUP STREAMS s >
      XREADGROUP COUNT 1 STREAMS s >
      XREADGROUP COUNT 1 BLOCK 1 STREAMS s >
      XREADGROUP COUNT 1 BLOCK 1 STREAMS s 0
      XREADGROUP STREAMS GROUP g a s >
      XREADGROUP GROUP g a STREAMS s $
      XREADGROUP GROUP g a STREAMS missing $
    `,
    intended(
      'xread-last',
      /^-ERR The \+ ID is meaningless in the context of XREADGROUP: /,
      'XREADGROUP GROUP g a STREAMS s +',
    ),
    `
      XREADGROUP GROUP g a STREAMS s -
      XREADGROUP GROUP g a STREAMS s x
      XREADGROUP GROUP g a STREAMS s (1
      XREADGROUP GROUP g a STREAMS s 1-*
      XREADGROUP GROUP g a STREAMS s *
      XREADGROUP GROUP g a STREAMS s s > x
      XREADGROUP GROUP missing a STREAMS s >
      XREADGROUP GROUP missing a STREAMS s 0
      XREADGROUP GROUP missing a STREAMS s x
      XREADGROUP GROUP g a STREAMS missing >
      XREADGROUP GROUP g a STREAMS missing 0
      XREADGROUP GROUP g a BLOCK 0 STREAMS missing >
      XREADGROUP GROUP g a COUNT x STREAMS s >
      XREADGROUP GROUP g a BLOCK x STREAMS s >
      XREADGROUP GROUP g a BLOCK -1 STREAMS s >
      XREADGROUP GROUP g a BONES STREAMS s >
      XREADGROUP GROUP g a COUNT STREAMS s >
      XREADGROUP GROUP g a GROUP missing b STREAMS s >
      XREADGROUP GROUP missing b GROUP g a STREAMS s 0
      XREADGROUP GROUP g a NOACK NOACK STREAMS s 0
      XREADGROUP group g a noack count 1 block 1 streams s 0
      XREADGROUP GROUP "" a STREAMS s >
    `,
    state(),
    'XREADGROUP GROUP g "" STREAMS s >\nXREADGROUP GROUP g "" STREAMS s 0',
    state(),
  ]);

  // Texts of errors end at the first NUL, names do not.
  define('keys, groups and consumers of any bytes', [
    String.raw`
      XADD "s\x00\xff\r\n" 1-0 "f\x00" "\xff\xfe"
      XGROUP CREATE "s\x00\xff\r\n" "g\x00\xff" 0
      XREADGROUP GROUP "g\x00\xff" "c\x00\r\n" STREAMS "s\x00\xff\r\n" >
      XREADGROUP GROUP "g\x00\xff" "c\x00" STREAMS "s\x00\xff\r\n" 0
      XREADGROUP GROUP "g\x00\xfe" c STREAMS "s\x00\xff\r\n" >
      XREADGROUP GROUP "g\xff\r\n" c BLOCK 0 STREAMS "s\x00\xff\r\n" >
      XREADGROUP GROUP "g\x00\xff" c BLOCK 0 STREAMS "t\x00\xff\r\n" >
      XGROUP CREATECONSUMER "s\x00\xff\r\n" "n\x00x" c
      XINFO CONSUMERS "s\x00\xff\r\n" "n\x00x"
      XPENDING "s\x00\xff\r\n" "n\x00x"
      XPENDING "s\x00\xff\r\n" "g\x00\xff"
      XCLAIM "s\x00\xff\r\n" "n\x00x" c 0 1-0
      XCLAIM "s\x00\xff\r\n" "g\x00\xff" c 0 1-0 "bo\x00nes"
      XAUTOCLAIM "s\x00\xff\r\n" "n\x00x" c 0 0
      XACK "s\x00\xff\r\n" "g\x00\xff" 1-0
    `,
  ]);

  define('XACK', [
    ...filled('s', 6),
    `
      XGROUP CREATE s g 0
      XGROUP CREATE s h 0
      XREADGROUP GROUP g a COUNT 3 STREAMS s >
      XREADGROUP GROUP g b STREAMS s >
      XREADGROUP GROUP h a STREAMS s >
      XACK s g 1-0
      XACK s g 1-0 2-0 2-0
      XACK s g 4
      XACK s g 4-1 99-0
      XDEL s 5-0
      XACK s g 5-0
      XACK s g x
      XACK s g 3-0 x
      XACK s g -
      XACK s g *
      XACK s g 3-*
      XACK s missing 1-0
      XACK s missing x
      XACK missing g 1-0
      XACK missing g x
      XACK s g
      XACK s
      XACK s g 18446744073709551615-18446744073709551615
      XPENDING s g
      XPENDING s h
    `,
    state(),
    'XACK s g 3-0 6-0\nXPENDING s g\nXACK s h 1-0 2-0 3-0 4-0 5-0 6-0 7-0 8-0 9-0 10-0 11-0\nXPENDING s h',
    state(),
  ]);

  define('entries-read and lag: entries that were deleted', [
    ...filled('s', 5),
    'XGROUP CREATE s g 0',
    ...watched(`
      XREADGROUP GROUP g c COUNT 2 STREAMS s >
      XDEL s 4-0
      XREADGROUP GROUP g c STREAMS s >
      XADD s 6-0 f v
      XGROUP SETID s g 3-0
      XGROUP SETID s g 3-0 ENTRIESREAD 3
      XREADGROUP GROUP g c COUNT 1 STREAMS s >
      XREADGROUP GROUP g c COUNT 1 STREAMS s >
      XADD s 7-0 f v
      XADD s 8-0 f v
      XDEL s 7-0
      XDEL s 8-0
      XADD s 9-0 f v
      XREADGROUP GROUP g c COUNT 1 STREAMS s >
      XDEL s 1-0
      XDEL s 2-0
      XGROUP CREATE s h 3-0
      XGROUP CREATE s i 0
      XGROUP CREATE s j $
      XGROUP CREATE s k 5-0
      XREADGROUP GROUP h c COUNT 1 STREAMS s >
      XREADGROUP GROUP i c COUNT 1 STREAMS s >
      XREADGROUP GROUP k c COUNT 1 STREAMS s >
      XDEL s 3-0 5-0
      XREADGROUP GROUP h c STREAMS s >
      XREADGROUP GROUP i c STREAMS s >
      XDEL s 6-0 9-0
      XADD s 10-0 f v
      XREADGROUP GROUP j c STREAMS s >
      XREADGROUP GROUP i c STREAMS s >
    `),
  ]);

  define('entries-read and lag: streams that were trimmed', [
    ...filled('s', 10),
    'XGROUP CREATE s g 0\nXGROUP CREATE s h 4-0\nXGROUP CREATE s i $\nXGROUP CREATE s j 10-0\nXGROUP CREATE s l 1-0',
    ...watched(`
      XTRIM s MAXLEN 8
      XREADGROUP GROUP g c COUNT 1 STREAMS s >
      XREADGROUP GROUP h c COUNT 1 STREAMS s >
      XTRIM s MINID 7
      XREADGROUP GROUP g c COUNT 1 STREAMS s >
      XREADGROUP GROUP h c COUNT 1 STREAMS s >
      XREADGROUP GROUP l c COUNT 1 STREAMS s >
      XADD s MAXLEN 3 11-0 f v
      XREADGROUP GROUP i c STREAMS s >
      XREADGROUP GROUP j c STREAMS s >
      XTRIM s MAXLEN 0
      XREADGROUP GROUP g c STREAMS s >
      XGROUP CREATE s k 0
      XGROUP CREATE s m 5
      XGROUP CREATE s n $
      XADD s 12-0 f v
      XREADGROUP GROUP g c STREAMS s >
      XREADGROUP GROUP m c STREAMS s >
      XREADGROUP GROUP n c STREAMS s >
    `),
  ]);

  define('entries-read and lag: XSETID, NOACK and groups at ids of every kind', [
    'XGROUP CREATE s empty 0 MKSTREAM\nXGROUP CREATE s ahead 5-0\nXGROUP CREATE s end $',
    ...watched(`
      XADD s 1-0 f v
      XADD s 2-0 f v
      XADD s 3-0 f v
      XGROUP CREATE s first 1-0
      XGROUP CREATE s inner 2-0
      XGROUP CREATE s between 1-5
      XGROUP CREATE s before 0-5
      XGROUP CREATE s last 3-0
      XGROUP CREATE s after 3-1
      XREADGROUP GROUP first c NOACK COUNT 1 STREAMS s >
      XREADGROUP GROUP inner c NOACK COUNT 1 STREAMS s >
      XREADGROUP GROUP between c COUNT 1 STREAMS s >
      XREADGROUP GROUP before c COUNT 1 STREAMS s >
      XREADGROUP GROUP empty c COUNT 1 STREAMS s >
      XREADGROUP GROUP ahead c COUNT 1 STREAMS s >
      XSETID s 10-0
      XREADGROUP GROUP empty c COUNT 1 STREAMS s >
      XSETID s 10-0 ENTRIESADDED 10
      XREADGROUP GROUP before c COUNT 1 STREAMS s >
      XSETID s 10-0 ENTRIESADDED 10 MAXDELETEDID 2-5
      XREADGROUP GROUP between c COUNT 1 STREAMS s >
      XADD s 11-0 f v
      XADD s 12-0 f v
      XREADGROUP GROUP ahead c COUNT 1 STREAMS s >
      XREADGROUP GROUP last c COUNT 1 STREAMS s >
      XREADGROUP GROUP after c COUNT 1 STREAMS s >
      XREADGROUP GROUP last c STREAMS s >
      XGROUP SETID s first 12-0
      XGROUP SETID s inner 11-0
      XGROUP SETID s inner 1-0
      XGROUP SETID s inner 0-0
      XREADGROUP GROUP inner c COUNT 2 STREAMS s >
    `),
  ]);

  define('groups in a transaction', [
    'MULTI\nXGROUP CREATE s g 0 MKSTREAM\nXADD s 1-1 f v\nXREADGROUP GROUP g c BLOCK 0 STREAMS s >',
    'XREADGROUP GROUP g c BLOCK 0 STREAMS s >\nXACK s g 1-1\nXGROUP DESTROY s g\nXREADGROUP GROUP g c STREAMS s >\nXLEN s\nEXEC',
    'XGROUP CREATE s g 0\nWATCH s\nb> XREADGROUP GROUP g c STREAMS s >\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XREADGROUP GROUP g c STREAMS s >\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XREADGROUP GROUP g c STREAMS s 0\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XREADGROUP GROUP g new STREAMS s >\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XACK s g 1-1\nMULTI\nXLEN s\nEXEC\nWATCH s\nb> XACK s g 1-1\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XGROUP SETID s g 0\nMULTI\nXLEN s\nEXEC\nWATCH s\nb> XGROUP CREATECONSUMER s g x\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XGROUP DELCONSUMER s g x\nMULTI\nXLEN s\nEXEC\nWATCH s\nb> XGROUP DELCONSUMER s g x\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XGROUP CREATE s h 0\nMULTI\nXLEN s\nEXEC\nWATCH s\nb> XGROUP DESTROY s h\nMULTI\nXLEN s\nEXEC',
    'WATCH s\nb> XSETID s 5-5\nMULTI\nXLEN s\nEXEC\nWATCH s\nb> XGROUP DESTROY s none\nMULTI\nXLEN s\nEXEC',
    state(),
  ]);

  define('what may still be done without memory', [
    ...filled('s', 5),
    'XGROUP CREATE s g 0\nCONFIG SET maxmemory 1',
    ...watched(`
      XADD s 9-0 f v
      XADD s MAXLEN 1 9-0 f v
      XREADGROUP GROUP g a COUNT 3 STREAMS s >
      XACK s g 1-0
      XDEL s 1-0
      XTRIM s MAXLEN 3
      XSETID s 9-0
      XGROUP CREATE s h 0
      XGROUP SETID s g 0
      XGROUP CREATECONSUMER s g z
      XGROUP DELCONSUMER s g z
      XGROUP DESTROY s g
    `),
    'XREAD STREAMS s 0\nCONFIG SET maxmemory 0',
  ]);
});
