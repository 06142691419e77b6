// Logs that others wrote, given to Redis and to Synap: both start or neither does, with the same data and as
// many failed commands. First by hand, command by command; then streams made at random, whole and broken.
//
// SYNAP_SEED and SYNAP_RUNS choose other streams and more of them; a failure prints the seed of its stream.
import { describe, expect, test } from 'vitest';
import { command } from '../persistence/logs.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { Random } from '../support/random.ts';
import { breakLog, randomLog } from '../support/random-log.ts';
import {
  type LogFiles,
  type Outcome,
  oneIncrement,
  replay,
  writeAndRestart,
} from '../support/replayed-log.ts';
import { byTier } from '../support/tier.ts';
import { differenceNames } from './differences.ts';

const FIRST_SEED = Number(process.env.SYNAP_SEED ?? 1_000);
const RUNS = byTier(4, 600, 'SYNAP_RUNS');
const TIMEOUT_MS = 3_600_000;
/** Redis writes a report when it crashes. */
const CRASH_TIMEOUT_MS = 60_000;
/** Expiries are told by when each server has loaded the log. */
const BETWEEN_LOADS_MS = 60_000;
/** What Synap refuses, and Redis runs or crashes of. */
const REFUSALS = {
  'log-arity': /wrong number of arguments/,
  'log-text': /there is no command|end in LF|a length is wrong|there is neither a group/,
};

type Commands = readonly (readonly string[])[];

const bytesOf = (commands: Commands) => Buffer.concat(commands.map((words) => command(...words)));
const AFTER = ['SET', 'after', '1'];

async function both(
  files: LogFiles,
  options?: Readonly<Record<string, string>>,
): Promise<{ redis: Outcome; synap: Outcome }> {
  const redis = await replay('redis', files, options);
  return { redis, synap: await replay('synap', files, options) };
}

function expectSame({ redis, synap }: { redis: Outcome; synap: Outcome }): void {
  const told = ({ hasStarted, digest, groups, failures, expiries }: Outcome) => ({
    ...{ hasStarted, digest, groups, failures },
    expire: [...expiries.keys()].sort(),
  });
  expect(told(synap), synap.reason + redis.reason).toEqual(told(redis));
  for (const [key, timeMs] of redis.expiries) {
    const otherMs = synap.expiries.get(key) ?? Number.NaN;
    expect(Math.abs(otherMs - timeMs), key).toBeLessThan(BETWEEN_LOADS_MS);
  }
}

/** Names the difference that a comparison is about. */
function intended(name: string): string {
  expect(differenceNames).toContain(name);
  return name;
}

