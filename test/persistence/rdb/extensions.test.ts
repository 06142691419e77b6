// What values have beyond what Redis knows of, by the example of rules of streams (XRETAIN): where it is in files and
// payloads, that it comes back, that Redis reads both, and what is refused.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { SOUND } from '../../../src/persistence/check/inspection.ts';
import { inspectFile } from '../../../src/persistence/check/single-file.ts';
import { streamsOf } from '../../../src/types/stream/values.ts';
import { hasRedis } from '../../support/needs-redis.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { itemsOf, textOf } from '../../support/reply-frames.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { TestServer } from '../../support/test-call.ts';
import { load, save } from './loading.ts';
import { fileOf, payloadOf, rdbString } from './payloads.ts';

const NAME = 'synap-retention';
/** MAXLEN 5 KEEP UNREAD. */
const RULE = Buffer.from('0109000000000000' + '1440', 'hex');

/** A server with streams with rules among other keys. */
function exampleServer() {
  const server = new TestServer(families.flat(), { config: loadConfig({ settings: [] }) });
  const client = server.connect();
  const run = (...words: (string | Buffer)[]) =>
    Buffer.from(server.run(client, ...words), 'latin1');
  for (const line of [
    'XADD bare 1-1 f v',
    'XADD ruled 1-1 f v',
    'XRETAIN ruled MAXLEN 5 KEEP UNREAD',
    'XADD timed 1-1 f v',
    'XRETAIN timed MAXLEN 1 MAXAGE 9000000000000 MAXBYTES 123456789',
    'PEXPIRE timed 10000000',
    'SET string v',
    'SELECT 7',
    'XADD ruled 1-1 f v',
    'XRETAIN ruled MAXAGE 5',
  ]) {
    run(...line.split(' '));
  }
  run('SELECT', '0');
  return { server, run };
}

/** The rules of a keyspace, by database and key. */
function rules({ databases, entries }: Keyspace): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [i, db] of databases.entries()) {
    db.scan(0, 1000, (ref) => {
      if (!entries.hasRoot(ref)) return;
      found[`${i} ${db.key(ref).copy()}`] = streamsOf(entries).retention.read(entries.root(ref));
    });
  }
  return found;
}

const LIMITS = { maxLength: undefined, maxAgeMs: undefined, maxBytes: undefined };
const EXPECTED = {
  '0 bare': undefined,
  '0 ruled': { ...LIMITS, maxLength: 5, keepsUnread: true },
  '0 timed': { maxLength: 1, maxAgeMs: 9e12, maxBytes: 123456789, keepsUnread: false },
  '7 ruled': { ...LIMITS, maxAgeMs: 5, keepsUnread: false },
};

/** The field before a key, or behind a value. */
function field(name: string, bytes: Buffer | string): Buffer {
  return Buffer.concat([Buffer.from([250]), rdbString(name), rdbString(bytes)]);
}

/** Type and value of a stream without entries, as Redis has it. */
const EMPTY_STREAM = Buffer.from([19, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0]);

describe('files', () => {
  test('rules come back with their keys, whatever the pieces', () => {
    const { server } = exampleServer();
    const { file } = save(server.keyspace);
    expect(rules(server.keyspace)).toEqual(EXPECTED);
    for (const pieceBytes of [1, 7, 100_000]) {
      const { keyspace, loader } = load(file, { pieceBytes });
      expect(rules(keyspace)).toEqual(EXPECTED);
      expect([...loader.aux.keys()]).not.toContain(NAME);
      // They have effect again.
      keyspace.tick(Date.now());
      keyspace.expireDue(Number.POSITIVE_INFINITY);
      expect(keyspace.stats.retentionTrimmed).toBe(1);
    }
  });

  test('the field is right before the key', () => {
    const { server } = exampleServer();
    const text = save(server.keyspace).file.toString('latin1');
    const at = text.indexOf(field(NAME, RULE).toString('latin1'));
    expect(at).toBeGreaterThan(0);
    expect(text.slice(at + field(NAME, RULE).length).startsWith('\x13\x05ruled')).toBe(true);
  });

  test('it is of the next key only, and other fields are facts about the file', () => {
    const key = (name: string) =>
      Buffer.concat([EMPTY_STREAM.subarray(0, 1), rdbString(name), EMPTY_STREAM.subarray(1)]);
    const file = fileOf(
      Buffer.concat([field(NAME, RULE), field('synap-other', 'x'), key('a'), key('b')]),
    );
    const { keyspace, loader } = load(file);
    const { keepsUnread } = EXPECTED['0 ruled'];
    expect(rules(keyspace)).toEqual({
      '0 a': { ...LIMITS, maxLength: 5, keepsUnread },
      '0 b': undefined,
    });
    expect(loader.aux.get('synap-other')).toBe('x');
  });

  test.each<[string, Buffer]>([
    ['of a later version', Buffer.from('0209000000000000' + '1440', 'hex')],
    ['with an unknown limit', Buffer.from('0119000000000000' + '1440', 'hex')],
    ['that ends too early', RULE.subarray(0, 9)],
    ['that goes on', Buffer.concat([RULE, RULE])],
    ['without a limit', Buffer.from('0108', 'hex')],
    ['with a limit below 0', Buffer.from('0101000000000000' + '14c0', 'hex')],
    ['of nothing', Buffer.alloc(0)],
  ])('a rule %s is damage', (_, bytes) => {
    const key = Buffer.concat([Buffer.from([19]), rdbString('k'), EMPTY_STREAM.subarray(1)]);
    const file = fileOf(Buffer.concat([field(NAME, bytes), key]));
    expect(() => load(file)).toThrow('a stream has an unknown rule of retention');
    const { run } = exampleServer();
    const payload = payloadOf(Buffer.concat([EMPTY_STREAM, field(NAME, bytes)]));
    expect(run('RESTORE', 'k', '0', payload).toString()).toMatch(/^-ERR Bad data format/);
  });

  test('a rule of another type of value is damage', () => {
    const key = Buffer.concat([Buffer.from([0]), rdbString('k'), rdbString('v')]);
    expect(() => load(fileOf(Buffer.concat([field(NAME, RULE), key])))).toThrow(
      'a value of the type string has the field synap-retention',
    );
  });

  test('the check of files takes them', async () => {
    const directory = temporaryDirectory();
    try {
      const path = join(directory.path, 'dump.rdb');
      writeFileSync(path, save(exampleServer().server.keyspace).file);
      const lines: string[] = [];
      const print = (line: string) => void lines.push(line);
      expect(await inspectFile(path, { fix: false, print, onProgress: () => {} })).toBe(SOUND);
      if (hasRedis) expect(spawnSync('redis-check-rdb', [path]).status).toBe(0);
    } finally {
      directory.remove();
    }
  });
});

