// Kills with SIGKILL at random moments, under a load of every type of values that there is, in every
// mode of syncing, while snapshots are taken and segments end: see kill-run.ts. SYNAP_KILLS (in all
// modes together) and SYNAP_SEED choose how many, and which load.
import { afterAll, describe, expect, test } from 'vitest';
import { byTier } from '../support/tier.ts';
import { DISTURBANCES } from './disturbances.ts';
import { KillTally, runKills } from './kill-run.ts';
import { Process } from './process.ts';

const KILLS = byTier(5, 200, 'SYNAP_KILLS');
const SEED = Number(process.env.SYNAP_SEED ?? Date.now() % 1_000_000);
/** Then the server begins anew, lest it spend its time loading. */
const KILLS_OF_A_SERIES = 13;
/** With fewer kills in a mode than this, not everything comes up. */
const ENOUGH_KILLS = 40;
const MODES = [
  { name: 'always', options: ['--appendfsync', 'always'] },
  { name: 'everysec', options: ['--appendfsync', 'everysec'] },
  { name: 'everysec, 10 ms', options: ['--appendfsync', 'everysec', '--fsync-interval-ms', '10'] },
  { name: 'no', options: ['--appendfsync', 'no'] },
];

afterAll(() => Process.killAll());

describe(`${KILLS} kills, seed ${SEED}`, () => {
  // Two servers at a time: one starts while the other works.
  for (const modes of [MODES.slice(0, 2), MODES.slice(2)]) {
    describe(modes.map(({ name }) => name).join(' and '), () => {
      for (const { name, options } of modes) {
        test.concurrent(`appendfsync ${name}`, { timeout: KILLS * 5_000 + 60_000 }, async () => {
          const tally = new KillTally();
          const kills = Math.ceil(KILLS / MODES.length);
          for (let seed = SEED; tally.kills < kills; seed++) {
            const count = Math.min(KILLS_OF_A_SERIES, kills - tally.kills);
            const flags = [...options, '--wal-max-size-mb', '1'];
            await runKills({ name, options: flags, kills: count, seed }, tally);
          }
          const { writing: _, called, disturbances, ...counts } = tally;
          console.log(`${name}, seed ${SEED}:`, { ...counts, commands: called.size }, disturbances);
          expectLoad(tally);
          if (kills >= ENOUGH_KILLS) expectAll(tally);
        });
      }
    });
  }
});

/** Clients got as much done between the kills as they should. */
function expectLoad({ kills, steps, transactions, pops }: KillTally): void {
  expect(steps).toBeGreaterThan(20 * kills);
  expect(transactions).toBeGreaterThan(5 * kills);
  expect(pops).toBeGreaterThan(kills);
}

/** Everything that may come up did. */
function expectAll({ writing, called, disturbances, expired, alive }: KillTally): void {
  expect([...writing].filter((name) => !called.has(name))).toEqual([]);
  expect(writing.size).toBeGreaterThan(40);
  expect(disturbances.size).toBe(DISTURBANCES.length);
  expect(expired).toBeGreaterThan(0);
  expect(alive).toBeGreaterThan(0);
}
