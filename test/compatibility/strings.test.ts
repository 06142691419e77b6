// The string commands without numbers: GET, SET and its relatives, ranges, MGET and MSET.

import { approx } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, compared, intended } from '../support/script.ts';

// Far enough away that no test run reaches it.
const FUTURE_SECONDS = 4_102_444_800;
const FUTURE_MS = 4_102_444_800_123;

compareWithRedis('strings', (define) => {
  define('GET and SET of any bytes', [
    String.raw`
      GET missing
      SET k v
      GET k
      SET k ""
      GET k
      STRLEN k
      SET "" "value of the empty key"
      GET ""
      EXISTS ""
      SET "\x00\xff\r\n" "\r\n$3\r\n\x00\xfe"
      GET "\x00\xff\r\n"
      GET "\x00\xff\r"
      SET k "кириллица"
    `.replace('кириллица', '\u00d0\u00ba'),
    `
      GET k
      set k lower
      SeT k MiXeD
      get k
      GET
      GET k k
      SET
      SET k
    `,
    command('SET', 'big', 'x'.repeat(70_000)),
    'GET big',
    'STRLEN big',
    command('SET', 'k'.repeat(5_000), 'long key'),
    command('GET', 'k'.repeat(5_000)),
    command('GET', 'k'.repeat(4_999)),
  ]);

  define('SET: NX, XX and GET', [
    `
      SET k v XX
      GET k
      SET k v NX
      SET k w NX
      GET k
      SET k w XX
      GET k
      SET k x GET
      SET missing x GET
      GET missing
      SET k y NX GET
      GET k
      SET k y XX GET
      SET new y NX GET
      GET new
      SET newer y XX GET
      GET newer
      SET k z NX XX
      SET k z XX NX
      SET k z NX NX
      SET k z GET GET
      SET k z nx
      SET k z xX gEt
      SET k z NX XX GET
      GET k
    `,
  ]);

  define('SET: expiry options', [
    `
      SET k v EX 100
      TTL k
      SET k v
      TTL k
      SET k v PX 100000
      TTL k
      SET k v KEEPTTL
      TTL k
      SET k v EXAT ${FUTURE_SECONDS}
      PEXPIRETIME k
      SET k v PXAT ${FUTURE_MS}
      PEXPIRETIME k
      SET k w keepttl
      PEXPIRETIME k
      GET k
      SET k x NX EX 10
      PEXPIRETIME k
      SET k x XX ex 50
      TTL k
      SET k y GET PX 60000
      TTL k
      SET k y EX 10 GET XX
      SET k y EX 70 XX GET
      TTL k
      SET k v EXAT 1
      EXISTS k
      SET k v
      SET k v PXAT 1
      GET k
      DBSIZE
    `,
    compared(approx(2_000), 'SET p v PX 5000000\nPTTL p'),
  ]);

  define('SET: option errors', [
    `
      SET k v EX
      SET k v PX
      SET k v EXAT
      SET k v PXAT
      SET k v bogus
      SET k v ""
      SET k v EX 10 PX 10
      SET k v EX 10 EX 10
      SET k v PX 10 EXAT 10
      SET k v EXAT 10 PXAT 10
      SET k v KEEPTTL EX 10
      SET k v EX 10 KEEPTTL
      SET k v KEEPTTL KEEPTTL
      SET k v PERSIST
      SET k v EX abc
      SET k v EX 1.5
      SET k v EX ""
      SET k v EX " 1"
      SET k v EX +1
      SET k v EX 01
      SET k v EX 0
      SET k v EX -1
      SET k v PX 0
      SET k v PX -1
      SET k v EXAT 0
      SET k v EXAT -1
      SET k v PXAT 0
      SET k v PXAT -1
      SET k v EX 9223372036854775807
      SET k v EX 9223372036854775808
      SET k v EX -9223372036854775808
      SET k v EX 9223372036854776
      SET k v EX 9223372036854775
      SET k v PX 9223372036854775807
      SET k v PX 9223372036854775808
      SET k v EXAT 9223372036854775807
      SET k v EXAT 9223372036854776
      SET k v NX XX EX abc
      SET k v EX 10 bogus
      SET k v bogus EX 10
      EXISTS k
    `,
  ]);

  define('SET: an expiry at the end of time', [
    `
      SET k v PXAT 9007199254740991
      PEXPIRETIME k
      SET k v PXAT 9223372036854775807
      GET k
      EXPIREAT k 9223372036854775
      GET k
    `,
    intended('far-expiry', /^:9\d{18}\r\n$/, 'PEXPIRETIME k'),
  ]);

  define('SETNX SETEX PSETEX GETSET GETDEL', [
    `
      SETNX k v
      SETNX k w
      GET k
      SETNX k
      SETNX k v w
      SETEX k 100 v
      TTL k
      SETNX k w
      TTL k
      SETEX k 0 v
      SETEX k -1 v
      SETEX k abc v
      SETEX k "" v
      SETEX k 9223372036854775807 v
      SETEX k 9223372036854776 v
      SETEX k 9223372036854775808 v
      SETEX k 100
      SETEX k 100 v w
      TTL k
      PSETEX k 100000 w
      TTL k
      GET k
      PSETEX k 0 v
      PSETEX k -5 v
      PSETEX k 1.0 v
      PSETEX k 9223372036854775807 v
      PSETEX k 9223372036854775808 v
      PSETEX k 1
      GETSET k x
      TTL k
      GETSET fresh x
      GET fresh
      GETSET k
      GETSET k a b
      GETDEL k
      GETDEL k
      EXISTS k
      GETDEL
      GETDEL a b
      SETEX e 100 v
      GETDEL e
      TTL e
    `,
  ]);

  define('GETEX', [
    `
      GETEX missing
      GETEX missing EX 10
      SET k v
      GETEX k
      TTL k
      GETEX k EX 100
      TTL k
      GETEX k
      TTL k
      GETEX k persist
      TTL k
      GETEX k PX 100000
      TTL k
      GETEX k EXAT ${FUTURE_SECONDS}
      PEXPIRETIME k
      GETEX k pxat ${FUTURE_MS}
      PEXPIRETIME k
      GETEX k PERSIST
      GETEX k PERSIST
      PEXPIRETIME k
      GETEX k EX
      GETEX k EX 0
      GETEX k EX -1
      GETEX k EX abc
      GETEX missing EX abc
      GETEX missing EX 0
      GETEX k PX 0
      GETEX k EXAT 0
      GETEX k PXAT -1
      GETEX k EX 10 PX 10
      GETEX k EX 10 PERSIST
      GETEX k PERSIST PERSIST
      GETEX k PERSIST EX 10
      GETEX k KEEPTTL
      GETEX k NX
      GETEX k GET
      GETEX k bogus
      GETEX k EX 9223372036854775807
      GETEX k EX 9223372036854776
      GETEX
      TTL k
      GETEX k EXAT 1
      EXISTS k
      SET k v
      GETEX k PXAT 1
      EXISTS k
    `,
  ]);

  define('MGET MSET MSETNX', [
    String.raw`
      MGET a
      MSET a 1 b 2
      MGET a b
      MGET a missing b a
      MGET
      MSET
      MSET a
      MSET a 1 b
      MSET a 1 a 2
      GET a
      MSET "" empty "\x00" nul
      MGET "" "\x00"
      SETEX a 100 v
      MSET a 3
      TTL a
      MSETNX a 9 c 9
      EXISTS c
      MSETNX c 1 d 2
      MGET c d
      MSETNX e 1 e 2
      GET e
      MSETNX
      MSETNX f
      MSETNX f 1 g
      EXISTS f g
    `,
  ]);

  define('APPEND and STRLEN', [
    String.raw`
      APPEND k ""
      EXISTS k
      APPEND k abc
      APPEND k "\x00\xff"
      GET k
      STRLEN k
      STRLEN missing
      STRLEN
      STRLEN a b
      APPEND k
      APPEND k a b
      SET n 10
      APPEND n 5
      GET n
      INCR n
      APPEND n ""
      STRLEN n
      SETEX t 100 v
      APPEND t w
      TTL t
      SET number -9223372036854775808
      STRLEN number
    `,
    command('SET', 'embstr', 'x'.repeat(44)),
    command('APPEND', 'embstr', 'y'.repeat(100)),
    'GET embstr',
  ]);

  const ranges = ['0 0', '0 -1', '-1 -1', '-3 -1', '-3 -2', '3 1', '-1 -3', '5 4', '4 100'];
  ranges.push('5 100', '100 200', '-100 2', '-100 -50', '-100 -100', '1 1', '0 4', '2 -2');
  ranges.push('0 9223372036854775807', '-9223372036854775808 9223372036854775807');
  ranges.push('-9223372036854775808 -9223372036854775808', '9223372036854775807 0');
  define('GETRANGE and SUBSTR', [
    'SET k Hello\nSET n 12345\nSET empty ""',
    ...ranges.map((range) => `GETRANGE k ${range}\nGETRANGE n ${range}\nGETRANGE empty ${range}`),
    ...ranges.map((range) => `SUBSTR k ${range}\nGETRANGE missing ${range}`),
    `
      GETRANGE k a 0
      GETRANGE k 0 a
      GETRANGE missing 0 a
      GETRANGE k 0 1.5
      GETRANGE k 0 9223372036854775808
      GETRANGE k 0
      GETRANGE k 0 1 2
      SUBSTR k 0
      SUBSTR k x y
    `,
  ]);

  define('SETRANGE', [
    `
      SETRANGE missing 0 ""
      EXISTS missing
      SETRANGE missing 100 ""
      EXISTS missing
      SETRANGE k 0 abc
      GET k
      SETRANGE k 5 xyz
      GET k
      SETRANGE k 0 ""
      SETRANGE k 100 ""
      STRLEN k
      SETRANGE k 1 BB
      GET k
      SETRANGE fresh 3 v
      GET fresh
      SET n 12345
      SETRANGE n 1 99
      GET n
      INCR n
      SETRANGE k -1 v
      SETRANGE missing -1 v
      SETRANGE k a v
      SETRANGE k 1.0 v
      SETRANGE k 9223372036854775808 v
      SETRANGE k 536870912 v
      SETRANGE k 536870911 vv
      SETRANGE missing 536870912 v
      SETRANGE missing 536870912 ""
      SETRANGE k 9223372036854775807 v
      SETRANGE k 0
      SETRANGE k 0 a b
      GET k
      SETEX t 100 value
      SETRANGE t 0 V
      TTL t
    `,
    command('SETRANGE', 'long', '3000', 'x'.repeat(3_000)),
    'GET long',
  ]);

  define('LCS', [
    `
      MSET a ohmytext b mynewtext
      LCS a b
      LCS a b LEN
      LCS a b IDX
      LCS a b IDX MINMATCHLEN 4
      LCS a b IDX WITHMATCHLEN
      LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
      LCS a b idx minmatchlen 2 withmatchlen
      LCS a b IDX MINMATCHLEN 0
      LCS a b IDX MINMATCHLEN -5
      LCS a b IDX MINMATCHLEN 100
      LCS a b MINMATCHLEN 4
      LCS a b WITHMATCHLEN
      LCS a b LEN WITHMATCHLEN MINMATCHLEN 2
      LCS a b LEN IDX
      LCS a b IDX LEN
      LCS a b LEN LEN
      LCS a b IDX MINMATCHLEN
      LCS a b IDX MINMATCHLEN abc
      LCS a b IDX MINMATCHLEN 9223372036854775808
      LCS a b bogus
      LCS a
      LCS
      LCS a missing
      LCS missing b
      LCS missing other
      LCS missing other LEN
      LCS missing other IDX
      LCS a missing IDX WITHMATCHLEN
      LCS a a IDX WITHMATCHLEN
      MSET e "" n 1234512345
      LCS e a
      LCS e a IDX
      LCS n a LEN
      SET m 234
      LCS n m IDX WITHMATCHLEN
      MSET x abcdefabcdefxyzabc y defabcxyzdefabc
      LCS x y
      LCS x y LEN
      LCS x y IDX WITHMATCHLEN
      LCS y x IDX WITHMATCHLEN
      LCS x y IDX MINMATCHLEN 3
    `,
    command('MSET', 'p', 'ab'.repeat(300), 'q', 'ba'.repeat(200)),
    'LCS p q LEN\nLCS p q\nLCS p q IDX WITHMATCHLEN',
  ]);
});
