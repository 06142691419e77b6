// From results to what people read: tables, verdicts, the documentation's markers, charts.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { axisStep, escapeXml, ratioChart } from '../../bench/report/chart.mjs';
import { figureChart, replaceBetweenMarkers } from '../../bench/report/docs.mjs';
import { renderMarkdown, renderText } from '../../bench/report/render.mjs';
import type { Results } from '../../bench/report/results.mjs';
import { reportSections } from '../../bench/report/sections.mjs';

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
      'event-loop': {
        facts,
        loadedKeys: 1_000_000,
        expiredKeys: 1_000_000,
        rounds: [
          { synap: stalls, redis: redisStalls },
          { synap: worse, redis: redisStalls },
        ],
      },
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

  test('show Synap alone without Redis', () => {
    const alone = results({ withRedis: false });
    expect(cells(alone, 'strings', 'SET P=16')[0]).toEqual([
      ...['SET P=16', '2,000 k', '—', '—', '1.00', '—', '—'],
    ]);
    expect(cells(alone, 'targets', 'requests/s, P=16')[0][2]).toBe('—');
    expect(cells(alone, 'memory', '1 M lists of 5')).toEqual([
      ['1 M lists of 5', '48.0', '—', '—'],
    ]);
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
    const names = [...reportSections(results()).map(({ name }) => name), 'charts', 'lists-charts'];
    expect(names).toHaveLength(8);
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
