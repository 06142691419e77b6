// The start of a server: what those hear who come before its data is loaded.
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { settingsOf } from '../../src/config/options.ts';
import { ColdTier } from '../../src/server/cold-tier.ts';
import type { Server } from '../../src/server/server.ts';
import { openLog, start } from '../../src/server/start.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { BASE_CONFIG, temporaryDirectory } from '../support/running-server.ts';

const STDERR = 2;

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => {
  vi.restoreAllMocks();
  directory.remove();
});

/** Starts a server on the test's directory. */
async function begin(
  options: Readonly<Record<string, string>>,
  onListening: (server: Server) => void = () => {},
): Promise<{ server: Server; client: RawClient }> {
  const settings = { ...BASE_CONFIG, port: 0, dir: directory.path, logfile: 'messages' };
  const config = loadConfig({ file: undefined, settings: settingsOf({ ...settings, ...options }) });
  const log = openLog(config, STDERR);
  const server = await start({ config, log, isEmbedded: true, onListening, onClosed: () => {} });
  return { server, client: await RawClient.connect(server.listener.port) };
}

test.each([
  { appendonly: 'yes', appendfsync: 'always' },
  { appendonly: 'no' },
  { appendonly: 'no', dbfilename: '' },
])('whoever comes before anything is read has to wait: %j', async (options) => {
  const first = await begin(options);
  expect(textOf(await first.client.command('SET', 'k', 'v'))).toBe('OK');
  if (options.dbfilename === undefined) await first.client.command('SAVE');
  await first.client.close();
  await first.server.shutdown.close();

  // The first thing that is read, as slowly as a client asks for something.
  const { open } = ColdTier.prototype;
  const early: string[] = [];
  let port = 0;
  vi.spyOn(ColdTier.prototype, 'open').mockImplementation(async function (this: ColdTier) {
    const client = await RawClient.connect(port);
    for (const line of ['DBSIZE', 'SET k early', 'INCR counter']) {
      early.push(textOf(await client.command(...line.split(' '))));
    }
    await client.close();
    await open.call(this);
  });
  const { server, client } = await begin(options, ({ listener }) => {
    port = listener.port;
  });
  onTestFinished(async () => {
    await client.close();
    await server.shutdown.close();
  });
  const loading = 'LOADING Redis is loading the dataset in memory';
  expect(early).toEqual([loading, loading, loading]);
  expect(textOf(await client.command('DBSIZE'))).toBe(options.dbfilename === '' ? '0' : '1');
  expect(textOf(await client.command('INFO', 'persistence'))).toContain('\r\nloading:0\r\n');
});
