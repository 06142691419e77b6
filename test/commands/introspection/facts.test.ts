// What the server tells of itself is declared well enough that a page of metrics derives from it, and INFO prints
// just that.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { factSections } from '../../../src/commands/introspection/facts/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Services } from '../../../src/core/services.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { BACKGROUND_SAVE, LOG_REWRITE } from '../../../src/persistence/snapshots/snapshot-job.ts';
import type { SnapshotScheduler } from '../../../src/persistence/snapshots/snapshot-scheduler.ts';
import type { Server } from '../../../src/server/server.ts';
import { start } from '../../../src/server/start.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { RawClient } from '../../support/raw-client.ts';
import { textOf } from '../../support/reply-frames.ts';
import { until } from '../../support/until.ts';

/** A fact that was read. */
interface Reading {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  /** `name="value"`, or nothing. */
  readonly label: string;
  readonly value: number | string;
}

/** The same as a page of metrics has it. */
type Metric = Reading & { readonly value: number };

let server: Server;
let client: RawClient;

beforeEach(async () => {
  const dir = ownDirectory();
  const settings = { port: '0', bind: '127.0.0.1', dir, save: '', appendonly: 'yes' };
  const config = loadConfig({
    settings: Object.entries({ ...settings, 'enable-debug-command': 'yes' }).map(
      ([name, value]) => ({ name, words: [value], origin: name }),
    ),
  });
  server = await start({ config, log: silentLogger(), isEmbedded: true, onClosed: () => {} });
  client = await RawClient.connect(server.listener.port);
});

afterEach(async () => {
  await client.close();
  await server.shutdown.close();
});

/** Everything that is told now, as a flat list. */
function readingsOf(source: Services): Reading[] {
  return factSections.flatMap((section) => {
    const { values, families } = section.read(source);
    const own = section.facts.map((fact, i) => ({ ...fact, label: '', value: values[i] }));
    const others = families.flatMap(({ facts, members }, i) => {
      const family = section.families[i];
      return members.flatMap((member) =>
        facts.map((fact, k) => ({
          ...fact,
          name: `${family.name}_${fact.name}`,
          label: `${family.label}="${member.label}"`,
          value: member.values[k],
        })),
      );
    });
    return [...own, ...others].flatMap(({ value, ...fact }) =>
      value === undefined ? [] : [{ ...fact, value }],
    );
  });
}

/** Everything that is a number: what a page of metrics would have. */
function metricsOf(source: Services): Metric[] {
  return readingsOf(source).flatMap(({ value, ...fact }) =>
    typeof value === 'number' ? [{ ...fact, value }] : [],
  );
}

/** Prometheus's text format. */
function pageOf(metrics: readonly Metric[]): string {
  const names = new Set(metrics.map(({ name }) => name));
  return [...names]
    .flatMap((name) => {
      const samples = metrics.filter((metric) => metric.name === name);
      const [{ kind, help }] = samples;
      const full = `synap_${name.replaceAll('.', '_')}`;
      const lines = samples.map(({ label, value }) =>
        label === '' ? `${full} ${value}` : `${full}{${label}} ${value}`,
      );
      return [`# HELP ${full} ${help}`, `# TYPE ${full} ${kind}`, ...lines];
    })
    .join('\n');
}

/** Something of everything that is counted. */
const WORKLOAD = [
  'FLUSHALL',
  ...['SET k v', 'GET k', 'GET missing', 'bogus', 'LPUSH k v', 'DEL k', 'RPUSH l 1 2 3'],
  ...['SET short v PX 1', 'SETEX long 1000 v', 'SELECT 3', 'SET other v', 'SELECT 0'],
  ...['BGREWRITEAOF', 'SAVE', 'DEBUG SLEEP 0.01', 'GET short', 'CONFIG SET maxmemory 100mb'],
  ...['MULTI', 'PING', 'BGSAVE', 'EXEC', 'SUBSCRIBE channel', 'UNSUBSCRIBE channel'],
];

/** Whether no snapshot is being taken, or is going to be. */
function isSettled(scheduler: SnapshotScheduler): boolean {
  const kinds = [BACKGROUND_SAVE, LOG_REWRITE];
  return scheduler.isIdle && !kinds.some((kind) => scheduler.isWaiting(kind));
}

async function work(): Promise<void> {
  for (const line of WORKLOAD) await client.command(...line.split(' '));
}

