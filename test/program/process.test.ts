// The program as a process: its title, and the signals that shut it down.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import {
  BASE_CONFIG,
  type RunningServer,
  startProgram,
  temporaryDirectory,
} from '../support/running-server.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningServer;
let client: RawClient;
let pid: number;

beforeEach(async () => {
  directory = temporaryDirectory();
  const config = { ...BASE_CONFIG, logfile: join(directory.path, 'log'), 'log-format': 'json' };
  server = await startProgram('synap', process.execPath, ['dist/main.js'], config);
  client = await RawClient.connect(server.port);
  const info = textOf(await client.command('INFO', 'server'));
  pid = Number(/^process_id:(\d+)/m.exec(info)?.[1]);
});

afterEach(async () => {
  await client.close();
  await server.stop();
  directory.remove();
});

describe.skipIf(process.platform !== 'linux')('the title', () => {
  const title = () => readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/\0[\s\S]*$/, '');

  test('follows proc-title-template', async () => {
    expect(title()).toBe(`synap-server 127.0.0.1:${server.port}`);
    await client.command('CONFIG', 'SET', 'proc-title-template', 'x {port} {title}');
    expect(title()).toBe(`x ${server.port} synap-server`);
  });
});

describe.each([
  ['SIGTERM', 'shutdown-on-sigterm'],
  ['SIGINT', 'shutdown-on-sigint'],
] as const)('%s', (signal, directive) => {
  test.each([
    ['default', { save: 'default', now: false, force: false }],
    ['nosave now', { save: 'nosave', now: true, force: false }],
    ['save force', { save: 'save', now: false, force: true }],
  ])(`shuts down as ${directive} says: %s`, async (flags, options) => {
    await client.command('CONFIG', 'SET', directive, flags);
    process.kill(pid, signal);
    await client.readUntilClose();
    const lines = readFileSync(join(directory.path, 'log'), 'utf8').trim().split('\n');
    const found = lines
      .map((line) => JSON.parse(line))
      .find(({ msg }) => msg.startsWith('User requested'));
    expect(found).toMatchObject({ reason: `received ${signal}`, ...options });
  });
});
