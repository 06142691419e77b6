// The table against a real server: names, defaults, what can be changed, and every error text.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { directives, findDirective } from '../../src/config/directives.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settingsOf } from '../../src/config/options.ts';
import { globMatchText } from '../support/glob-text.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RedisServer } from './redis-server.ts';

const matches = (pattern: string, name: string) => globMatchText(pattern, name, true);

describe('the table', () => {
  it('has each name and alias once', () => {
    const names = directives.flatMap((directive) => [directive.name, ...directive.aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_-]*$/);
  });

  it('describes every directive', () => {
    for (const directive of directives) {
      expect(directive.doc, directive.name).toMatch(/^[A-Z].*\.$/);
      expect(directive.kind.summary, directive.name).not.toBe('');
    }
  });

  it('warns of nothing that has its default', () => {
    expect(loadConfig().warnings()).toEqual([]);
  });
});

/** Directives that Redis 7.0 does not have. */
const newer = new Set([
  'cluster-announce-human-nodename',
  'fsync-interval-ms',
  'load-skip-unknown',
  'locale-collate',
  'log-lock-timeout-ms',
  'log-format',
  'log-timestamp-format',
  'set-max-listpack-entries',
  'set-max-listpack-value',
  'snapshot-compression',
  'snapshot-enabled',
  'snapshot-interval-secs',
  'snapshot-max-count',
  'snapshot-operation-threshold',
  'stream-hot-max-bytes',
  'stream-tombstone-grace-ms',
  'wal-buffer-size-kb',
  'wal-max-size-mb',
]);

/** Changing these has effects on a real server that say nothing about the value. */
const unsafe: Readonly<Record<string, string>> = {
  bind: 'listens again',
  port: 'listens again',
  maxclients: 'is limited by the number of open files',
  activedefrag: 'is refused by a Redis with the system allocator',
  appendonly: 'rewrites the log',
  'watchdog-period': 'is raised to a minimum, and sends signals',
  requirepass: 'asks for the password',
};
const isUnsafe = (name: string) => name in unsafe || name.startsWith('tls-');

/** Values that are tried with every directive. */
const values = [
  ...['', '0', '1', '-1', '5', '007', '+3', ' 4', '4 ', '-0', '1.5', '0x10', '77', '1000', '65536'],
  ...['yes', 'YES', 'no', 'true', 'local', 'abc', 'a b', '"', '""', "'x'", '/', 'a/b', '..', '*'],
  ...['1b', '1k', '1K', '1kb', '1m', '2mb', '1g', '1GB', '1tb', 'kb', '-1mb', '5%', '100%', '101%'],
  ...['0%', '05%', '%', '2147483647', '2147483648', '4294967295', '4294967296', '-2147483648'],
  ...['-2147483649', '9223372036854775807', '9223372036854775808', '-9223372036854775808'],
  ...['99999999999999999999', `${'1'.repeat(130)}`],
];

