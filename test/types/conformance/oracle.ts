// The same values in Redis: made by the same commands they are read as the same and have the same digest, type and
// encoding, and each server takes the other's payloads.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOfDatabases } from '../../../src/commands/debug/digest.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import type { RunningServer } from '../../support/running-server.ts';
import { type Subject, type TypeBench, useBench } from './bench.ts';
import { contentsOf, type Line } from './fixture.ts';

/** Declares the tests; see the head of this file. */
export function conformToRedis(subject: Subject): void {
  const { fixture } = subject;
  let redis: RunningServer;
  let client: RawClient;

  beforeAll(async () => {
    redis = await startRedisServer();
    client = await RawClient.connect(redis.port);
  });

  afterAll(async () => {
    await client?.close();
    await redis?.stop();
  });

  /** The bytes of Redis's reply, one character each. */
  const ask = async (...line: readonly (string | Buffer)[]): Promise<string> =>
    (await client.command(...line)).bytes.toString('latin1');

  /** All that can be read of a value. */
  const read = async (key: string): Promise<string> =>
    contentsOf(fixture, await ask(...fixture.read(key)));

  /** Runs commands in both. */
  const both = async (bench: TypeBench, lines: readonly Line[]): Promise<void> => {
    for (const line of lines) expect(bench.run(...line)).toBe(await ask(...line));
  };

  const expectSame = async (bench: TypeBench, key: string): Promise<void> => {
    expect(bench.contents(key)).toBe(await read(key));
    for (const line of [
      ['TYPE', key],
      ['OBJECT', 'ENCODING', key],
      ['OBJECT', 'REFCOUNT', key],
    ]) {
      expect(bench.run(...line)).toBe(await ask(...line));
    }
    expect(`*1\r\n+${bench.digest(key)}\r\n`).toBe(await ask('DEBUG', 'DIGEST-VALUE', key));
    expect(`+${digestOfDatabases(bench.keyspace)}\r\n`).toBe(await ask('DEBUG', 'DIGEST'));
  };

  describe.each(fixture.samples.filter(({ isLater }) => !isLater))('$name', (sample) => {
    test('is the same, and so is what changes make of it', async () => {
      const bench = useBench(subject);
      for (const change of [undefined, ...fixture.changes]) {
        await ask('FLUSHALL');
        bench.empty();
        await both(bench, sample.make('k'));
        if (change !== undefined) await both(bench, [change('k')]);
        if (bench.ref('k') !== 0) await expectSame(bench, 'k');
      }
    });

    test('is exchanged by DUMP and RESTORE', async () => {
      const bench = useBench(subject);
      await ask('FLUSHALL');
      await both(bench, sample.make('k'));
      expect(await ask('RESTORE', 'ours', '0', bench.bytes('DUMP', 'k'))).toBe('+OK\r\n');
      const { payload } = await client.command('DUMP', 'k');
      bench.text('RESTORE', 'theirs', '0', payload ?? '');
      expect(bench.contents('theirs')).toBe(bench.contents('k'));
      expect(await read('ours')).toBe(await read('k'));
      await both(bench, [['DEL', 'k']]);
      await ask('RENAME', 'ours', 'k');
      bench.run('RENAME', 'theirs', 'k');
      expect(`*1\r\n+${bench.digest('k')}\r\n`).toBe(await ask('DEBUG', 'DIGEST-VALUE', 'k'));
    });
  });

  test.each(fixture.conversions.filter(({ isLater }) => !isLater))(
    '$name: another encoding there, too',
    async (conversion) => {
      const bench = useBench(subject);
      await ask('FLUSHALL');
      await both(bench, conversion.make('k'));
      await expectSame(bench, 'k');
      await both(bench, conversion.change('k'));
      await expectSame(bench, 'k');
      await both(bench, [['PEXPIREAT', 'k', '4000000000000']]);
      await expectSame(bench, 'k');
    },
  );
}
