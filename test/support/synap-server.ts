// The server under test. SYNAP_TARGET chooses which: `source` (default) runs src/index.ts inside
// the test process, `dist` the built program, `redis` a second redis-server, with which every
// comparison must come out equal: that is how the comparisons themselves are tested.

import { startRedisServer } from './redis-server.ts';
import {
  BASE_CONFIG,
  type RunningServer,
  type ServerConfig,
  startProgram,
  temporaryDirectory,
} from './running-server.ts';

const TARGETS = ['source', 'dist', 'redis'] as const;

/** Which server the tests run against: see the head of this file. */
export const target = readTarget(process.env.SYNAP_TARGET ?? 'source');

function readTarget(name: string): (typeof TARGETS)[number] {
  const known = TARGETS.find((one) => one === name);
  if (known === undefined) {
    throw new Error(`SYNAP_TARGET is ${TARGETS.join(', ')}; not ${JSON.stringify(name)}`);
  }
  return known;
}

/**
 * Starts the server under test.
 *
 * @param config added to, and stronger than, BASE_CONFIG.
 */
export async function startSynapServer(config: ServerConfig = {}): Promise<RunningServer> {
  if (target === 'redis') return startRedisServer(config, 'redis as synap');
  if (target === 'dist') {
    return startProgram('synap', process.execPath, ['dist/main.js'], { ...BASE_CONFIG, ...config });
  }
  const { startServer } = await import('../../src/index.ts');
  const directory = temporaryDirectory();
  const server = await startServer({
    ...BASE_CONFIG,
    ...config,
    port: 0,
    dir: directory.path,
  });
  return {
    name: 'synap',
    port: server.port,
    async stop() {
      try {
        await server.close();
      } finally {
        directory.remove();
      }
    },
  };
}