/** Values of directives with a grammar of their own. */
const special: Readonly<Record<string, readonly string[]>> = {
  save: ['5 6', '5 6 7', '1 1 2 2', '0 5', '5 -1', '5 +1', ' 5 6', '5 ', '5  6', '5x 6', '"5" 6'],
  'client-output-buffer-limit': [
    ...['normal 1 2 3', 'replica 1mb 2mb 60', 'SLAVE 5 5 5', 'pubsub 1gb 1k 5', 'normal 1 1 1 '],
    ...['normal 0 0 0 pubsub 5 5 5', 'master 0 0 0', 'foo 0 0 0', '0 0 0 0', 'normal -1 2 3'],
    ...[
      'normal 1 2 -3',
      'normal x 2 3',
      'normal 1 y 3',
      'normal 1 2 z',
      'normal 1 2 ',
      'normal   5',
    ],
    ...['normal 9 9 9 pubsub x 1 1', 'normal 18446744073709551615 5 5', 'normal 1 1 +5'],
  ],
  'oom-score-adj-values': [
    ...['1 2 3', '0 200', '0 1 2 3', '-2001 0 0', '0 0 2001', '2000 -2000 5', '+1 2 3', '1.5 2 3'],
    ...['1 2 ', ' 1  2 3', '1 2 3 '],
  ],
  'notify-keyspace-events': [
    ...['KEA', 'gxE', 'Ag$lshzxeKEtmdn', 'Kn', 'KEm', 'kea', 'K A', 'nmdE$', 'A', 'Kg$lshzxetd'],
    ...['Kg$lshzxe', 'An'],
  ],
  'latency-tracking-info-percentiles': [
    ...[
      '50 99 99.9',
      '100 0',
      '50.5555 1e1',
      '101',
      'nan',
      'inf',
      '-inf',
      '  50  60 ',
      '50 50',
      '5.',
    ],
    ...['99.123456789', '33.3333333333333333333', '.5', '1e-9', '50 ', '-0.5', '1e400', 'infinity'],
  ],
  'shutdown-on-sigint': [
    ...[
      'save',
      'nosave force',
      'save nosave',
      'default save',
      'default',
      'save save',
      'force now save',
    ],
    ...['NOW', '"now" force', 'force  now'],
  ],
  'proc-title-template': [
    ...['{foo}', '{title', '{title}', ' ', '{{x}}', '}', '{port}{', '{}', '{title}}}', '{{title}}'],
    ...[
      '{{',
      '{{}',
      '{Title}',
      '{title} {listen-addr} {server-mode} {port} {tls-port} {config-file}',
    ],
  ],
  'cluster-announce-hostname': ['a'.repeat(255), 'a'.repeat(256), 'a_b', 'a.b-C9'],
  'maxmemory-policy': ['allkeys-lru', 'ALLKEYS-lfu', 'volatile-ttl'],
  appendfsync: ['always', 'No', 'everysec'],
  'sanitize-dump-payload': ['clients', 'yes'],
  dir: ['/nonexistent', '/etc/passwd', '.', '/tmp/', '/tmp/../tmp'],
  hz: ['500', '501'],
};

/** Outcomes that are meant to differ, as `directive value`, with the reason. */
const intended: Readonly<Record<string, string>> = {
  'maxmemory 99999999999999999999': 'overflow: an error rather than a wrong number',
  'cluster-link-sendbuf-limit 99999999999999999999': 'overflow',
  'maxmemory-clients 99999999999999999999': 'overflow',
  'latency-tracking-info-percentiles -0': 'minus zero is zero',
};

/** What later versions have added to the lists that errors name. */
const added: Readonly<Record<string, string>> = { loglevel: ', nothing' };

/**
 * Values tried with one write: the replies take less than what Redis sends whatever `client-output-buffer-limit` was
 * set to: 16 KiB, or 1 KiB where the buffer was hardly used for five seconds. A client beyond it is cut off, and
 * ioredis says all again.
 */
const BATCH = 3;