describe.skipIf(!hasRedis)('a log with', () => {
  test.each<[string, Commands]>([
    [
      'relative expiries',
      [
        ...[
          ['SETEX', 'a', '100', 'v'],
          ['PSETEX', 'b', '100000', 'v'],
        ],
        ...[
          ['SET', 'c', 'v', 'EX', '100'],
          ['SET', 'd', 'v', 'PX', '100000', 'NX'],
        ],
        ...[
          ['SET', 'e', 'v'],
          ['EXPIRE', 'e', '100'],
          ['EXPIRE', 'e', '500', 'XX'],
        ],
        ...[
          ['SET', 'f', 'v'],
          ['PEXPIRE', 'f', '900000'],
          ['PEXPIRE', 'f', '100000', 'LT'],
        ],
        ...[
          ['SET', 'g', 'v'],
          ['EXPIRE', 'g', '100'],
          ['EXPIRE', 'g', '900', 'GT'],
        ],
        ...[
          ['SET', 'h', 'v'],
          ['EXPIRE', 'h', '100', 'XX'],
          ['EXPIRE', 'h', '300', 'NX'],
        ],
        ...[
          ['SET', 'i', 'v'],
          ['GETEX', 'i', 'EX', '100'],
          ['SET', 'j', 'v'],
        ],
        ...[
          ['GETEX', 'j', 'PX', '100000'],
          ['SET', 'k', 'v', 'EX', '100'],
          ['SET', 'k', 'w', 'KEEPTTL'],
        ],
        // Compared with times since the epoch.
        ...[
          ['SET', 'l', 'v', 'PXAT', '4102444800000'],
          ['EXPIRE', 'l', '100', 'GT'],
        ],
        ...[
          ['SET', 'm', 'v', 'PXAT', '4102444800000'],
          ['EXPIRE', 'm', '100', 'LT'],
        ],
        ...[
          ['SET', 'n', 'v', 'EX', '100'],
          ['EXPIREAT', 'n', '1700000000', 'LT'],
          ['PERSIST', 'n'],
        ],
      ],
    ],
    [
      'times that are over, some of keys that stay all the same',
      [
        ...[
          ['SET', 'a', 'v'],
          ['PEXPIREAT', 'a', '1000'],
          ['SET', 'b', 'v'],
          ['EXPIREAT', 'b', '0'],
        ],
        ...[
          ['PERSIST', 'b'],
          ['SET', 'c', 'v'],
          ['EXPIRE', 'c', '-5'],
          ['APPEND', 'c', 'w'],
        ],
        ...[
          ['SET', 'd', 'v', 'PXAT', '1000'],
          ['GETEX', 'd', 'PERSIST'],
          ['SET', 'e', 'v'],
        ],
        ...[
          ['GETEX', 'e', 'EXAT', '1'],
          ['COPY', 'e', 'f'],
          ['PERSIST', 'f'],
          ['SET', 'g', 'v'],
        ],
        ...[
          ['PEXPIREAT', 'g', '-7'],
          ['RENAME', 'g', 'h'],
          ['EXPIRE', 'h', '100'],
          ['SET', 'i', 'v'],
        ],
        ...[
          ['PEXPIREAT', 'i', '-7'],
          ['SET', 'i', 'w', 'KEEPTTL'],
        ],
      ],
    ],
    ['a command that fails', [['SET', 'k', 'v'], ['LPUSH', 'k', 'a'], AFTER]],
    [
      'values that are wrong',
      [['SET', 'k', 'v', 'EX', 'x'], ['SET', 'k', 'v'], ['INCR', 'k'], AFTER],
    ],
    [
      'an administrative command that writes',
      [['PFADD', 'h', 'a'], ['PFDEBUG', 'TODENSE', 'h'], AFTER],
    ],
    ['EXEC alone', [['EXEC'], AFTER]],
    ['DISCARD alone', [['DISCARD'], AFTER]],
    ['a database that there is not', [['SELECT', '3'], ['SELECT', '99'], AFTER]],
    ['a command that there is not', [AFTER, ['NOSUCH', 'x'], AFTER]],
    ['a subcommand that there is not', [['CONFIG', 'NOSUCH', 'x'], AFTER]],
    ['a command that there is not in a transaction', [['MULTI'], ['NOSUCH', 'x'], ['EXEC']]],
    ['the same where the transaction has no end', [AFTER, ['MULTI'], ['NOSUCH', 'x']]],
    [
      'a transaction in a transaction',
      [['MULTI'], ['INCR', 'x'], ['MULTI'], ['INCR', 'x'], ['EXEC'], AFTER],
    ],
    [
      'a transaction of which a part fails',
      [['SET', 'k', 'v'], ['MULTI'], ['LPUSH', 'k', 'a'], ['INCR', 'n'], ['EXEC'], AFTER],
    ],
    ['a transaction without an end', [['SET', 'k', 'v'], ['MULTI'], ['SET', 'y', '1']]],
    ['a key that is watched', [['WATCH', 'k'], ['SET', 'k', 'v'], ['MULTI'], AFTER, ['EXEC']]],
    ['WATCH in a transaction', [['MULTI'], ['WATCH', 'k'], ['SET', 'k', 'v'], ['EXEC'], AFTER]],
    [
      'a database that a transaction selects',
      [['MULTI'], ['SELECT', '3'], AFTER, ['EXEC'], ['SET', 'b', '1']],
    ],
    [
      'databases that are exchanged and emptied',
      [
        AFTER,
        ['SELECT', '1'],
        ['SET', 'b', '1'],
        ['SWAPDB', '0', '1'],
        ['MOVE', 'after', '2'],
        ['FLUSHDB'],
      ],
    ],
    [
      'commands that would wait',
      [
        ...[
          ['BLPOP', 'no', '0'],
          ['BRPOP', 'no', '0'],
          ['BLMOVE', 'no', 'b', 'LEFT', 'RIGHT', '0'],
        ],
        ...[
          ['BRPOPLPUSH', 'no', 'b', '0'],
          ['BLMPOP', '0', '1', 'no', 'LEFT'],
          ['RPUSH', 'l', '1', '2'],
        ],
        ...[['BLPOP', 'l', '0'], ['BLPOP', 'l', 'abc'], AFTER],
      ],
    ],
    [
      'SUBSCRIBE',
      [['SUBSCRIBE', 'c'], ['PSUBSCRIBE', 'c'], ['SSUBSCRIBE', 'c'], ['UNSUBSCRIBE'], AFTER],
    ],
    ['SUBSCRIBE in a transaction', [['MULTI'], ['SUBSCRIBE', 'c'], ['EXEC'], AFTER]],
    ['MONITOR', [['MONITOR'], ['MULTI'], ['MONITOR'], ['EXEC'], AFTER]],
    ['PUBLISH', [['PUBLISH', 'c', 'm'], ['SPUBLISH', 'c', 'm'], AFTER]],
    ['HELLO', [['HELLO', '3', 'SETNAME', 'x'], ['GET', 'x'], ['HELLO', '9'], AFTER]],
    // With the name of a user, Redis frees arguments twice.
    ['AUTH', [['AUTH', 'x'], AFTER]],
    ['CLIENT REPLY', [['CLIENT', 'REPLY', 'OFF'], ['LPUSH', 'x', '1'], ['INCR', 'x'], AFTER]],
    [
      'CLIENT KILL',
      [['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no'], ['CLIENT', 'KILL', '1:1'], AFTER],
    ],
    [
      'CLIENT TRACKING',
      [
        ['HELLO', '3'],
        ['CLIENT', 'TRACKING', 'ON'],
        ['GET', 'x'],
        ['SET', 'x', '1'],
      ],
    ],
    ['QUIT', [['QUIT'], AFTER, ['MULTI'], ['QUIT'], ['EXEC'], ['SET', 'b', '1']]],
    ['RESET', [['SELECT', '3'], ['HELLO', '3'], ['RESET'], AFTER]],
    [
      'SHUTDOWN',
      [['SHUTDOWN'], ['SHUTDOWN', 'NOSAVE'], ['SHUTDOWN', 'ABORT'], ['SHUTDOWN', 'X'], AFTER],
    ],
    ['DEBUG', [['DEBUG', 'POPULATE', '3'], ['DEBUG', 'NOSUCH'], ['DEBUG', 'SLEEP', '0'], AFTER]],
    [
      'CONFIG',
      [
        ...[['CONFIG', 'SET', 'appendonly', 'no'], ['CONFIG', 'SET', 'nosuch', '1'], AFTER],
        ...[
          ['CONFIG', 'SET', 'dir', '/tmp'],
          ['CONFIG', 'SET', 'databases', '3'],
          ['CONFIG', 'GET', '*'],
        ],
      ],
    ],
    [
      'what only reads',
      [
        AFTER,
        ['PING'],
        ['GET', 'after'],
        ['KEYS', '*'],
        ['INFO'],
        ['COMMAND'],
        ['TIME'],
        ['DBSIZE'],
        ['LASTSAVE'],
      ],
    ],
    [
      'names in any case',
      [['sEt', 'a', '1'], ['multi'], ['Incr', 'a'], ['exec'], ['config', 'get', 'x']],
    ],
  ])(
    '%s',
    async (_, commands) => {
      expectSame(await both(oneIncrement(bytesOf(commands))));
    },
    CRASH_TIMEOUT_MS,
  );

  test('CONFIG SET in it sets the directive', async () => {
    const files = oneIncrement(bytesOf([['CONFIG', 'SET', 'lfu-log-factor', '42'], AFTER]));
    const outcomes = await both(files);
    expectSame(outcomes);
    expect(outcomes.synap.config('lfu-log-factor')).toBe('42');
    expect(outcomes.redis.config('lfu-log-factor')).toBe('42');
  });

  test('a command that fails, and propagation-error-behavior', async () => {
    const files = oneIncrement(bytesOf([['SET', 'k', 'v'], ['LPUSH', 'k', 'a'], AFTER]));
    for (const behavior of ['ignore', 'panic-on-replicas', 'panic']) {
      const outcomes = await both(files, { 'propagation-error-behavior': behavior });
      expect(outcomes.synap.hasStarted).toBe(behavior !== 'panic');
      expectSame(outcomes);
    }
  });

  test('strings that are longer than proto-max-bulk-len allows by now', async () => {
    const commands = [
      ...[
        ['SETBIT', 'bits', '16777216', '1'],
        ['BITFIELD', 'fields', 'SET', 'u8', '16777216', '7'],
      ],
      ...[
        ['SETRANGE', 'range', '2097152', 'x'],
        ['APPEND', 'range', 'y'],
      ],
      AFTER,
    ];
    const files = oneIncrement(bytesOf(commands));
    const outcomes = await both(files, { 'proto-max-bulk-len': '1048576' });
    expectSame(outcomes);
    expect(outcomes.synap).toMatchObject({ hasStarted: true, failures: 0 });
  });

  test('several files: each begins in database 0', async () => {
    const files = {
      'appendonly.aof.1.base.aof': bytesOf([
        ['SELECT', '1'],
        ['SET', 'a', '1'],
      ]),
      'appendonly.aof.1.incr.aof': bytesOf([
        ['SET', 'b', '1'],
        ['SELECT', '2'],
        ['SET', 'c', '1'],
      ]),
      'appendonly.aof.2.incr.aof': bytesOf([['SET', 'd', '1']]),
      'appendonly.aof.manifest': [
        'file appendonly.aof.1.base.aof seq 1 type b',
        'file appendonly.aof.1.incr.aof seq 1 type i',
        'file appendonly.aof.2.incr.aof seq 2 type i\n',
      ].join('\n'),
    };
    const outcomes = await both(files);
    expect(outcomes.synap.hasStarted).toBe(true);
    expectSame(outcomes);
  });

  test('a file that is cut off before another one, empty or not', async () => {
    const whole = bytesOf([
      ['SET', 'a', '1'],
      ['SET', 'b', '1'],
    ]);
    const manifest = [1, 2].map((seq) => `file appendonly.aof.${seq}.incr.aof seq ${seq} type i\n`);
    for (const second of ['', command('SET', 'c', '1')]) {
      for (const missing of [0, 1, 10]) {
        const outcomes = await both({
          'appendonly.aof.1.incr.aof': whole.subarray(0, whole.length - missing),
          'appendonly.aof.2.incr.aof': second,
          'appendonly.aof.manifest': manifest.join(''),
        });
        expect(outcomes.synap.hasStarted).toBe(missing === 0);
        expectSame(outcomes);
      }
    }
  });

  test('a snapshot with commands behind it, whatever it is called', async () => {
    const { snapshot } = await replay('redis', oneIncrement(bytesOf([['SET', 'a', '1']])));
    const base = Buffer.concat([
      snapshot,
      bytesOf([
        ['SELECT', '1'],
        ['SET', 'b', '1'],
      ]),
    ]);
    for (const ending of ['rdb', 'aof']) {
      const name = `appendonly.aof.1.base.${ending}`;
      const outcomes = await both({
        [name]: base,
        'appendonly.aof.manifest': `file ${name} seq 1 type b\n`,
      });
      expect(outcomes.synap.hasStarted).toBe(true);
      expectSame(outcomes);
    }
  });

  test.each([
    ['two bases', 'file a seq 1 type b\nfile b seq 2 type b\n'],
    ['numbers out of order', 'file a seq 2 type i\nfile b seq 1 type i\n'],
    ['a path', 'file ../a seq 1 type i\n'],
    ['an unknown type', 'file a seq 1 type x\n'],
    ['an empty line', 'file a seq 1 type i\n\n'],
    ['a last line that is cut off', 'file a seq 1 type i\nfile b seq'],
    ['comments, blanks and CR LF', '# a comment\r\n  FILE a.aof  seq 1 type b\r\n# one more\r\n'],
    ['nothing in it', ''],
  ])('a manifest with %s', async (_, manifest) => {
    const files = { a: '', b: '', 'a.aof': command('SET', 'a', '1') };
    expectSame(await both({ ...files, 'appendonly.aof.manifest': manifest }));
  });
});

