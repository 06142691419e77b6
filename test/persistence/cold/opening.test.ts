// A server that opens the files of cold entries, which comes before its data are loaded: clients are answered that they
// are being loaded, and nothing is written meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type SynapServer, startServer } from '../../../src/index.ts';
import { ColdStore } from '../../../src/persistence/cold/cold-store.ts';
import { freePort } from '../../support/free-port.ts';
import { RawClient } from '../../support/raw-client.ts';
import { textOf } from '../../support/reply-frames.ts';
import { temporaryDirectory } from '../../support/running-server.ts';

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => {
  vi.restoreAllMocks();
  directory.remove();
});

test.each(['yes', 'no'])('nobody meets empty databases (appendonly %s)', async (appendonly) => {
  const port = await freePort();
  let goOn = (): void => {};
  const isAsked = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { open } = ColdStore;
  vi.spyOn(ColdStore, 'open').mockImplementation(async (...args) => {
    await isAsked;
    return open.apply(ColdStore, args);
  });
  const options = { port, dir: directory.path, appendonly, logfile: `${directory.path}/log` };
  const starting: Promise<SynapServer> = startServer(options);
  const client = await connect(port);
  for (const command of [['PING'], ['XADD', 's', '*', 'f', 'v'], ['XLEN', 's']]) {
    expect(textOf(await client.command(...command))).toMatch(/^LOADING /);
  }
  goOn();
  const server = await starting;
  expect(textOf(await client.command('XADD', 's', '1-0', 'f', 'v'))).toBe('1-0');
  await client.close();
  await server.close();
});

/** Connects as soon as somebody listens. */
async function connect(port: number): Promise<RawClient> {
  for (;;) {
    try {
      return await RawClient.connect(port);
    } catch {
      await sleep(5);
    }
  }
}
