// Python with the client `redis` (Debian: python3-redis), where it is installed. A build server (CI is set)
// must have it: there a test that is left out proves nothing.
import { spawnSync } from 'node:child_process';

/** The first `python3` need not be the one that packages are installed for. */
const CANDIDATES = ['python3', '/usr/bin/python3'];

/** The interpreter, or undefined where there is none with the client; says so on standard error. */
export function pythonWithRedis(): string | undefined {
  const found = CANDIDATES.find((path) => spawnSync(path, ['-c', 'import redis']).status === 0);
  if (found !== undefined) return found;
  const problem = 'python3-redis is not installed (apt-get install python3-redis)';
  if (process.env.CI) throw new Error(`${problem}, and CI is set`);
  console.warn(`${problem}: the tests with Python are left out`);
  return undefined;
}
