// DUMP and RESTORE: payloads of Redis restored by Synap and the other way round, every encoding of
// strings and lists, options, errors.
import { describe, expect, test } from 'vitest';
import {
  escaped,
  LIST_VALUES,
  payloadOf,
  rdbString,
  ziplistOf,
} from '../persistence/rdb/payloads.ts';
import { approx } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { isError, itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import { blocked, command, compared, intended, receive, send } from '../support/script.ts';

const ELEMENTS = [
  ...['', 'a', '0', '-1', '127', '128', '4095', '-4096', '32767', '-32769', '8388608', '-0', '007'],
  ...['2147483647', '-2147483649', '9007199254740991', '9007199254740993'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808'],
  ...['x'.repeat(63), 'abc'.repeat(40), 'x'.repeat(4096), 'y'.repeat(70_000)],
];
/** Strings that every encoding comes of: integers of each width, raw ones, those that shrink. */
const STRINGS = [
  ...ELEMENTS,
  ...['12345678901', '2147483648', '-2147483648', '-128', '-129', '-32768', '1e5', 'x'.repeat(20)],
  ...['x'.repeat(21), 'x'.repeat(24), 'ab'.repeat(12), 'the cat sat on the mat, the cat sat'],
  'lorem ipsum dolor sit amet '.repeat(500),
  Array.from({ length: 3000 }, (_, i) => `line ${i * 7919}`).join('\n'),
  Array.from({ length: 5000 }, (_, i) => String.fromCharCode((i * i * 31) & 0xff)).join(''),
  '\x00'.repeat(100_000),
];

const ONE = payloadOf(Buffer.concat([Buffer.from([0]), rdbString('one')]));
const NEWER = escaped(payloadOf(Buffer.from([0, 3, 65, 65, 65]), 11));
/** Its string would go on into the version. */
const SHORT = escaped(payloadOf(Buffer.from([0, 4, 65, 65, 65])));
/** Its only element tells that one of seven bytes precedes it; all elements can be read. */
const MISLED = ziplistOf(['abc']).fill(7, 10, 11);
const WRONG_LINK = escaped(payloadOf(Buffer.concat([Buffer.from([10]), rdbString(MISLED)])));
const TTL = '4102444800123';

compareWithRedis(
  'dump and restore',
  (define, servers) => {
    define('options and errors', [
      `
      DUMP
      DUMP a b
      DUMP missing
      SET k one
      DUMP k
      RPUSH l a 1 -1 300
      DUMP l
      RESTORE
      RESTORE k 0
    `,
      command('RESTORE', 'k', '0', ONE),
      command('RESTORE', 'k', '0', ONE, 'REPLACE'),
      command('RESTORE', 'r', '0', ONE),
      command('RESTORE', 'r', '-1', ONE),
      command('RESTORE', 'r', '-1', ONE, 'REPLACE'),
      command('RESTORE', 'r', 'x', 'x', 'REPLACE'),
      command('RESTORE', 'r', '0', '', 'REPLACE'),
      command('RESTORE', 'r', '0', 'short', 'REPLACE'),
      command('RESTORE', 'r', '0', Buffer.concat([Buffer.from([1]), ONE]), 'REPLACE'),
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([0, 3, 65, 65, 65]), 9), 'REPLACE'),
      'GET r',
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([0, 3, 65, 65, 65]), 13), 'REPLACE'),
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([0, 40, 65, 65, 65])), 'REPLACE'),
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([0, 3, 65, 65, 65, 66])), 'REPLACE'),
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([])), 'REPLACE'),
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([99, 1, 65])), 'REPLACE'),
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([1, 0])), 'REPLACE'),
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([18, 0])), 'REPLACE'),
      command('RESTORE', 'r', '0', payloadOf(Buffer.from([18, 1, 3, 0])), 'REPLACE'),
      'GET r',
      command('RESTORE', 'e', TTL, ONE, 'ABSTTL'),
      'PEXPIRETIME e',
      command('RESTORE', 'e', '5000000', ONE, 'replace'),
      compared(approx(2000), 'PTTL e'),
      command('RESTORE', 'e', '1', ONE, 'REPLACE', 'ABSTTL'),
      'EXISTS e',
      command('RESTORE', 'e', '1', ONE, 'REPLACE', 'ABSTTL'),
      command('RESTORE', 'e', '9223372036854775807', ONE),
      'EXISTS e',
      command('RESTORE', 'e', '9223372036854775808', ONE),
      command('RESTORE', 'e', '0', ONE, 'ABSTTL'),
      'PTTL e',
      command('RESTORE', 'e', '0', ONE, 'bogus'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'IDLETIME'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'IDLETIME', 'x'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'IDLETIME', '-1'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'IDLETIME', '1000', 'IDLETIME', '2000'),
      compared(approx(1), 'OBJECT IDLETIME e'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'FREQ', '256'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'FREQ', '-1'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'FREQ', 'x'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'FREQ'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'FREQ', '1', 'IDLETIME', '1'),
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'IDLETIME', '1', 'FREQ', '1'),
      'CONFIG SET maxmemory-policy allkeys-lfu',
      command('RESTORE', 'e', '0', ONE, 'REPLACE', 'FREQ', '200', 'FREQ', '100'),
      'OBJECT FREQ e',
      command('RESTORE', 'f', '0', ONE, 'IDLETIME', '1000'),
      'OBJECT FREQ f',
      'DEBUG DIGEST',
    ]);

    define('of what type the old value was', [
      'RPUSH l a b c',
      command('RESTORE', 'l', '0', ONE),
      command('RESTORE', 'l', '0', ONE, 'REPLACE'),
      'GET l\nOBJECT ENCODING l\nDEBUG DIGEST',
      'MULTI',
      command('RESTORE', 'l', '0', ONE, 'REPLACE'),
      'DUMP l\nEXEC',
    ]);

    define('a client that waits for the list', [
      send('waits> BLPOP list 0'),
      blocked(1),
      command('RESTORE', 'list', '0', payloadOf(LIST_VALUES[0].value)),
      receive('waits'),
      'LLEN list',
    ]);

    define('watched keys', [
      'SET w 1\nWATCH w',
      command('RESTORE', 'w', '1', ONE, 'REPLACE', 'ABSTTL'),
      'MULTI\nPING\nEXEC\nWATCH w',
      command('RESTORE', 'w', '0', ONE),
      'MULTI\nPING\nEXEC\nWATCH w',
      command('RESTORE', 'w', '0', ONE),
      'MULTI\nPING\nEXEC',
    ]);

    define('a value that ends too early', [
      intended('restore-footer', /^-ERR Bad data format/, `RESTORE v 0 "${SHORT}"`),
    ]);

    define('a value that is damaged where only walking backwards would show it', [
      `RESTORE v 0 "${WRONG_LINK}"`,
      'CONFIG SET sanitize-dump-payload no',
      intended('restore-checks', /^-ERR Bad data format/, `RESTORE v 0 "${WRONG_LINK}"`),
      'CONFIG SET sanitize-dump-payload yes',
    ]);

    define('a newer version', [intended('rdb-version-11', /^\+OK/, `RESTORE v 0 "${NEWER}"`)]);

    for (const { name, value } of LIST_VALUES) {
      define(`a list of the encoding ${name}`, [
        command('RESTORE', 'list', '0', payloadOf(value)),
        'LRANGE list 0 -1\nOBJECT ENCODING list\nDEBUG DIGEST',
      ]);
    }

    describe('across servers', () => {
      test.each(['yes', 'no'])('strings, with rdbcompression %s', async (compression) => {
        await withBoth(servers(), async (redis, synap) => {
          for (const client of [redis, synap]) {
            await ok(client.command('CONFIG', 'SET', 'rdbcompression', compression));
          }
          for (const text of STRINGS) {
            const value = Buffer.from(text, 'latin1');
            await exchange(redis, synap, 'SET', [value]);
            const payload = await dump(redis);
            expect((await dump(synap)).equals(payload), `${text.slice(0, 50)}…`).toBe(true);
          }
        });
      });

      test('lists', async () => {
        await withBoth(servers(), async (redis, synap) => {
          const many = Array.from({ length: 20_000 }, (_, i) => `element ${i}`);
          for (const elements of [['a'], ELEMENTS, [...ELEMENTS].reverse(), many]) {
            await exchange(redis, synap, 'RPUSH', elements);
            const canonical = elements.every((text) => !/^-?\d{16,}$/.test(text));
            if (canonical && elements.length < 10)
              expect(await dump(synap)).toEqual(await dump(redis));
          }
        });
      });
    });
  },
  { config: { 'sanitize-dump-payload': 'yes' } },
);

