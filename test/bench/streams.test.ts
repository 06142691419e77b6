// What the scenarios of streams send by themselves: entries in order, consumers of a group, and a
// reader of all entries, on each server that is installed.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAll } from '../../bench/scenarios/stream-tiers.mjs';
import { GROUP, STREAM, shareStream } from '../../bench/support/group-load.mjs';
import { loadStreams } from '../../bench/support/loader.mjs';
import {
  type RunningServer,
  redisPlan,
  startServer,
  synapPlan,
} from '../../bench/support/servers.mjs';
import { hasRedis } from '../support/needs-redis.ts';

const ENTRIES = 5000;

describe.each([synapPlan, ...(hasRedis ? [redisPlan] : [])])('on $name', (plan) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer(plan);
  });
  afterAll(() => server.stop());

  /** The server with a stream and a group that has read nothing. */
  async function withStream(valueSizesBytes = [16, 16]): Promise<RunningServer> {
    await server.client.call('FLUSHALL');
    await loadStreams({ port: server.port, count: ENTRIES, valueSizesBytes });
    await server.client.call('XGROUP', 'CREATE', STREAM, GROUP, '0');
    return server;
  }

  const pressure = { pipeline: 1, valueSizeBytes: 16 };

  test('entries are there in order, and shared among keys where that is asked for', async () => {
    const { client, port } = await withStream([16, 20]);
    expect(await client.call('XREVRANGE', STREAM, '+', '-', 'COUNT', '1')).toEqual([
      ['1000000004999-0', ['field1', 'vvvv000000004999', 'field2', 'vvvvvvvv000000004999']],
    ]);
    await loadStreams({ port, first: 20_000, count: 30, entriesPerKey: 10 });
    expect(await client.call('XLEN', 'key:000000000002')).toBe(10);
    await expect(loadStreams({ port, count: 1 })).rejects.toThrow('equal or smaller');
  });

  test('consumers read and acknowledge each entry once', async () => {
    const { client, port } = await withStream();
    const report = await shareStream({ ...pressure, port, requests: ENTRIES / 10, clients: 7 });
    expect(report.requests).toBe(ENTRIES / 10);
    expect(report.p99Ms).toBeGreaterThanOrEqual(report.p50Ms);
    expect(await client.call('XPENDING', STREAM, GROUP)).toEqual([0, null, null, null]);
    const [group] = (await client.call('XINFO', 'GROUPS', STREAM)) as unknown[][];
    expect(group.slice(0, 4)).toEqual(['name', GROUP, 'consumers', 7]);
    expect(group.slice(-4)).toEqual(['entries-read', ENTRIES, 'lag', 0]);
  });

  test('consumers fail where entries or the group are missing', async () => {
    const { client, port } = await withStream();
    const tooMany = { ...pressure, port, requests: ENTRIES / 10 + 1, clients: 1 };
    await expect(shareStream(tooMany)).rejects.toThrow('consumer:0: unexpected reply');
    await client.call('XGROUP', 'DESTROY', STREAM, GROUP);
    await expect(shareStream(tooMany)).rejects.toThrow('-NOGROUP');
  });

  test('a reader sees all entries in order', async () => {
    const { client, port } = await withStream();
    const load = { label: '', entries: ENTRIES, valueSizesBytes: [16, 16] };
    await readAll(port, load);
    await client.call('XDEL', STREAM, '1000000002000');
    await expect(readAll(port, load)).rejects.toThrow('for 1000000002000-0');
    await client.call('DEL', STREAM);
    await expect(readAll(port, load)).rejects.toThrow('"*0');
  });
});
