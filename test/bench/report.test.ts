// From results to what people read: tables, verdicts, the documentation's markers, charts.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { axisStep, escapeXml, ratioChart } from '../../bench/report/chart.mjs';
import { figureChart, replaceBetweenMarkers } from '../../bench/report/docs.mjs';
import { renderMarkdown, renderText } from '../../bench/report/render.mjs';
import type { Results } from '../../bench/report/results.mjs';
import { reportSections } from '../../bench/report/sections.mjs';
import type { EventFigures } from '../../bench/scenarios/event-peers.mjs';
import type { CommandResult } from '../../bench/support/command-rounds.mjs';

const facts = {
  date: '2030-01-02T03:04:05.678Z',
  cpu: 'Some CPU',
  cores: 4,
  memoryBytes: 2 ** 34,
  system: 'Linux 6.1',
  node: 'v20.19.0',
  synap: '1.2.3',
  redis: '7.0.15',
};

function figures(requestsPerSecond: number, cpuMicrosPerCommand: number, latencyMs: number) {
  const latencies = { p50Ms: latencyMs, p99Ms: 2 * latencyMs, p999Ms: 3 * latencyMs };
  return { requestsPerSecond, cpuMicrosPerCommand, ...latencies };
}

/** SET at P=16: twice Redis's requests/s at half its CPU time, but three times its latency. */
function results({ withRedis = true } = {}): Results {
  const rounds = [1, 2, 3].map((factor) => ({
    synap: figures(1_000_000 * factor, 1, 3),
    redis: withRedis ? figures(500_000, 2, 1) : null,
  }));
  const stall = { loopMaxMs: 4, busyMaxMs: 3, pingMaxMs: 5, pingP99Ms: 1, seconds: 2 };
  const stalls = { idle: stall, load: stall, flush: stall, expire: stall };
  const worse = { ...stalls, expire: { ...stall, loopMaxMs: 20.5 } };
  const redisStalls = withRedis ? stalls : null;
  const grown = { grownBytesPerKey: 60, residentBytesBefore: 1e7, residentBytesAfter: 7e7 };
  return {
    format: 1,
    scenarios: {
      strings: {
        facts: withRedis ? facts : { ...facts, redis: null },
        clients: 50,
        secondsPerRun: 2.5,
        rows: [
          {
            command: 'SET',
            pipeline: 16,
            valueSizeBytes: 16,
            keySpace: 100_000,
            requests: 1_000_000,
            rounds,
          },
        ],
      },
      lists: {
        facts,
        clients: 50,
        secondsPerRun: 2.5,
        rows: [
          { command: 'LPUSH', pipeline: 64, valueSizeBytes: 16, requests: 1_000_000, rounds },
          {
            command: 'LRANGE_100',
            pipeline: 16,
            valueSizeBytes: 16,
            requests: 1_000_000,
            rounds: rounds.map(({ synap, redis }) => ({
              synap: { ...synap, requestsPerSecond: 500_000 },
              redis,
            })),
          },
        ],
      },
      streams: streams(rounds),
      pubsub: {
        facts,
        rows: [
          {
            label: '1 subscriber',
            rounds: [
              {
                synap: { deliveriesPerSecond: 600_000, cpuMicrosPerDelivery: 1.5 },
                redis: withRedis ? { deliveriesPerSecond: 500_000, cpuMicrosPerDelivery: 1 } : null,
              },
            ],
          },
        ],
      },
      memory: {
        facts,
        rows: [
          {
            keys: 1_000_000,
            rounds: [
              { synap: grown, redis: withRedis ? { ...grown, grownBytesPerKey: 120 } : null },
            ],
          },
          {
            keys: 1,
            elements: 1_000_000,
            rounds: [
              {
                synap: { ...grown, grownBytesPerKey: 18_000_000 },
                redis: withRedis ? { ...grown, grownBytesPerKey: 20_000_000 } : null,
              },
            ],
          },
          {
            keys: 1_000_000,
            elements: 5,
            rounds: [
              {
                synap: { ...grown, grownBytesPerKey: 240 },
                redis: withRedis ? { ...grown, grownBytesPerKey: 200 } : null,
              },
            ],
          },
        ],
      },
      release: {
        facts,
        rows: [
          {
            label: 'strings, FLUSHALL',
            rounds: [
              {
                synap: {
                  beforeBytes: 64 * 2 ** 20,
                  loadedBytes: 128 * 2 ** 20,
                  afterBytes: 72 * 2 ** 20,
                },
                redis: withRedis
                  ? { beforeBytes: 10e6, loadedBytes: 100e6, afterBytes: 16e6 }
                  : null,
              },
            ],
          },
          {
            label: 'slow readers',
            rounds: [
              { synap: { beforeBytes: 64e6, loadedBytes: 64e6, afterBytes: 96e6 }, redis: null },
            ],
          },
        ],
      },
      'event-loop': {
        facts,
        loadedKeys: 1_000_000,
        expiredKeys: 1_000_000,
        rounds: [
          { synap: stalls, redis: redisStalls },
          { synap: worse, redis: redisStalls },
        ],
      },
      ...persistence({ withRedis }),
      'stream-tiers': streamTiers(),
      'event-peers': eventPeers({ withRedis }),
      nodes: {
        facts,
        clients: 50,
        secondsPerRun: 2.5,
        versions: ['20.1.0', '24.2.0'],
        rows: [
          {
            command: 'GET',
            pipeline: 16,
            valueSizeBytes: 16,
            keySpace: 100_000,
            requests: 1_000_000,
            rounds: [1, 3].map((factor) => ({
              synap: [figures(250_000, 3, 1), figures(500_000 * factor, 1, 1)],
              redis: withRedis ? figures(500_000, 2, 1) : null,
            })),
          },
        ],
      },
    },
  };
}

