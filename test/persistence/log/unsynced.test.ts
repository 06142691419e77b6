// `no-appendfsync-on-rewrite`: while a snapshot is written the log is written, and not synced, so no reply
// waits for a disk that is busy with the snapshot. Syncing goes on as soon as that is over, however it ends.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { Log } from '../../../src/persistence/segments/log.ts';
import { SnapshotWriting } from '../../../src/persistence/snapshots/snapshot-writing.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { type HeldFiles, holdFiles } from './held-snapshots.ts';
import { LogServer } from './log-server.ts';

const ALWAYS = { appendfsync: 'always', 'no-appendfsync-on-rewrite': 'yes', save: '' };

let directory: { path: string; remove(): void };
let server: LogServer;
let held: HeldFiles;
/** Syncs of the log that have begun. */
let syncs: number;

beforeEach(() => {
  directory = temporaryDirectory();
  held = holdFiles();
  syncs = 0;
  const { datasync } = realFileSystem;
  vi.spyOn(realFileSystem, 'datasync').mockImplementation((fd, done) => {
    syncs++;
    datasync(fd, done);
  });
});

afterEach(async () => {
  held.release();
  await server.stop();
  vi.restoreAllMocks();
  directory.remove();
});

/** Syncs that a write has, once it is answered. */
async function syncsOfWrite(): Promise<number> {
  const before = syncs;
  expect(await server.ask('INCR', 'n')).toMatch(/^\d+$/);
  // One that is begun some turns later would be seen.
  for (let i = 0; i < 10; i++) await server.ask('PING');
  return syncs - before;
}

/** Begins a snapshot, and resolves when it waits to take its place. */
async function begin(...command: string[]): Promise<void> {
  expect(await server.ask(...command)).toMatch('started');
  while (held.count === 0) await server.ask('PING');
}

async function syncedToTheEnd(): Promise<void> {
  const offset = await server.field('log_offset');
  while ((await server.field('log_synced_offset')) !== offset);
}

for (const command of ['BGSAVE', 'BGREWRITEAOF']) {
  test(`nothing is synced beside ${command}, and all of it afterwards`, async () => {
    server = await LogServer.start(directory.path, ALWAYS);
    expect(await syncsOfWrite()).toBe(1);
    await begin(command);
    await syncedToTheEnd();
    expect(await syncsOfWrite()).toBe(0);
    expect(await server.field('aof_pending_bio_fsync')).toBe('1');
    held.release();
    await syncedToTheEnd();
    expect(await syncsOfWrite()).toBe(1);
  });

  test(`without it syncing goes on beside ${command}`, async () => {
    server = await LogServer.start(directory.path, {
      ...ALWAYS,
      'no-appendfsync-on-rewrite': 'no',
    });
    await begin(command);
    await syncedToTheEnd();
    expect(await syncsOfWrite()).toBe(1);
  });
}

test('BGSAVE stops syncing from its answer on', async () => {
  server = await LogServer.start(directory.path, ALWAYS);
  await server.ask('SET', 'n', '1');
  expect(await server.ask('BGSAVE')).toMatch('started');
  expect(await syncsOfWrite()).toBe(0);
});

test('CONFIG SET has an effect on a snapshot that is under way', async () => {
  server = await LogServer.start(directory.path, ALWAYS);
  await begin('BGSAVE');
  expect(await syncsOfWrite()).toBe(0);
  await server.ask('CONFIG', 'SET', 'no-appendfsync-on-rewrite', 'no');
  await syncedToTheEnd();
  expect(await syncsOfWrite()).toBe(1);
  await server.ask('CONFIG', 'SET', 'no-appendfsync-on-rewrite', 'yes');
  expect(await syncsOfWrite()).toBe(0);
});

test('a log that is switched on is not synced while any snapshot is written', async () => {
  server = await LogServer.start(directory.path, { ...ALWAYS, appendonly: 'no' });
  const { mock } = vi.spyOn(SnapshotWriting.prototype, 'run');
  await begin('BGSAVE');
  const rotateNow = holdRotation();
  const other = await server.connect();
  const switching = other.command('CONFIG', 'SET', 'appendonly', 'yes');
  while ((await server.field('aof_enabled')) !== '1');
  // The one of BGSAVE is cancelled, but not over.
  expect(await syncsOfWrite()).toBe(0);
  rotateNow();
  while (held.count < 2) await server.ask('PING');
  held.releaseOldest();
  expect(await mock.results[0].value).toBe(false);
  await syncedToTheEnd();
  // The log's own goes on.
  expect(await syncsOfWrite()).toBe(0);
  held.release();
  await switching;
  // What was cancelled is taken now.
  while ((await server.field('rdb_saves')) !== '2');
  while ((await server.field('rdb_bgsave_in_progress')) !== '0');
  await syncedToTheEnd();
  expect(await syncsOfWrite()).toBe(1);
});

/** Has the log not go over to a new file; what it returns has it do so. */
function holdRotation(): () => void {
  const { rotate } = Log.prototype;
  let rotateNow: () => void = () => {};
  const spy = vi.spyOn(Log.prototype, 'rotate').mockImplementation(function held(
    this: Log,
    listener,
  ) {
    rotateNow = () => rotate.call(this, listener);
  });
  return () => {
    spy.mockRestore();
    rotateNow();
  };
}

test('when a snapshot is cancelled, syncing goes on', async () => {
  server = await LogServer.start(directory.path, ALWAYS);
  await begin('BGSAVE');
  expect(await server.ask('FLUSHALL')).toBe('OK');
  expect(await syncsOfWrite()).toBe(0);
  held.release();
  await syncedToTheEnd();
  expect(await syncsOfWrite()).toBe(1);
});

test('when a snapshot fails, syncing goes on', async () => {
  server = await LogServer.start(directory.path, ALWAYS);
  await begin('BGREWRITEAOF');
  await syncedToTheEnd();
  expect(await syncsOfWrite()).toBe(0);
  held.fail(new Error('the disk is full'));
  await syncedToTheEnd();
  expect(await syncsOfWrite()).toBe(1);
  expect(await server.field('aof_last_bgrewrite_status')).toBe('err');
});