describe('declarations', () => {
  test('each fact has a name of its own, a kind and a help', () => {
    const facts = factSections.flatMap((section) => section.facts);
    const names = facts.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(150);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    for (const { name, kind, help } of facts) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(['counter', 'gauge', 'text']).toContain(kind);
      expect(help, name).toMatch(/^[A-Z].*[^.]\.$/);
    }
    const sections = factSections.map(({ name }) => name);
    expect(new Set(sections).size).toBe(sections.length);
  });

  test('numbers are counters and gauges, texts are texts', async () => {
    await work();
    const readings = readingsOf(server);
    for (const { name, kind, help, value } of readings) {
      expect([name, typeof value === 'number']).toEqual([name, kind !== 'text']);
      expect(help, name).toMatch(/^[A-Z].*\.$/);
    }
    expect(readings.some(({ kind }) => kind === 'text')).toBe(true);
  });
});

describe('a page of metrics', () => {
  test('has every number once, and each is finite', async () => {
    await work();
    server.loading.begin({ startedMs: Date.now(), totalBytes: 0, loadedBytes: 0 });
    const metrics = metricsOf(server);
    server.loading.end();
    const series = metrics.map(({ name, label }) => `${name}{${label}}`);
    expect(series.filter((each, i) => series.indexOf(each) !== i)).toEqual([]);
    for (const expected of [
      'total_commands_processed{}',
      'cmdstat_calls{command="get"}',
      'errorstat_count{code="WRONGTYPE"}',
      'latency_percentiles_usec_p50{command="set"}',
      'db_keys{db="3"}',
      'log_offset{}',
      'loading_loaded_perc{}',
      'rdb_last_bgsave_status{}',
    ]) {
      expect(series).toContain(expected);
    }
    for (const { name, value } of metrics) {
      expect([name, Number.isFinite(value)]).toEqual([name, true]);
    }
  });

  test('follows from the declarations alone', async () => {
    await work();
    const page = pageOf(metricsOf(server));
    const form =
      /^(# HELP synap_\w+ \S.*|# TYPE synap_\w+ (counter|gauge)|synap_\w+(\{\w+="[\w|-]+"\})? -?[\d.e+-]+)$/;
    for (const line of page.split('\n')) expect(line).toMatch(form);
    const { hits } = server.keyspace.stats;
    expect(page).toContain(`# TYPE synap_keyspace_hits counter\nsynap_keyspace_hits ${hits}\n`);
    expect(page).toContain('synap_rdb_last_bgsave_status 1\n');
  });

  test('has counters that never go back, whatever is done', async () => {
    const seen = new Map<string, number>();
    const grown = new Set<string>();
    for (let round = 0; round < 5; round++) {
      await work();
      await until(() => isSettled(server.snapshotScheduler));
      for (const { name, kind, label, value } of metricsOf(server)) {
        if (kind !== 'counter') continue;
        const key = `${name}{${label}}`;
        const before = seen.get(key) ?? 0;
        expect(value, key).toBeGreaterThanOrEqual(before);
        if (value > before && seen.has(key)) grown.add(name);
        seen.set(key, value);
      }
    }
    for (const name of [
      ...['total_commands_processed', 'keyspace_hits', 'keyspace_misses', 'expired_keys'],
      ...['total_error_replies', 'rdb_saves', 'aof_rewrites', 'log_groups', 'cmdstat_calls'],
      ...['cmdstat_usec', 'cmdstat_failed_calls', 'errorstat_count', 'used_cpu_user'],
    ]) {
      expect([...grown]).toContain(name);
    }
  });
});

describe('INFO', () => {
  const linesOf = async (...request: string[]) =>
    textOf(await client.command('INFO', ...request)).split('\r\n');

  test('prints the declared facts in their order, and nothing else', async () => {
    await work();
    // What counts INFO itself.
    await linesOf();
    const lines = await linesOf('everything');
    const names = lines.map((line) => (line.startsWith('#') ? line : line.split(':')[0]));
    const declared = factSections.flatMap((section) => {
      const { values, families } = section.read(server);
      const facts = section.facts.filter((_, i) => values[i] !== undefined);
      const members = families.flatMap((family, i) =>
        family.members.map(({ label }) => section.families[i].prefix + label),
      );
      return [`# ${section.title}`, ...facts.map(({ name }) => name), ...members, ''];
    });
    expect(names).toEqual(declared);
  });

  test('tells how far loading is, in numbers, before the size is known', async () => {
    server.loading.begin({ startedMs: Date.now(), totalBytes: 0, loadedBytes: 0 });
    expect(await linesOf('persistence')).toContain('loading_loaded_perc:0.00');
    server.loading.begin({ startedMs: Date.now(), totalBytes: 8, loadedBytes: 1 });
    expect(await linesOf('persistence')).toContain('loading_loaded_perc:12.50');
    server.loading.end();
    expect((await linesOf('persistence')).join()).not.toContain('loading_loaded');
  });
});
