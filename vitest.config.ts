import { configDefaults, defineConfig } from 'vitest/config';
import { filesToLeaveOut } from './test/support/needs-redis.ts';

/**
 * Tests of single modules, which share a process and its modules: they start no server of ours, and change nothing
 * of the process (its environment, directory, signals) even for a while.
 */
const UNIT = [
  ...['config', 'core', 'keyspace', 'memory', 'protocol', 'pubsub', 'structures', 'telemetry'],
  ...['tracking', 'types', 'persistence/rdb'],
]
  .map((folder) => `test/${folder}/**/*.test.ts`)
  .concat('test/logging/logger.test.ts', 'test/replication/command-stream.test.ts');

/** What kills, damages, fills disks, and goes on for long. */
const DURABILITY = ['test/durability/**/*.test.ts'];

const leftOut = [...configDefaults.exclude, ...filesToLeaveOut()];

const shared = {
  setupFiles: ['test/support/warnings.ts'],
  testTimeout: 30_000,
  hookTimeout: 30_000,
};

export default defineConfig({
  test: {
    // Half of the tests start servers of their own.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: UNIT,
          exclude: leftOut,
          pool: 'threads',
          isolate: false,
        },
      },
      {
        test: {
          ...shared,
          name: 'servers',
          include: ['test/**/*.test.ts'],
          exclude: [...leftOut, ...UNIT, ...DURABILITY],
          pool: 'forks',
        },
      },
      {
        test: {
          ...shared,
          name: 'durability',
          include: DURABILITY,
          exclude: leftOut,
          pool: 'forks',
        },
      },
    ],
  },
});
