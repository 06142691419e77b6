import { configDefaults, defineConfig } from 'vitest/config';
import { filesThatReplaceModules } from './test/support/module-mocks.ts';
import { filesToLeaveOut } from './test/support/needs-redis.ts';
import { isFullTier } from './test/support/tier.ts';

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

/**
 * Files that make keyspaces by the hundred. V8 collects garbage for the 64 MB of each, which takes the longer the more
 * other files have left on the heap.
 */
const MANY_KEYSPACES = [
  'test/keyspace/defragmentation.test.ts',
  'test/persistence/snapshots/consistency.test.ts',
  'test/persistence/snapshots/large-values.test.ts',
  'test/types/*/conformance.test.ts',
];

/** Files that measure the heap: garbage is collected for each number, which takes the longer the more is on it. */
const HEAP_MEASURED = ['test/core/client-state.test.ts', 'test/structures/bytes-tables.test.ts'];

/** What each has a process of its own. */
const ISOLATED = [...filesThatReplaceModules(), ...MANY_KEYSPACES, ...HEAP_MEASURED];

const leftOut = [...configDefaults.exclude, ...filesToLeaveOut()];

const shared = {
  setupFiles: ['test/support/warnings.ts'],
  testTimeout: 30_000,
  hookTimeout: 30_000,
};

export default defineConfig({
  test: {
    // For two cores: many tests wait for most of their time, for timers of servers, disks, and other processes. At full
    // length some hold times to limits.
    maxWorkers: isFullTier ? 2 : 3,
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