/** Long streams take half as long again as short ones. */
function streams(rounds: CommandResult['rounds']): NonNullable<Results['scenarios']['streams']> {
  const row = { pipeline: 16, valueSizeBytes: 16, requests: 1000, rounds };
  const slower = rounds.map(({ synap, redis }) => ({
    synap: { ...synap, cpuMicrosPerCommand: 1.5 },
    redis,
  }));
  return {
    facts,
    clients: 50,
    secondsPerRun: 2.5,
    rows: [
      { ...row, command: 'XADD', kind: 'append' },
      { ...row, command: 'XADD', valueSizeBytes: 1024 },
      { ...row, command: 'XADD_TO_10K' },
      { ...row, command: 'XADD_TO_10M', rounds: slower },
    ],
  };
}

/** From files: slower than is promised, but half of what it is from memory. */
function streamTiers(): NonNullable<Results['scenarios']['stream-tiers']> {
  const read = (megabytesPerSecond: number, pingMs: number) => ({
    megabytesPerSecond,
    ...{ entriesPerSecond: 1e6 * megabytesPerSecond, cpuMicrosPerEntry: 0.25 },
    ...{ pingP99Ms: pingMs, pingMaxMs: 2 * pingMs },
  });
  const hot = { read: read(200, 1), memoryBytes: 1e8 };
  const cold = { read: read(100, 6), memoryBytes: 5e5 };
  return {
    facts,
    hotEntries: 1000,
    rows: [{ label: '1 M of 32 B', entries: 1e6, valueSizesBytes: [32], rounds: [{ hot, cold }] }],
  };
}

/** Synap: twice Redis's rates, four times NATS's; RabbitMQ, measured in one round of two, is ahead. */
function eventPeers({ withRedis = true }): NonNullable<Results['scenarios']['event-peers']> {
  const peer = (factor: number): EventFigures => {
    const rate = { eventsPerSecond: 100_000 * factor, cpuMicrosPerEvent: 4 / factor };
    const appends = { oneByOne: { ...rate, eventsPerSecond: 4567 * factor }, pipelined: rate };
    return {
      appends: { disk: appends, system: appends },
      delivery: { p50Ms: 0.5 / factor, p99Ms: 1 / factor },
      replay: { ...rate, megabytesPerSecond: 32 * factor },
      diskBytesPerEvent: 60,
      residentBytes: 2 ** 27,
      grownBytesPerEvent: 40,
    };
  };
  const round = { synap: peer(1), nats: peer(0.25), ...(withRedis ? { redis: peer(0.5) } : {}) };
  return {
    facts,
    fileSystem: 'ext4',
    pacedEventsPerSecond: 200,
    versions: { synap: null, redis: null, nats: '2.9.10', rabbitmq: '3.10.8' },
    rows: [
      {
        load: { payloadSizeBytes: 32, events: 1_000_000, seconds: 2 },
        rounds: [round, { ...round, rabbitmq: peer(2) }],
      },
    ],
  };
}

