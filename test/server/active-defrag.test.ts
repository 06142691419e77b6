// `activedefrag` on a running server: what makes it begin, what it does, what it tells.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { ActiveDefrag, type DefragSettings } from '../../src/server/active-defrag.ts';
import { ServerStats } from '../../src/telemetry/server-stats.ts';
import { valueTypes } from '../../src/types/index.ts';
import { remove, storeMany } from '../keyspace/support.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer, target } from '../support/synap-server.ts';

const PATIENCE_MS = 25_000;
const POLL_MS = 50;
const KEYS = 60_000;

describe.runIf(target !== 'redis')('a server', () => {
  let server: RunningServer;
  let client: RawClient;

  beforeEach(async () => {
    server = await startSynapServer();
    client = await RawClient.connect(server.port, PATIENCE_MS);
  });

  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  async function info(field: string): Promise<number> {
    const text = textOf(await client.command('INFO', 'everything'));
    return Number(new RegExp(`^${field}:(.*)\r$`, 'm').exec(text)?.[1]);
  }

  async function eventually(isTrue: () => Promise<boolean>): Promise<void> {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (!(await isTrue())) {
      if (Date.now() > deadlineMs) throw new Error(`it did not become true: ${isTrue}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** A tenth of the keys, spread over all pages. */
  async function fragment(): Promise<void> {
    await client.command('DEBUG', 'POPULATE', String(KEYS), 'key', '100');
    for (let first = 0; first < KEYS; first += 1000) {
      const keys = Array.from({ length: 1000 }, (_, k) => first + k).filter((i) => i % 10 !== 0);
      await client.command('DEL', ...keys.map((i) => `key:${i}`));
    }
  }

  test('closes the gaps, and tells what it did', async () => {
    await fragment();
    const digest = textOf(await client.command('DEBUG', 'DIGEST'));
    const before = await info('allocator_frag_bytes');
    expect(await info('allocator_frag_ratio')).toBeGreaterThan(4);
    expect(await info('active_defrag_hits')).toBe(0);
    await client.command(
      'CONFIG',
      'SET',
      'active-defrag-ignore-bytes',
      '1mb',
      'activedefrag',
      'yes',
    );
    await eventually(async () => (await info('active_defrag_hits')) > 4000);
    await eventually(async () => (await info('active_defrag_running')) === 0);
    expect(await info('allocator_frag_bytes')).toBeLessThan(before / 4);
    expect(await info('active_defrag_key_hits')).toBeGreaterThan(4000);
    expect(await info('active_defrag_misses')).toBeGreaterThan(0);
    expect(await info('active_defrag_key_misses')).toBeGreaterThan(0);
    expect(await info('total_active_defrag_time')).toBeGreaterThan(0);
    expect(await info('current_active_defrag_time')).toBe(0);
    expect(textOf(await client.command('DEBUG', 'DIGEST'))).toBe(digest);
    await client.command('CONFIG', 'RESETSTAT');
    expect([await info('active_defrag_hits'), await info('total_active_defrag_time')]).toEqual([
      0, 0,
    ]);
  });

  test('does nothing below its thresholds, and not unless it is asked to', async () => {
    await fragment();
    await client.command('CONFIG', 'SET', 'active-defrag-ignore-bytes', '1mb');
    await client.command('CONFIG', 'SET', 'active-defrag-threshold-lower', '1000');
    // The server looks once a second, and expires the key then at the latest.
    await client.command('SET', 'clock', 'v', 'PX', '2500');
    await client.command('CONFIG', 'SET', 'activedefrag', 'yes');
    await eventually(async () => (await info('expired_keys')) === 1);
    expect(await info('active_defrag_misses')).toBe(0);
  });
});

describe('its effort', () => {
  const settings: DefragSettings = {
    activedefrag: true,
    'active-defrag-ignore-bytes': 1024 * 1024,
    'active-defrag-threshold-lower': 10,
    'active-defrag-threshold-upper': 1000,
    'active-defrag-cycle-min': 5,
    'active-defrag-cycle-max': 75,
    'active-defrag-max-scan-fields': 1000,
  };

  /** The effort for a keyspace of which one key in so many is left, and the loss in per cent. */
  function effortOf(left: number, changed: Partial<DefragSettings> = {}): [number, number] {
    const keyspace = new Keyspace(valueTypes, 1);
    const [db] = keyspace.databases;
    storeMany(db, 'key:', KEYS, 'v'.repeat(100));
    for (let i = 0; i < KEYS; i++) if (i % left !== 0) remove(db, `key:${i}`);
    const defrag = new ActiveDefrag({ keyspace, stats: new ServerStats(), log: silentLogger() });
    defrag.configure({ ...settings, ...changed });
    const { activeBytes, usedBytes } = keyspace.arena;
    defrag.tick();
    const { effort } = defrag;
    defrag.stop();
    expect(defrag.effort).toBe(0);
    return [effort, (activeBytes / usedBytes - 1) * 100];
  }

  test('grows with the loss between the thresholds', () => {
    const [half, halfLoss] = effortOf(2);
    expect(half).toBe(Math.floor(5 + (70 * (halfLoss - 10)) / 990));
    const [tenth, tenthLoss] = effortOf(10);
    expect(tenth).toBe(Math.floor(5 + (70 * (tenthLoss - 10)) / 990));
    expect(tenth).toBeGreaterThan(half);
    expect(effortOf(10, { 'active-defrag-threshold-upper': 50 })[0]).toBe(75);
  });

  test('is none below a threshold, or when it is switched off', () => {
    expect(effortOf(2, { 'active-defrag-threshold-lower': 300 })[0]).toBe(0);
    expect(effortOf(2, { 'active-defrag-ignore-bytes': 100 * 1024 * 1024 })[0]).toBe(0);
    expect(effortOf(2, { activedefrag: false })[0]).toBe(0);
    expect(effortOf(1)[0]).toBe(0);
  });
});
