// Servers of one test that share a directory, one after another or at the same time: all of them end, and
// the directory goes, after the test and its hooks.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ownDirectory } from '../../support/own-directory.ts';
import { LogServer } from './log-server.ts';

export class LogServers {
  /** A directory of the test's; what lies beside `path` is no server's. */
  readonly root = ownDirectory();
  /** Where the servers have their data; it is there and empty at first. */
  readonly path = join(this.root, 'data');
  /** Those that end with the test. */
  readonly all: LogServer[] = [];

  /** For the test that runs, or is about to: to be called in it or in its `beforeEach`. */
  constructor() {
    mkdirSync(this.path);
    onTestFinished(() => this.stop());
  }

  /** Starts one more in the directory. */
  async start(options: Readonly<Record<string, string>> = {}): Promise<LogServer> {
    const server = await LogServer.start(this.path, options);
    this.all.push(server);
    return server;
  }

  /** Ends all of them. */
  async stop(): Promise<void> {
    for (const server of this.all.splice(0)) await server.stop();
  }
}