describe('payloads', () => {
  const dump = (run: (...words: string[]) => Buffer, key: string) => {
    const reply = run('DUMP', key);
    return reply.subarray(reply.indexOf('\n') + 1, -2);
  };

  test('DUMP has the rule behind the value, and RESTORE takes it', () => {
    const { server, run } = exampleServer();
    const payload = dump(run, 'ruled');
    expect(payload.subarray(0, -10).subarray(-field(NAME, RULE).length)).toEqual(field(NAME, RULE));
    expect(run('RESTORE', 'copy', '0', payload).toString()).toBe('+OK\r\n');
    expect(run('RESTORE', 'bare', '0', payload, 'REPLACE').toString()).toBe('+OK\r\n');
    expect(run('RESTORE', 'ruled', '0', dump(run, 'timed'), 'REPLACE').toString()).toBe('+OK\r\n');
    expect(rules(server.keyspace)).toEqual({
      ...EXPECTED,
      '0 copy': EXPECTED['0 ruled'],
      '0 bare': EXPECTED['0 ruled'],
      '0 ruled': EXPECTED['0 timed'],
    });
  });

  test('what else is behind a value is passed over', () => {
    const { server, run } = exampleServer();
    for (const [i, rest] of [
      field('synap-other', RULE),
      field(NAME, RULE).subarray(0, 9),
      Buffer.from([250]),
      Buffer.from('junk'),
    ].entries()) {
      const payload = payloadOf(Buffer.concat([EMPTY_STREAM, rest]));
      expect(run('RESTORE', `k${i}`, '0', payload).toString()).toBe('+OK\r\n');
      expect(rules(server.keyspace)[`0 k${i}`]).toBeUndefined();
    }
  });
});

describe.skipIf(!hasRedis)('Redis', () => {
  test('takes payloads and files with rules', async () => {
    const directory = temporaryDirectory();
    const { server, run } = exampleServer();
    writeFileSync(join(directory.path, 'dump.rdb'), save(server.keyspace).file);
    const redis = await startRedisServer({ 'enable-protected-configs': 'yes' });
    const client = await RawClient.connect(redis.port);
    try {
      await client.command('CONFIG', 'SET', 'dir', directory.path);
      expect(textOf(await client.command('DEBUG', 'RELOAD', 'NOSAVE'))).toBe('OK');
      const keys = itemsOf(await client.command('KEYS', '*')).map(textOf);
      expect(keys.sort()).toEqual(['bare', 'ruled', 'string', 'timed']);
      expect(Number(textOf(await client.command('PTTL', 'timed')))).toBeGreaterThan(1_000_000);
      const reply = run('DUMP', 'timed');
      const payload = reply.subarray(reply.indexOf('\n') + 1, -2);
      expect(textOf(await client.command('RESTORE', 'other', '0', payload))).toBe('OK');
      expect(textOf(await client.command('XLEN', 'other'))).toBe('1');
      // What it dumps has none.
      const { payload: theirs } = await client.command('DUMP', 'timed');
      expect(run('RESTORE', 'theirs', '0', theirs ?? '').toString()).toBe('+OK\r\n');
      expect(rules(server.keyspace)['0 theirs']).toBeUndefined();
    } finally {
      await client.close();
      await redis.stop();
      directory.remove();
    }
  });
});
