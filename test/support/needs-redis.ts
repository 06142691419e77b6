// What of the tests needs a real Redis, and whether it is installed: the only place that knows.
// vitest.config.ts leaves the files out without it, single groups use `describe.skipIf(!hasRedis)`.
// A build server (CI is set) must have it: there a comparison that is skipped proves nothing.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/** Folders of which every test file compares with Redis. */
const FOLDERS = ['test/compatibility'];
/** The exceptions in them. */
const SELF_SUFFICIENT = ['test/compatibility/document.test.ts'];
const FILES = [
  'test/clients/collections-ioredis.test.ts',
  'test/clients/collections-node-redis.test.ts',
  'test/clients/greetings.test.ts',
  'test/clients/loading.test.ts',
  'test/clients/redis-cli.test.ts',
  'test/ecosystem/python-redis.test.ts',
  'test/support/compare.test.ts',
];

const PROGRAMS = ['redis-server', 'redis-cli', 'redis-benchmark'];

/** Why Redis cannot be compared with, or undefined when it can. */
const problem = findProblem();

/** Whether Redis 7.0 is installed, with its tools. */
export const hasRedis = problem === undefined;

/** The test files that do nothing but what needs Redis, by their paths from the project's root. */
export function filesThatNeedRedis(): string[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${folder}/${name}`),
  );
  return [...inFolders.filter((path) => !SELF_SUFFICIENT.includes(path)), ...FILES];
}

/**
 * The test files to leave out on this machine; says on standard error why.
 * @throws Error on a build server without Redis
 */
export function filesToLeaveOut(): string[] {
  if (problem === undefined) return [];
  const advice = 'apt-get install redis-server redis-tools';
  if (process.env.CI) throw new Error(`${problem}, and CI is set: ${advice}`);
  const files = filesThatNeedRedis();
  console.warn(
    `${problem}: ${files.length} test files that compare with it, and groups of tests in others, ` +
      `are left out; ${advice}`,
  );
  return files;
}

function findProblem(): string | undefined {
  for (const program of PROGRAMS) {
    const { error, stdout } = spawnSync(program, ['--version'], { encoding: 'latin1' });
    if (error !== undefined) return `${program} is not installed`;
    if (!/\b7\.0\.\d/.test(stdout)) return `${program} is not of Redis 7.0 (${stdout.trim()})`;
  }
  return undefined;
}
