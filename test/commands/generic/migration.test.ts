// The exchange of MIGRATE with a target that fails in ways that sockets do not show when they are
// wanted: while something is still being sent.

import { expect, test } from 'vitest';
import { type Migration, migrate } from '../../../src/commands/generic/migration.ts';
import { type Remote, RemoteError, type RemoteFailure } from '../../../src/core/remotes.ts';

const MIGRATION: Migration = {
  host: 'h',
  port: '1',
  credentials: [],
  database: '0',
  restores: [[Buffer.from('a')], [Buffer.from('b')]],
  timeoutMs: 1000,
};

/** A target that fails while it is sent something, after it has answered lines. */
function failing(failure: RemoteFailure, lines: readonly string[]) {
  let attempts = 0;
  const connect = async (): Promise<Remote> => {
    attempts++;
    const left = [...lines];
    const error = new RemoteError('it failed', failure);
    return {
      database: undefined,
      write: () => Promise.reject(error),
      readLine: async () => {
        const line = left.shift();
        if (line === undefined) throw error;
        return line;
      },
      release: () => {
        throw new Error('it has failed');
      },
      close: () => {},
    };
  };
  return { remotes: { size: 0, connect }, attempts: () => attempts };
}

test('what was taken before the target failed is known, and nothing is sent again', async () => {
  const { remotes, attempts } = failing('broken', ['+OK', '+OK']);
  expect(await migrate(remotes, MIGRATION)).toMatchObject({
    taken: [true],
    error: 'IOERR error or timeout writing to target instance',
  });
  expect(attempts()).toBe(1);
});

test.each([
  ['broken', 2],
  ['timeout', 1],
] as const)('%s: %i attempts where nothing was answered', async (failure, count) => {
  const { remotes, attempts } = failing(failure, ['+OK']);
  const { taken, error } = await migrate(remotes, MIGRATION);
  expect([taken, error]).toEqual([[], 'IOERR error or timeout writing to target instance']);
  expect(attempts()).toBe(count);
});

test('a defect is no failure of the target', async () => {
  const connect = () => Promise.reject(new Error('a defect'));
  await expect(migrate({ size: 0, connect }, MIGRATION)).rejects.toThrow('a defect');
});
