// The oracle: a real redis-server. What uses it is listed in needs-redis.ts, or skips by `hasRedis`.

import {
  BASE_CONFIG,
  type RunningServer,
  type ServerConfig,
  startProgram,
} from './running-server.ts';

/**
 * Starts redis-server.
 *
 * @param config added to, and stronger than, BASE_CONFIG.
 * @throws Error when it is not installed or does not start.
 */
export async function startRedisServer(
  config: ServerConfig = {},
  name = 'redis',
): Promise<RunningServer> {
  try {
    return await startProgram(name, 'redis-server', [], { ...BASE_CONFIG, ...config });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(
        'redis-server is not installed: the compatibility tests compare Synap with it. ' +
          'Install Redis 7.0 (Debian: apt-get install redis-server redis-tools).',
      );
    }
    throw error;
  }
}
