// A process that appends is killed at random moments, is started again on the same folder and killed again: all that it
// has reported as appended is there, and nothing is damaged.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ColdStore } from '../../../src/persistence/cold/cold-store.ts';
import type { Location } from '../../../src/persistence/cold/extent.ts';
import { newLogId } from '../../../src/persistence/cold/segment-name.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { byTier } from '../../support/tier.ts';
import { idOf } from './cold-blocks.ts';

const APPENDER = fileURLToPath(new URL('appender.mjs', import.meta.url));
const KILLS = byTier(5, 20);

type Report = Location & { readonly number: number };

test('what was reported is there after each kill', async () => {
  const folder = join(ownDirectory(), 'streams');
  const id = newLogId();
  const reports: Report[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const { length } = reports;
    const next = kill * 1_000_000;
    await appendUntilKilled(folder, id, next, reports, 100 + Math.floor(Math.random() * 1000));
    expect(reports.length).toBeGreaterThan(length);
    const cold = await ColdStore.open(folder, { cacheBytes: 0 });
    const log = cold.log(id);
    const refs = reports.map((report) => {
      const firstId = idOf(report.number);
      return { ...report, firstId, lastId: firstId };
    });
    expect(await log.verify(refs, { payloads: true })).toEqual([]);
    for (const ref of refs) {
      const { payload, entries } = await log.read(ref);
      const text = `payload ${ref.number}, `.repeat(1 + ((ref.number * 31) % 200));
      if (payload.toString() !== text || entries !== ref.number) expect(`${ref.number}`).toBe('');
    }
    await cold.close();
  }
  const segments = new Set(reports.map(({ segment }) => segment));
  expect(segments.size).toBeGreaterThan(2);
  // What was cut off has been swept: there is one such segment at most.
  const names = readdirSync(folder).filter((name) => name.endsWith('.cold'));
  expect(names.length).toBeLessThanOrEqual(segments.size + 1);
}, 90_000);

/** Lets it append from a number on, kills it after so many reports, and adds these. */
async function appendUntilKilled(
  folder: string,
  id: string,
  next: number,
  reports: Report[],
  count: number,
): Promise<void> {
  const known = `${folder}.json`;
  writeFileSync(known, JSON.stringify(reports));
  const args = [APPENDER, folder, id, String(next), known];
  const child = spawn(process.execPath, args, { stdio: 'pipe' });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (output.split('\n').length > count) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(errors).toBe('');
  expect(child.signalCode).toBe('SIGKILL');
  // The last line may be cut off.
  for (const line of output.split('\n').slice(0, -1)) reports.push(JSON.parse(line));
}
