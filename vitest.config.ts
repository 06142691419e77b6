import { configDefaults, defineConfig } from 'vitest/config';
import { filesThatReplaceModules } from './test/support/module-mocks.ts';
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
  .concat('test/logging/logger.test.ts');

/** What kills, damages, fills disks, and goes on for long. */
const DURABILITY = ['test/durability/**/*.test.ts'];

/** What cannot share a process with others: each file has one of its own. */
const ISOLATED = filesThatReplaceModules();

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
    // A process of its own costs a file half a second to load the server's modules: most share two of them, one after
    // the other, and clean up after themselves. Projects run in the order of their names.
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: UNIT,
          exclude: [...leftOut, ...ISOLATED],
          pool: 'threads',
          isolate: false,
        },
      },
      {
        test: {
          ...shared,
          name: 'servers',
          include: ['test/**/*.test.ts'],
          exclude: [...leftOut, ...UNIT, ...DURABILITY, ...ISOLATED],
          pool: 'forks',
          isolate: false,
        },
      },
      {
        test: {
          ...shared,
          name: 'isolated',
          include: ISOLATED,
          exclude: leftOut,
          pool: 'forks',
        },
      },
      {
        test: {
          ...shared,
          name: 'durability',
          include: DURABILITY,
          exclude: [...leftOut, ...ISOLATED],
          pool: 'forks',
          isolate: false,
        },
      },
    ],
  },
});
