// A hundred consumers of one group read a stream to its end, while some of them go without a word and the server is
// killed: every entry is acknowledged, none is new twice, and none that was acknowledged comes again.
// SYNAP_ENTRIES and SYNAP_SEED choose how many entries there are, and which load.
import { afterAll, expect, test } from 'vitest';
import { byTier } from '../support/tier.ts';
import { Process } from './process.ts';
import { runGroup } from './stream-group/group-run.ts';

const ENTRIES = byTier(20_000, 1_000_000, 'SYNAP_ENTRIES');
const SEED = Number(process.env.SYNAP_SEED ?? Date.now() % 1_000_000);
const CONSUMERS = 100;
const KILLS = 2;
const TIMEOUT_MS = 120_000 + ENTRIES;

afterAll(() => Process.killAll());

test(
  `${CONSUMERS} consumers read ${ENTRIES} entries, ${KILLS} kills, seed ${SEED}`,
  async () => {
    const load = { entries: ENTRIES, consumers: CONSUMERS, kills: KILLS, seed: SEED };
    const report = await runGroup(load);
    console.log(`seed ${SEED}:`, report);
    expect(report.kills).toBe(KILLS);
    expect(report.acknowledged).toBeLessThanOrEqual(ENTRIES);
    expect(report.acknowledged + report.uncertain).toBeGreaterThanOrEqual(ENTRIES);
    // It was the load that it should be.
    expect(report.crashes).toBeGreaterThan(CONSUMERS / 10);
    expect(report.claimed).toBeGreaterThan(CONSUMERS);
    expect(report.pending.filter((count) => count > 0)).toHaveLength(KILLS);
  },
  TIMEOUT_MS,
);
