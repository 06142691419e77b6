// A file of comparison cases: starts the two servers for it and registers one test for each case
// and protocol.

import { afterAll, beforeAll, describe, test } from 'vitest';
import { compareScript, type Protocol, report, Side } from './compare.ts';
import { startRedisServer } from './redis-server.ts';
import type { RunningServer, ServerConfig } from './running-server.ts';
import type { Script } from './script.ts';
import { startSynapServer, target } from './synap-server.ts';

const BOTH_PROTOCOLS: readonly Protocol[] = [2, 3];

interface CaseOptions {
  /** Both by default. */
  readonly protocols?: readonly Protocol[];
}

/** Registers a case: a script that both servers must answer alike, in RESP2 and in RESP3. */
export type DefineCase = (name: string, script: Script, options?: CaseOptions) => void;

interface SuiteOptions {
  /** Directives that both servers are started with, besides BASE_CONFIG. */
  readonly config?: ServerConfig;
  /** Further directives for the server under test alone: to see that differences are found. */
  readonly synapConfig?: ServerConfig;
}

/**
 * A group of cases with a pair of servers of their own.
 *
 * @param define registers the cases; `servers` gives the running pair (the oracle first) to tests
 *   that are no scripts, and only while tests run.
 */
export function compareWithRedis(
  name: string,
  define: (define: DefineCase, servers: () => readonly RunningServer[]) => void,
  { config = {}, synapConfig = {} }: SuiteOptions = {},
): void {
  describe(name, () => {
    const servers: RunningServer[] = [];
    const sides: Side[] = [];

    beforeAll(async () => {
      servers.push(await startRedisServer(config));
      servers.push(await startSynapServer({ ...config, ...synapConfig }));
      for (const { name: side, port } of servers) sides.push(await Side.connect(side, port));
    });

    afterAll(async () => {
      await Promise.all(sides.map((side) => side.close()));
      await Promise.all(servers.map((server) => server.stop()));
    });

    const defineCase: DefineCase = (title, script, options = {}) => {
      for (const protocol of options.protocols ?? BOTH_PROTOCOLS) {
        test(`${title} (RESP${protocol})`, async () => {
          const [redis, synap] = sides;
          const differences = await compareScript(
            redis,
            synap,
            script,
            protocol,
            target !== 'redis',
          );
          if (differences.length === 0) return;
          const found = report(differences, [redis.name, synap.name]);
          throw new Error(`${differences.length} of the replies differ\n${found}`);
        });
      }
    };
    define(defineCase, () => servers);
  });
}