/** With the log, SET as above; 1 M keys come back in half of Redis's time from a snapshot, not from a log. */
function persistence({
  withRedis = true,
}): Pick<Results['scenarios'], 'log' | 'recovery' | 'snapshot'> {
  const ifRedis = <Figures>(figuresOfRedis: Figures) => (withRedis ? figuresOfRedis : null);
  const set = {
    command: 'SET',
    valueSizeBytes: 16,
    keySpace: 100_000,
    requests: 1000,
    workload: {},
  };
  const rounds = [{ synap: figures(500_000, 1, 1), redis: ifRedis(figures(400_000, 2, 2)) }];
  const slow = [{ synap: figures(90_000, 1, 1), redis: ifRedis(figures(100_000, 2, 2)) }];
  const get = { p50Ms: 0.2, p99Ms: 1, p999Ms: 2, maxMs: 3, writesPerSecond: 40_000 };
  const loaded = { seconds: 0.5, cpuSeconds: 0.6, toldSeconds: null, fileBytes: 35e6 };
  const before = {
    requestsPerSecond: 90_000,
    getP999Ms: 2,
    setP999Ms: 2,
    pingMaxMs: 4,
    loopMaxMs: 3,
    busyMaxMs: 3,
  };
  const during = { ...before, requestsPerSecond: 30_000, getP999Ms: 6, loopMaxMs: 19 };
  const taken = {
    seconds: 0.5,
    fileBytes: 35e6,
    before,
    during,
    memoryBeforeBytes: 100e6,
    memoryPeakBytes: 110e6,
  };
  const stalled = { ...taken, during: { ...during, loopMaxMs: 21 } };
  const forked = { ...taken, during: { ...before, getP999Ms: 3 }, memoryPeakBytes: 140e6 };
  return {
    log: {
      facts,
      clients: 50,
      secondsPerRun: 1.2,
      fileSystem: 'ext4',
      rows: [
        { ...set, pipeline: 16, appendfsync: 'everysec', rounds },
        { ...set, pipeline: 1, appendfsync: 'always', rounds: slow },
      ],
      beside: [{ synap: get, redis: ifRedis({ ...get, p99Ms: 4, writesPerSecond: 50_000 }) }],
    },
    recovery: {
      facts,
      rows: [
        {
          source: 'nothing',
          keys: 0,
          rounds: [{ synap: loaded, redis: ifRedis({ ...loaded, seconds: 0.1 }) }],
        },
        {
          source: 'snapshot',
          keys: 1_000_000,
          rounds: [{ synap: loaded, redis: ifRedis({ ...loaded, seconds: 1, toldSeconds: 0.9 }) }],
        },
        {
          source: 'log',
          keys: 1_000_000,
          rounds: [{ synap: loaded, redis: ifRedis({ ...loaded, seconds: 0.25 }) }],
        },
      ],
    },
    snapshot: {
      facts,
      rows: [
        {
          keys: 1_000_000,
          rounds: [
            {
              synap: { full: taken, paced: taken },
              redis: ifRedis({ full: forked, paced: forked }),
            },
            {
              synap: { full: taken, paced: stalled },
              redis: ifRedis({ full: forked, paced: forked }),
            },
          ],
        },
      ],
      rewrites: [
        {
          keys: 1_000_000,
          isCompressed: true,
          rounds: [
            {
              synap: { seconds: 1, baseBytes: 20e6 },
              redis: ifRedis({ seconds: 0.5, baseBytes: 40e6 }),
            },
          ],
        },
      ],
    },
  };
}