describe.skipIf(!hasRedis)('where Redis is not followed', () => {
  test.each([
    ['too many arguments', ['GET', 'a', 'b'], 'get'],
    ['too few arguments', ['SET', 'b'], 'set'],
    ['too few arguments in a transaction', ['MULTI'], ['LPUSH', 'b'], 'lpush'],
    ['a container without its subcommand', ['CONFIG'], 'config'],
  ])('%s', async (_, ...rest) => {
    intended('log-arity');
    const name = String(rest.pop());
    const commands = [AFTER, ...(rest as string[][]), AFTER];
    const { synap } = await both(oneIncrement(bytesOf(commands)));
    const at = bytesOf(commands.slice(0, -2)).length;
    expect(synap.reason).toContain(`appendonly.aof.1.incr.aof, byte ${at}: `);
    expect(synap.reason).toContain(`wrong number of arguments for '${name}' command`);
  });

  test(
    'a transaction that is discarded, or reset',
    async () => {
      intended('log-transactions');
      for (const word of ['DISCARD', 'RESET']) {
        const commands = [['MULTI'], ['SET', 'no', '1'], [word], AFTER];
        const { synap } = await both(oneIncrement(bytesOf(commands)));
        const { digest } = await replay('synap', oneIncrement(bytesOf([AFTER])));
        expect(synap).toMatchObject({ hasStarted: true, digest, failures: 0 });
        const withExec = await both(oneIncrement(bytesOf([...commands, ['EXEC']])));
        expect(withExec.redis.hasStarted).toBe(false);
        expect(withExec.synap).toMatchObject({ hasStarted: true, digest, failures: 1 });
      }
    },
    CRASH_TIMEOUT_MS,
  );

  test(
    'commands that would end the server, or keep half of the data',
    async () => {
      intended('log-commands');
      const commands = [
        ...[
          ['SAVE'],
          ['BGSAVE'],
          ['BGREWRITEAOF'],
          ['SHUTDOWN', 'NOW'],
          ['SHUTDOWN', 'NOW', 'FORCE'],
        ],
        ...[
          ['DEBUG', 'RELOAD'],
          ['DEBUG', 'LOADAOF'],
          ['MIGRATE', '127.0.0.1', '1', 'k', '0', '10'],
        ],
      ];
      const { digest } = await replay('synap', oneIncrement(bytesOf([AFTER])));
      const { redis, synap } = await both(oneIncrement(bytesOf([...commands, AFTER])));
      expect(redis.hasStarted).toBe(false);
      expect(synap).toMatchObject({ hasStarted: true, digest, failures: commands.length });
      // DEBUG only where it is allowed.
      const options = { 'enable-debug-command': 'no' };
      const log = oneIncrement(bytesOf([['DEBUG', 'POPULATE', '3'], AFTER]));
      expect(await replay('synap', log, options)).toMatchObject({ hasStarted: true, failures: 1 });
    },
    CRASH_TIMEOUT_MS,
  );

  test('texts that are no commands to the letter', async () => {
    intended('log-text');
    const text = bytesOf([
      ['SET', 'a', '1'],
      ['SET', 'b', '1'],
    ]).toString('latin1');
    const wrong: [string, RegExp][] = [
      // Read by Redis: the two bytes behind a value are not looked at, and a number ends anywhere.
      [text.replace('a\r\n', 'aXX'), /there is no command/],
      [text.replace('*3\r\n', '*3x\r\n'), /there is no command/],
      // Cut off by Redis: all that follows is lost.
      [text.replace('$1\r\na', '$1000\r\na'), /a length is wrong in the command at byte 0/],
      // Refused by Redis, too.
      [text.replaceAll('\r\n', '\n'), /end in LF/],
      [text.replace('$3', '$4'), /there is no command/],
    ];
    for (const [log, reason] of wrong) {
      const { redis, synap } = await both(oneIncrement(Buffer.from(log, 'latin1')));
      expect(synap.hasStarted).toBe(false);
      expect(synap.reason).toMatch(reason);
      expect(synap.reason).toContain('appendonly.aof.1.incr.aof, byte ');
      const isCut = redis.hasStarted && redis.digest === '0'.repeat(40);
      expect(isCut).toBe(log.includes('$1000'));
    }
  });
});

