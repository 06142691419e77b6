// A process that appends is killed at random moments, is started again on the same log and killed
// again: what it had acknowledged is there, in order, without gaps, whatever the policy.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { CommandReader } from '../../../src/persistence/recovery/commands-of.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { byTier } from '../../support/tier.ts';
import { readLog } from '../logs.ts';

const APPENDER = fileURLToPath(new URL('appender.mjs', import.meta.url));
const KILLS = byTier(4, 6);

let path: string;

beforeEach(() => {
  path = join(ownDirectory(), 'log');
});

/** Lets it append from a number on, kills it after so many acknowledgements; the last of them. */
async function appendUntilKilled(mode: string, first: number, reports: number): Promise<number> {
  const child = spawn(process.execPath, [APPENDER, path, mode, String(first)], { stdio: 'pipe' });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (output.split('\n').length > reports) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(errors).toBe('');
  expect(child.signalCode).toBe('SIGKILL');
  // The last line may be cut off.
  return Number(output.split('\n').at(-2));
}

for (const mode of ['always', 'periodic', 'no']) {
  test(`under ${mode}`, async () => {
    let first = 1;
    for (let kill = 0; kill < KILLS; kill++) {
      const reports = 50 + Math.floor(Math.random() * 100);
      const acknowledged = await appendUntilKilled(mode, first, reports);
      expect(acknowledged).toBeGreaterThanOrEqual(first);
      const { bytes } = await readLog(path);
      let expected = 1;
      // Without `expect` for each: there are many.
      new CommandReader().forEach(bytes, (request) => {
        if (request.latin1(1) !== String(expected)) expect(request.latin1(1)).toBe(`${expected}`);
        expected++;
      });
      expect(expected - 1).toBeGreaterThanOrEqual(acknowledged);
      first = expected;
    }
    expect((await readLog(path)).segments.length).toBeGreaterThan(1);
  }, 90_000);
}