const throughputChart = {
  scenario: 'strings' as const,
  figure: 'requestsPerSecond' as const,
  isMoreBetter: true,
  title: 'title',
};

function cells(from: Results, section: string, firstCell: string) {
  const tables = reportSections(from).find(({ name }) => name === section)?.tables ?? [];
  return tables.flatMap(({ rows }) => rows.filter(([first]) => first === firstCell));
}

describe('sections', () => {
  test('show medians, ratios with their range, and losses', () => {
    expect(cells(results(), 'strings', 'SET P=16')).toEqual([
      ['SET P=16', '2,000 k', '500 k', '4.00 (2.00–6.00)', '1.00', '2.00', '0.50'],
      ['SET P=16', '3.00', '1.00', '3.00 ▼', '6.00', '2.00', '3.00 ▼', '9.00', '3.00', '3.00 ▼'],
    ]);
    expect(cells(results(), 'lists', 'LPUSH P=64')[0]).toEqual([
      ...['LPUSH P=64', '2,000 k', '500 k', '4.00 (2.00–6.00)', '1.00', '2.00', '0.50'],
    ]);
    expect(cells(results(), 'pubsub', '1 subscriber')).toEqual([
      ['1 subscriber', '600 k', '500 k', '1.20', '1.50', '1.00', '1.50 ▼'],
    ]);
    expect(cells(results(), 'memory', '1 M')).toEqual([['1 M', '60.0', '120.0', '0.50']]);
    expect(cells(results(), 'memory', 'one list of 1 M')).toEqual([
      ['one list of 1 M', '18.0', '20.0', '0.90'],
    ]);
    expect(cells(results(), 'memory', '1 M lists of 5')).toEqual([
      ['1 M lists of 5', '48.0', '40.0', '1.20 ▼'],
    ]);
    expect(cells(results(), 'release', 'strings, FLUSHALL')).toEqual([
      ['strings, FLUSHALL', '64.0', '128.0', '72.0', '1.13', '1.60'],
    ]);
    expect(cells(results(), 'release', 'slow readers')[0].slice(-2)).toEqual(['1.50', '—']);
    expect(cells(results(), 'event-loop', '1 M keys expire together')).toEqual([
      ['1 M keys expire together', '12.3 (4.0–20.5)', '3.0', '5.0', '5.0'],
    ]);
  });

  test('hold the results to the targets, stalls by their longest', () => {
    const from = results();
    expect(cells(from, 'targets', 'requests/s, P=16')[0].slice(1)).toEqual(['≥ 1.3', '4.00 hit']);
    expect(cells(from, 'targets', 'CPU per command, P=16')[0][2]).toBe('0.50 hit');
    expect(cells(from, 'targets', 'p99 latency, P=16')[0][2]).toBe('3.00 MISS');
    expect(cells(from, 'targets', 'requests/s, P=1')[0][2]).toBe('—');
    expect(cells(from, 'targets', 'messages/s, 1 subscriber')[0][2]).toBe('1.20 hit');
    expect(cells(from, 'targets', 'memory growth, 1 M keys')[0][2]).toBe('0.50 hit');
    expect(cells(from, 'targets', 'memory growth, one list of 1 M')[0].slice(1)).toEqual([
      ...['≤ 1', '0.90 hit'],
    ]);
    expect(cells(from, 'targets', 'memory growth, 1 M lists of 5')[0][2]).toBe('1.20 MISS');
    expect(cells(from, 'targets', 'memory 10 s after, strings, FLUSHALL')[0].slice(1)).toEqual([
      ...['≤ 1.25', '1.13 hit'],
    ]);
    expect(cells(from, 'targets', 'memory 10 s after, slow readers')[0][2]).toBe('1.50 MISS');
    expect(cells(from, 'targets', 'longest stall, load')[0][2]).toBe('4.0 ms hit');
    expect(cells(from, 'targets', 'longest stall, expire')[0][2]).toBe('20.5 ms MISS');
  });

  test('hold lists to targets of their own', () => {
    const tables = reportSections(results()).find(({ name }) => name === 'targets')?.tables ?? [];
    expect(tables.find(({ title }) => title.startsWith('Lists'))).toEqual({
      title: 'Lists, ratios Synap ÷ Redis',
      head: ['ratio', 'target', 'LPUSH', 'LRANGE_100'],
      rows: [
        ['requests/s, P=1', '≥ 0.95', '—', '—'],
        ['requests/s, P=16', '≥ 1.2', '—', '1.00 MISS'],
        ['requests/s, P=64', '≥ 1.5', '4.00 hit', '—'],
      ],
    });
  });

  test('show what persistence costs', () => {
    const from = results();
    expect(cells(from, 'log', 'SET P=16')[0]).toEqual([
      ...['SET P=16', '500 k', '400 k', '1.25', '1.00', '2.00', '0.50'],
    ]);
    expect(cells(from, 'log', 'GET p99, ms')).toEqual([['GET p99, ms', '1.00', '4.00', '0.25']]);
    expect(cells(from, 'log', 'SET/s')).toEqual([['SET/s', '40 k', '50 k', '0.80 ▼']]);
    expect(cells(from, 'recovery', '1 M keys from a snapshot')).toEqual([
      [
        ...['1 M keys from a snapshot', '0.50', '1.00', '0.50', '0.60', '0.60', '1.00'],
        ...['35.0', '35.0', '—', '0.90'],
      ],
    ]);
    expect(cells(from, 'snapshot', 'full load')).toEqual([
      ['full load', '0.50', '0.50', '1.00', '70.0', '70.0', '1.00', '+10 %', '+40 %'],
    ]);
    expect(cells(from, 'snapshot', 'requests/s, full load')).toEqual([
      ['requests/s, full load', '90 k', '30 k', '90 k', '90 k', '0.33 ▼'],
    ]);
    expect(cells(from, 'snapshot', 'GET p99.9, ms, 10,000 requests/s')[0].slice(1)).toEqual([
      ...['2.00', '6.00', '2.00', '3.00', '2.00 ▼'],
    ]);
    expect(cells(from, 'snapshot', '1 M keys, Synap compressed')).toEqual([
      ['1 M keys, Synap compressed', '1.00', '0.50', '2.00 ▼', '20.0', '40.0', '0.50'],
    ]);
  });

  test('hold streams to targets of their kind, and long ones to short ones', () => {
    const from = results();
    expect(cells(from, 'streams', 'XADD P=16, 1024 bytes')[0][3]).toBe('4.00 (2.00–6.00)');
    const tables = reportSections(from).find(({ name }) => name === 'targets')?.tables ?? [];
    expect(tables.find(({ title }) => title.startsWith('Streams, app'))).toEqual({
      title: 'Streams, appending, ratios Synap ÷ Redis',
      head: ['ratio', 'target', 'XADD'],
      rows: [
        ['requests/s, P=1', '≥ 1', '—'],
        ['requests/s, P=16', '≥ 1.4', '4.00 hit'],
        ['requests/s, P=64', '≥ 1.4', '—'],
      ],
    });
    expect(tables.some(({ title }) => title.startsWith('Streams, reading'))).toBe(false);
    const length = 'CPU per command, XADD_TO 10 M entries ÷ 10 k';
    expect(cells(from, 'targets', length)).toEqual([[length, '≤ 1.3', '1.50 MISS']]);
  });

  test('show what streams in files cost', () => {
    const from = results();
    expect(cells(from, 'stream-tiers', '1 M of 32 B')).toEqual([
      ['1 M of 32 B', 'in memory', '200.0', '200,000,000', '0.25', '1.00', '2.0', '100.00'],
      [
        ...['1 M of 32 B', 'all but 1,000 in files', '100.0', '100,000,000', '0.25', '6.00'],
        ...['12.0', '0.50'],
      ],
    ]);
    const target = (label: string) => cells(from, 'targets', `${label}, 1 M of 32 B`)[0].slice(1);
    expect(target('reading from files')).toEqual([
      ...['≥ 200 MB/s or 0.5 × hot', '100 MB/s, 0.50 × hot hit'],
    ]);
    expect(target('PING p99 beside that')).toEqual(['≤ 5 ms', '6.00 ms MISS']);
    expect(target('memory of a stream in files ÷ in memory')).toEqual(['≤ 0.01', '0.0050 hit']);
  });

  test('show streams beside other servers, each against Synap', () => {
    const from = results();
    expect(cells(from, 'event-peers', 'Synap, 32 B')).toEqual([
      ['Synap, 32 B', '4,570', '', '4', '100,000', '', '4.00'],
      ['Synap, 32 B', '4,570', '', '4', '100,000', '', '4.00'],
      ['Synap, 32 B', '0.50', '', '1.00', ''],
      ['Synap, 32 B', '100,000', '', '32', '4.00'],
      ['Synap, 32 B', '60', '', '40', '128', ''],
    ]);
    expect(cells(from, 'event-peers', 'NATS JetStream, 32 B')[2].slice(1)).toEqual([
      ...['2.00', '0.25', '4.00', '0.25'],
    ]);
    expect(cells(from, 'event-peers', 'RabbitMQ, 32 B')[3].slice(1)).toEqual([
      ...['200,000', '0.50 ▼', '64', '2.00'],
    ]);
    expect(cells(from, 'event-peers', 'Redis, 32 B')[0][2]).toBe('2.00');
    expect(cells(results({ withRedis: false }), 'event-peers', 'Redis, 32 B')).toEqual([]);
    const section = reportSections(from).find(({ name }) => name === 'event-peers');
    expect(section?.notes[0]).toContain('NATS JetStream 2.9.10, RabbitMQ 3.10.8 on ext4; median');
    expect(section?.notes[0]).toContain('replayed are 1,000,000 of 32 B.');
  });

  test('hold streams to a target beside each server that was measured', () => {
    const target = (label: string) => cells(results(), 'targets', label)[0].slice(1);
    expect(target('appends one by one, 32 B, ÷ NATS JetStream')).toEqual(['≥ 2', '4.00 hit']);
    expect(target('replay, 32 B, ÷ RabbitMQ')).toEqual(['≥ 3', '0.50 MISS']);
  });

  test('have a column for each release of Node', () => {
    const section = reportSections(results()).find(({ name }) => name === 'nodes');
    expect(section?.tables[0].head).toEqual([
      ...['load', 'Redis', 'Node 20.1.0', 'ratio', 'Node 24.2.0', 'ratio'],
    ]);
    expect(cells(results(), 'nodes', 'GET P=16')).toEqual([
      ['GET P=16', '500 k', '250 k', '0.50 ▼', '1,000 k', '2.00 (1.00–3.00)'],
      ['GET P=16', '2.00', '3.00', '1.50 ▼', '1.00', '0.50'],
    ]);
    expect(section?.notes.join()).toContain('on Node 20.1.0, 24.2.0,');
    expect(cells(results({ withRedis: false }), 'nodes', 'GET P=16')[1]).toEqual([
      ...['GET P=16', '—', '3.00', '—', '1.00', '—'],
    ]);
  });

  test('have a table for each appendfsync that was measured', () => {
    const tables = reportSections(results()).find(({ name }) => name === 'log')?.tables ?? [];
    expect(tables.map(({ title }) => title.split(':')[0])).toEqual([
      ...['appendfsync always', 'appendfsync always', 'appendfsync everysec'],
      ...['appendfsync everysec', 'appendfsync always'],
    ]);
  });

  test('hold persistence to its targets, the stall by its longest', () => {
    const target = (label: string) => cells(results(), 'targets', label)[0].slice(1);
    expect(target('requests/s, SET P=16, appendfsync everysec')).toEqual(['≥ 1.2', '1.25 hit']);
    expect(target('requests/s, SET P=1, appendfsync always')).toEqual(['≥ 1', '0.90 MISS']);
    expect(target('p99 of GET beside writers, appendfsync always')).toEqual(['≤ 0.5', '0.25 hit']);
    expect(target('recovery, 1 M keys from a snapshot')).toEqual(['≤ 1', '0.50 hit']);
    expect(target('recovery, 1 M keys from a log')).toEqual(['≤ 1', '2.00 MISS']);
    for (const label of [
      'recovery, an empty directory',
      'requests/s, SET P=1, appendfsync everysec',
    ]) {
      expect(cells(results(), 'targets', label)).toEqual([]);
    }
    const during = 'during a snapshot of 1 M keys';
    expect(target(`p99.9 of GET ${during}, full load`)).toEqual(['≤ 1', '2.00 MISS']);
    expect(target(`p99.9 of SET ${during}, 10,000 requests/s`)).toEqual(['≤ 1', '1.00 hit']);
    expect(target(`longest stall ${during}`)).toEqual(['≤ 20 ms', '21.0 ms MISS']);
    expect(target(`extra memory ${during}, full load`)).toEqual(['≤ 15 %', '10 % hit']);
  });

  test('show Synap alone without Redis', () => {
    const alone = results({ withRedis: false });
    expect(cells(alone, 'strings', 'SET P=16')[0]).toEqual([
      ...['SET P=16', '2,000 k', '—', '—', '1.00', '—', '—'],
    ]);
    expect(cells(alone, 'targets', 'requests/s, P=16')[0][2]).toBe('—');
    expect(cells(alone, 'memory', '1 M lists of 5')).toEqual([
      ['1 M lists of 5', '48.0', '—', '—'],
    ]);
    expect(cells(alone, 'snapshot', 'full load')[0]).toEqual([
      ...['full load', '0.50', '—', '—', '70.0', '—', '—', '+10 %', '—'],
    ]);
    expect(cells(alone, 'targets', 'recovery, 1 M keys from a log')[0][2]).toBe('—');
    expect(figureChart(alone, throughputChart)).toBeNull();
  });

  test('exist for what was measured only', () => {
    const { memory } = results().scenarios;
    const partial: Results = { format: 1, scenarios: memory === undefined ? {} : { memory } };
    expect(reportSections(partial).map(({ name }) => name)).toEqual(['memory', 'targets']);
    expect(reportSections({ format: 1, scenarios: {} })).toEqual([]);
  });
});