describe.skipIf(!hasRedis)('streams made at random', () => {
  test(
    `${RUNS} of them, each whole, cut, and damaged`,
    async () => {
      const counts = { same: 0, started: 0, refused: 0, 'log-arity': 0, 'log-text': 0 };
      for (let run = 0; run < RUNS; run++) {
        const seed = FIRST_SEED + run;
        const random = new Random(seed);
        const log = randomLog(random);
        for (const how of ['whole', 'cut', 'damaged'] as const) {
          const bytes = how === 'whole' ? log : breakLog(random, log, how);
          const files = oneIncrement(bytes);
          const redis = await replay('redis', files);
          const synap = await replay('synap', files, {}, async (dir) => {
            const [before, after] = await writeAndRestart(dir);
            expect([seed, how, after]).toEqual([seed, how, before]);
          });
          const isSame = redis.hasStarted === synap.hasStarted && redis.digest === synap.digest;
          if (isSame) {
            expectSame({ redis, synap });
            counts.same++;
            counts[synap.hasStarted ? 'started' : 'refused']++;
          } else {
            // Never other data than Redis has: it is refused, and for a reason that is known.
            expect([seed, how, synap.hasStarted]).toEqual([seed, how, false]);
            const reasons = Object.entries(REFUSALS).filter(([, text]) => text.test(synap.reason));
            expect(reasons, `seed ${seed}, ${how}: ${synap.reason}`).toHaveLength(1);
            counts[reasons[0][0] as keyof typeof REFUSALS]++;
            expect(how).toBe('damaged');
          }
        }
      }
      console.log(`${RUNS} streams from seed ${FIRST_SEED} on:`, counts);
      expect(counts.started).toBeGreaterThan(RUNS);
      expect(counts.same).toBeGreaterThan(2 * RUNS);
    },
    TIMEOUT_MS,
  );
});
