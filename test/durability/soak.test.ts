// A long time under everything at once: see soak/soak-run.ts. Twenty minutes in the full tier, where
// times count too; SYNAP_SOAK_SECONDS and SYNAP_SEED choose how long, and which load.
import { afterAll, expect, test } from 'vitest';
import { byTier, isFullTier } from '../support/tier.ts';
import { Process } from './process.ts';
import { MISBEHAVIOURS } from './soak/misbehaving-clients.ts';
import { soak } from './soak/soak-run.ts';

const SECONDS = byTier(8, 20 * 60, 'SYNAP_SOAK_SECONDS');
const SECONDS_OF_A_LIFE = byTier(4, 4 * 60);
const SEED = Number(process.env.SYNAP_SEED ?? Date.now() % 1_000_000);
/** A PING may not take longer, whatever the others do. */
const LONGEST_PING_MS = 250;

afterAll(() => Process.killAll());

test(`${SECONDS} s, seed ${SEED}`, { timeout: SECONDS * 4_000 + 120_000 }, async () => {
  const report = await soak({ seconds: SECONDS, secondsOfALife: SECONDS_OF_A_LIFE, seed: SEED });
  console.log(`soak, seed ${SEED}:`, report);
  for (const { peakBytes, limitBytes } of report.memory) {
    expect(peakBytes).toBeLessThanOrEqual(limitBytes);
  }
  // Beside other tests, times say nothing of the server.
  if (isFullTier) expect(Math.max(...report.longestPingMs)).toBeLessThanOrEqual(LONGEST_PING_MS);

  // The load was what it should be, on a busy machine too.
  expect(report.steps).toBeGreaterThan(SECONDS);
  expect(report.bursts).toBeGreaterThan(SECONDS);
  expect(report.damagedBursts).toBeGreaterThan(report.bursts / 10);
  expect(report.replies).toBeGreaterThan(report.bursts / 4);
  expect(report.restarts).toBeGreaterThan(0);
  expect(Object.keys(report.misbehaving)).toEqual(MISBEHAVIOURS.map(({ name }) => name));
  expect(Math.min(...Object.values(report.misbehaving))).toBeGreaterThan(0);
  expect(Object.keys(report.interferences).length).toBeGreaterThan(Math.min(20, SECONDS / 5));
});
