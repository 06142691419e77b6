// Tests that need Redis are known as such: `npm test` passes without it.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesThatNeedRedis } from './needs-redis.ts';

/** What starts Redis or one of its tools. */
const NEEDS_REDIS =
  /\b(startRedisServer|RedisServer\.start|Process\.startRedis|compareWithRedis|startLoading)\(|'redis-(cli|benchmark)', |skipIf\(!hasRedis\)/;
/** Has programs of its own making under the names of Redis's. */
const PRETENDS = 'test/program/image.test.ts';

test('every test file that uses Redis is listed, or skips the groups that do', () => {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts') && path !== PRETENDS);
  const users = files.filter((path) => NEEDS_REDIS.test(readFileSync(path, 'utf8')));
  const listed = filesThatNeedRedis();
  expect(users.length).toBeGreaterThanOrEqual(listed.length);
  const unknown = users.filter(
    (path) => !listed.includes(path) && !readFileSync(path, 'utf8').includes('skipIf(!hasRedis)'),
  );
  expect(unknown).toEqual([]);
});

test('every file that is listed is there and uses Redis', () => {
  const idle = filesThatNeedRedis().filter((path) => !NEEDS_REDIS.test(readFileSync(path, 'utf8')));
  expect(idle).toEqual([]);
});