describe('rendering', () => {
  const table = {
    title: 'Table',
    head: ['what', 'n'],
    rows: [
      ['a|b', '1'],
      ['long name', '1,000'],
    ],
  };
  const section = { name: 'x', title: 'Section', tables: [table], notes: ['A note.'] };

  test('aligns text, figures to the right', () => {
    expect(renderText(section)).toBe(
      '\n== Section ==\n\nTable\nwhat           n\na|b            1\nlong name  1,000\n\nA note.\n',
    );
  });

  test('escapes what would break a Markdown table', () => {
    expect(renderMarkdown(section)).toBe(
      '**Table**\n\n| what | n |\n| --- | ---: |\n| a\\|b | 1 |\n| long name | 1,000 |\n\nA note.',
    );
  });
});

describe('docs/performance.md', () => {
  const document = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');

  test('has a place for every section and the charts', () => {
    const charts = ['charts', 'lists-charts', 'streams-charts', 'log-charts'];
    const names = [...reportSections(results()).map(({ name }) => name), ...charts];
    expect(names).toHaveLength(18);
    for (const name of names) {
      const written = replaceBetweenMarkers(document, name, 'NEW');
      expect(written).toContain(`<!-- bench:${name} -->\n\nNEW\n\n<!-- /bench:${name} -->`);
      expect(replaceBetweenMarkers(written, name, 'NEW')).toBe(written);
    }
  });

  test('is not written to without markers', () => {
    expect(() => replaceBetweenMarkers(document, 'nothing', '')).toThrow('bench:nothing');
    const reversed = '<!-- /bench:x --> <!-- bench:x -->';
    expect(() => replaceBetweenMarkers(reversed, 'x', '')).toThrow('bench:x');
  });
});