/** Stores the same on both, restores each one's payload on the other, and compares the values. */
async function exchange(
  redis: RawClient,
  synap: RawClient,
  name: string,
  args: readonly (string | Buffer)[],
): Promise<void> {
  for (const client of [redis, synap]) {
    await ok(client.command('DEL', 'k'));
    await ok(client.command(name, 'k', ...args));
  }
  const payloads = [await dump(redis), await dump(synap)];
  for (const payload of payloads) {
    for (const client of [redis, synap]) {
      await ok(client.command('RESTORE', 'copy', '0', payload, 'REPLACE'));
      const [original, copy] = itemsOf(await client.command('DEBUG', 'DIGEST-VALUE', 'k', 'copy'));
      expect(textOf(copy)).toBe(textOf(original));
    }
  }
  const [ours, theirs] = await Promise.all(
    [synap, redis].map((client) => client.command('DEBUG', 'DIGEST')),
  );
  expect(textOf(ours)).toBe(textOf(theirs));
}

async function dump(client: RawClient): Promise<Buffer> {
  const { payload } = await client.command('DUMP', 'k');
  if (payload === null) throw new Error('there is nothing to dump');
  return payload;
}

async function ok(reply: Promise<Reply>): Promise<void> {
  const answer = await reply;
  if (isError(answer)) throw new Error(textOf(answer));
}

async function withBoth(
  servers: readonly { port: number }[],
  use: (redis: RawClient, synap: RawClient) => Promise<void>,
): Promise<void> {
  const [redis, synap] = await Promise.all(servers.map(({ port }) => RawClient.connect(port)));
  try {
    await use(redis, synap);
  } finally {
    for (const client of [redis, synap])
      await client.command('CONFIG', 'SET', 'rdbcompression', 'yes');
    for (const client of [redis, synap]) await client.command('FLUSHALL');
    await Promise.all([redis.close(), synap.close()]);
  }
}