describe.skipIf(!hasRedis)('the table beside Redis 7.0', () => {
  let server: RedisServer;
  let redis: Redis;
  let config: Config;
  beforeAll(async () => {
    server = await RedisServer.start({ flags: ['--enable-protected-configs', 'yes'] });
    redis = new Redis({ port: server.port, host: '127.0.0.1' });
    await redis.call('CLIENT', 'NO-EVICT', 'on');
    config = loadConfig({
      directory: server.directory,
      settings: settingsOf({
        'enable-protected-configs': 'yes',
        port: server.port,
        bind: '127.0.0.1',
      }),
    });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const redisGet = async (...patterns: string[]) => {
    const flat = (await redis.call('CONFIG', 'GET', ...patterns)) as string[];
    return flat.flatMap((text, i): [string, string][] =>
      i % 2 === 0 ? [[text, flat[i + 1]]] : [],
    );
  };
  /** The error of CONFIG SET, or undefined. */
  const redisSet = async (...args: string[]) => {
    try {
      await redis.call('CONFIG', 'SET', ...args);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('reports the same names and defaults for *', async () => {
    const expected = (await redisGet('*')).sort();
    const actual = config.get(['*'], matches).filter(([name]) => !newer.has(name));
    expect(actual.sort()).toEqual(expected);
    expect(expected.length).toBeGreaterThan(190);
  });

  it('finds hidden directives by their full names', async () => {
    const hidden = directives.filter((directive) => directive.hidden);
    expect(hidden.length).toBeGreaterThan(3);
    for (const { name } of hidden) {
      expect(config.get([name], matches)).toEqual(await redisGet(name));
      expect(config.get([`${name}*`], matches)).toEqual(await redisGet(`${name}*`));
    }
  });

  it('does not report what belongs in files', async () => {
    for (const { name } of directives.filter((directive) => directive.fileOnly)) {
      expect(await redisGet(name), name).toEqual([]);
      expect(config.get([name], matches), name).toEqual([]);
      expect(config.set([[name, 'x']])).toBe(await redisSet(name, 'x'));
    }
  });

  it('echoes names as they were written, each once', async () => {
    const requests = [
      ['MaxMemory'],
      ['MAXMEMORY', 'maxmemory', 'maxm*'],
      ['*slave*', 'slaveof'],
      ['nope', 'port', 'PORT'],
      ['max\\memory', 'max\\mem*y', '[m]axmemory', '['],
    ];
    for (const request of requests) {
      const expected = (await redisGet(...request)).sort();
      expect(config.get(request, matches).sort(), request.join(' ')).toEqual(expected);
    }
  });

  it('accepts, normalises and refuses the same values, in the same words', async () => {
    let refused = 0;
    let accepted = 0;
    const names = directives
      .filter(({ name, fileOnly }) => !fileOnly && !newer.has(name) && !isUnsafe(name))
      .flatMap(({ name, aliases }) => [name, ...aliases]);
    for (const name of names) {
      const { immutable } = findDirective(name) ?? {};
      const tried = immutable ? ['1'] : [...(special[name] ?? []), ...values];
      const compared = tried.filter((value) => !(`${name} ${value}` in intended));
      const replies: [error: Error | null, result: unknown][] = [];
      for (let start = 0; start < compared.length; start += BATCH) {
        const pipeline = redis.pipeline();
        for (const value of compared.slice(start, start + BATCH)) {
          pipeline.call('CONFIG', 'SET', name, value).call('CONFIG', 'GET', name);
        }
        replies.push(...((await pipeline.exec()) ?? []));
      }
      for (const [index, value] of compared.entries()) {
        const label = `${name} '${value}'`;
        const message = replies[index * 2][0]?.message;
        const expected = message === undefined ? undefined : message + (added[name] ?? '');
        expect(config.set([[name, value]]), label).toBe(expected);
        expect(config.get([name], matches).flat(), label).toEqual(replies[index * 2 + 1][1]);
        if (expected === undefined) accepted++;
        else refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
    expect(accepted).toBeGreaterThan(1000);
  });

  it('refuses the same pairs', async () => {
    const requests = [
      ['foo', '1', 'maxmemory', 'x'],
      ['FOO', '1'],
      ['maxmemory', '5', 'MAXMEMORY', '6'],
      ['maxmemory', '5', 'maxmemory', '6'],
      ['hash-max-listpack-entries', '5', 'hash-max-ziplist-entries', '6'],
      ['hz', 'zz', 'foo', '1'],
      ['databases', '5', 'foo', '5'],
      ['foo', '5', 'databases', '3'],
      ['maxmemory', 'xx', 'DATABASES', '3'],
      ['maxmemory', 'xx', 'hz', 'yy'],
      ['maxmemory', '7mb', 'hz', 'zz'],
      ['maxmemory', '8mb', 'hz', '20', 'timeout', '5'],
      ['MIN-slaves-to-write', 'x'],
      ['save', '1 1', 'SAVE', ''],
    ];
    const names = ['maxmemory', 'hz', 'timeout', 'hash-max-*', 'save'];
    for (const request of requests) {
      const pairs = request.flatMap((word, i): [string, string][] =>
        i % 2 === 0 ? [[word, request[i + 1]]] : [],
      );
      expect(config.set(pairs), request.join(' ')).toBe(await redisSet(...request));
      expect(config.get(names, matches).sort()).toEqual((await redisGet(...names)).sort());
    }
  });
});
