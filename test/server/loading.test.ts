// Nobody is served before the data are loaded, however long what comes before that takes.
import { afterEach, expect, test, vi } from 'vitest';
import { startServer } from '../../src/index.ts';
import { ColdStore } from '../../src/persistence/cold/cold-store.ts';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { BASE_CONFIG, temporaryDirectory } from '../support/running-server.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each(['no', 'yes'])('while files of streams are opened, appendonly %s', async (appendonly) => {
  const directory = temporaryDirectory();
  const port = await freePort();
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const original = ColdStore.open.bind(ColdStore);
  vi.spyOn(ColdStore, 'open').mockImplementation(async (...args) => {
    await opened;
    return original(...args);
  });
  const starting = startServer({ ...BASE_CONFIG, port, dir: directory.path, appendonly });
  try {
    // It listens by the time that it opens them.
    await expect.poll(() => vi.mocked(ColdStore.open).mock.calls.length).toBe(1);
    const client = await RawClient.connect(port);
    expect(textOf(await client.command('SET', 'k', 'v'))).toMatch(/^LOADING /);
    open();
    await expect.poll(async () => (await client.command('SET', 'k', 'v')).type).toBe('+');
    await client.close();
  } finally {
    open();
    await (await starting).close();
    directory.remove();
  }
});