describe('ratioChart', () => {
  const bar = (median: number) => ({
    label: 'P=16',
    ratio: { median, min: median - 0.1, max: median + 0.1 },
  });
  const draw = (isMoreBetter: boolean, ...medians: number[]) =>
    ratioChart({
      title: 'A <b> & "c"',
      isMoreBetter,
      groups: [{ label: 'x < y', bars: medians.map(bar) }],
    });
  const bars = (svg: string) =>
    [...svg.matchAll(/<rect[^>]* width="([\d.]+)"[^>]* fill="(#\w+)"/g)].map(([, width, fill]) => ({
      width: Number(width),
      fill,
    }));

  test('is well-formed XML', () => {
    const svg = figureChart(results(), throughputChart) ?? '';
    expect(svg).toContain('<rect');
    expectWellFormed(svg);
    expectWellFormed(draw(true, 1.5, 0.5));
    expect(() => expectWellFormed('<svg><text>a & b</text></svg>')).toThrow();
    expect(() => expectWellFormed('<svg><g></svg>')).toThrow();
  });

  test('has a group of bars for each command of its scenario', () => {
    const svg =
      figureChart(results(), {
        scenario: 'lists',
        figure: 'cpuMicrosPerCommand',
        isMoreBetter: false,
        title: 'CPU',
      }) ?? '';
    expect(bars(svg)).toHaveLength(2);
    expect(svg).toContain('>LPUSH</text>');
    expect(svg).toContain('>LRANGE_100</text>');
    expect(svg).toContain('shorter is better');
    expect(svg).not.toContain('longer is better');
  });

  test('has the rows of one appendfsync, and a notch where SET has a target', () => {
    const draw = (appendfsync: 'always' | 'everysec' | 'no') =>
      figureChart(results(), { ...throughputChart, scenario: 'log', appendfsync });
    const always = draw('always') ?? '';
    expect(bars(always)).toHaveLength(1);
    expect(always).toContain('>P=1</text>');
    expect(always).not.toContain('>P=16</text>');
    // The target is 1, where the line of Redis stands too; a notch is shorter.
    const lines = [...always.matchAll(/<line x1="([\d.]+)"[^>]*stroke-width="2"/g)];
    expect(lines).toHaveLength(2);
    expect(lines[0][1]).toBe(lines[1][1]);
    expect(draw('no')).toBeNull();
  });

  test('draws bars in proportion', () => {
    const [first, second] = bars(draw(true, 1.5, 0.5));
    expect(first.width / second.width).toBeCloseTo(3, 2);
  });

  test('colours wins and losses by direction', () => {
    const [more, less] = bars(draw(true, 1.5, 0.5));
    expect(more.fill).not.toBe(less.fill);
    expect(bars(draw(false, 1.5, 0.5)).map(({ fill }) => fill)).toEqual([less.fill, more.fill]);
    expect(bars(draw(true, 1)).map(({ fill }) => fill)).toEqual([more.fill]);
  });

  test('has few ticks that reach the largest value', () => {
    for (const largest of [1.2, 1.6, 1.61, 2.5, 7, 33, 999, 12_345]) {
      const { ticks } = axisStep(largest);
      expect(ticks.length).toBeLessThanOrEqual(9);
      expect(ticks[ticks.length - 1]).toBeGreaterThanOrEqual(largest - 1e-9);
    }
  });

  test('escapes text', () => {
    expect(escapeXml(`<a href="x">&`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;');
  });
});

/** Every tag closed in order, nothing but text and entities between tags, attributes quoted. */
function expectWellFormed(xml: string) {
  const open: string[] = [];
  const token = /<(\/?)(\w+)((?: [\w-]+="[^"<&]*")*)(\/?)>|(?:[^<&]|&(?:amp|lt|gt|quot);)+/gy;
  let end = 0;
  for (const match of xml.matchAll(token)) {
    end = match.index + match[0].length;
    const [, closing, name, , selfClosing] = match;
    if (name === undefined || selfClosing === '/') continue;
    if (closing === '/') expect(name).toBe(open.pop());
    else open.push(name);
  }
  expect(open).toEqual([]);
  expect(end).toBe(xml.length);
}
