import { configDefaults, defineConfig } from 'vitest/config';
import { filesToLeaveOut } from './test/support/needs-redis.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...filesToLeaveOut()],
    setupFiles: ['test/support/warnings.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // Half of the tests start servers of their own.
    maxWorkers: 2,
  },
});
