// The built program and the built library in short, in processes of their own: what must hold on every
// release of Node before anything else does. `.ci/run` runs this on all of them. Nothing may be written to
// the standard error: that is where Node warns of what it will take away.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { valueTypes } from '../../src/types/index.ts';

import { PatientClient } from '../net/patient-client.ts';
import { encodeCommand } from '../support/command-line.ts';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { Program } from './program.ts';

const LIBRARY = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const FLAGS = ['--bind', '127.0.0.1', '--enable-debug-command', 'yes', '--save', ''];
const LOGGED = ['--appendonly', 'yes', '--appendfsync', 'always'];
const LONG = 'x'.repeat(100_000);

/** Commands that make keys of each type, in each of its encodings. */
const VALUES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  string: [
    ['SET', 'embstr', 'value'],
    ['SET', 'int', '12345'],
    ['SET', 'raw', LONG],
    ['SET', 'expiring', 'value', 'EX', '1000'],
  ],
  list: [
    ['RPUSH', 'short', 'a', '1', ''],
    ['RPUSH', 'long', ...Array.from({ length: 2000 }, (_, i) => `element ${i}`)],
    ['RPUSH', 'large', LONG, 'b'],
  ],
  set: [
    ['SADD', 'integers', '1', '70000', '-5000000000'],
    ['SADD', 'members', ...Array.from({ length: 2000 }, (_, i) => `member ${i}`)],
  ],
  zset: [
    ['ZADD', 'few', '1.5', 'a', '-inf', 'b'],
    ['ZADD', 'ranked', ...Array.from({ length: 2000 }, (_, i) => [`${i / 7}`, `m ${i}`]).flat()],
  ],
  hash: [
    ['HSET', 'packed', 'field', 'value', '', '-1'],
    ['HSET', 'fields', ...Array.from({ length: 2000 }, (_, i) => [`f ${i}`, `${i}`]).flat()],
    ['HSET', 'timed', 'a', '1', 'b', LONG],
    ['HEXPIRE', 'timed', '1000', 'FIELDS', '1', 'a'],
  ],
  stream: [
    ...Array.from({ length: 200 }, (_, i) => ['XADD', 'entries', `${i + 1}-1`, 'field', `${i}`]),
    ['XADD', 'large entry', '*', 'value', LONG],
    ['XGROUP', 'CREATE', 'entries', 'group', '0'],
    ['XREADGROUP', 'GROUP', 'group', 'consumer', 'COUNT', '9', 'STREAMS', 'entries', '>'],
    ['XDEL', 'entries', '50-1'],
    ['XTIER', 'entries', 'HOT', '100'],
    ['XRETAIN', 'entries', 'MAXLEN', '1000'],
  ],
};

function directory(): string {
  const { path, remove } = temporaryDirectory();
  onTestFinished(remove);
  return path;
}

async function start(flags: readonly string[] = [], cwd = directory()) {
  const program = await Program.start((port) => ['--port', String(port), ...FLAGS, ...flags], {
    cwd,
  });
  onTestFinished(() => program.dispose());
  const client = await program.connect();
  onTestFinished(() => client.close());
  await program.until('the data to be loaded', async () => {
    const { type } = await client.command('DBSIZE');
    return type === ':' ? true : undefined;
  });
  return { program, client, cwd };
}

async function ask(client: RawClient, ...args: string[]): Promise<string> {
  return textOf(await client.command(...args));
}

/** Ends the program as it should end, having warned of nothing. */
async function end(program: Program): Promise<void> {
  const { code, stderr } = await program.end();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

test('every type of values survives a crash with a log, and a restart with a snapshot', async () => {
  expect(Object.keys(VALUES)).toEqual(valueTypes.map(({ name }) => name));
  const first = await start(LOGGED);
  for (const command of Object.values(VALUES).flat()) {
    expect((await first.client.command(...command)).type).not.toBe('-');
  }
  const digest = await ask(first.client, 'DEBUG', 'DIGEST');
  expect(digest).not.toBe('0'.repeat(40));
  expect((await first.program.end('SIGKILL')).stderr).toBe('');

  const second = await start(LOGGED, first.cwd);
  expect(await ask(second.client, 'DEBUG', 'DIGEST')).toBe(digest);
  expect(await ask(second.client, 'SAVE')).toBe('OK');
  expect(await ask(second.client, 'BGREWRITEAOF')).toMatch(/^Background append only file/);
  await end(second.program);

  const third = await start([], first.cwd);
  expect(await ask(third.client, 'DEBUG', 'DIGEST')).toBe(digest);
  await end(third.program);
});

test('pipelines of a megabyte, and values of one', async () => {
  const { program } = await start();
  const client = await PatientClient.connect({ port: program.port, host: '127.0.0.1' });
  onTestFinished(() => client.close());
  const value = 'v'.repeat(1_000_000);
  const count = 30_000;
  const requests = Buffer.concat([
    ...Array.from({ length: count }, (_, i) => encodeCommand(['SET', `key:${i}`, `value ${i}`])),
    encodeCommand(['SET', 'value', value]),
    encodeCommand(['GET', 'value']),
    encodeCommand(['GET', `key:${count - 1}`]),
  ]);
  expect(requests.length).toBeGreaterThan(2_000_000);
  const last = `value ${count - 1}`;
  const expected = `${'+OK\r\n'.repeat(count + 1)}$1000000\r\n${value}\r\n$${last.length}\r\n${last}\r\n`;
  const [received] = await Promise.all([client.read(expected.length), client.write(requests)]);
  expect(received.equals(Buffer.from(expected))).toBe(true);
  await end(program);
});

test('a client that does not read, beside one that does', async () => {
  const { program, client } = await start();
  await client.command('SET', 'key', LONG);
  const slow = await PatientClient.connect({ port: program.port, host: '127.0.0.1' });
  onTestFinished(() => slow.close());
  await slow.write('GET key\r\n'.repeat(300));
  await program.until('replies that wait', async () => {
    const list = await ask(client, 'CLIENT', 'LIST');
    return / omem=[1-9]/.test(list) ? true : undefined;
  });
  expect(await ask(client, 'PING')).toBe('PONG');
  const reply = `$${LONG.length}\r\n${LONG}\r\n`;
  const received = await slow.read(300 * reply.length);
  expect(received.equals(Buffer.from(reply.repeat(300)))).toBe(true);
  await slow.write('PING\r\n');
  expect((await slow.read(7)).toString()).toBe('+PONG\r\n');
  await end(program);
});

test('keys move to another server', async () => {
  const from = await start();
  const to = await start();
  const commands = Object.values(VALUES).flat();
  for (const command of commands) await from.client.command(...command);
  const digest = await ask(from.client, 'DEBUG', 'DIGEST');
  const keys = [...new Set(commands.map(([, key]) => key))];
  const address = ['127.0.0.1', String(to.program.port), ''];
  const options = ['0', '5000', 'KEYS', ...keys];
  expect(await ask(from.client, 'MIGRATE', ...address, ...options)).toBe('OK');
  expect(await ask(from.client, 'DBSIZE')).toBe('0');
  // The digest tells of an expiry only that there is one.
  expect(await ask(to.client, 'DEBUG', 'DIGEST')).toBe(digest);
  await end(from.program);
  await end(to.program);
});

test('other addresses while it runs', async () => {
  const { program, client } = await start();
  expect(await ask(client, 'CONFIG', 'SET', 'bind', '127.0.0.1 127.0.0.2')).toBe('OK');
  const other = await PatientClient.connect({ port: program.port, host: '127.0.0.2' });
  onTestFinished(() => other.close());
  await other.write('PING\r\n');
  expect((await other.read(7)).toString()).toBe('+PONG\r\n');
  await end(program);
});

test('a server within a program, which comes to its end by itself', async () => {
  const script = `
    const { startServer } = await import(process.argv[1]);
    const server = await startServer({ port: 0, dir: process.argv[2], appendonly: 'yes' });
    const { connect } = await import('node:net');
    const client = connect(server.port, '127.0.0.1');
    client.write('SET k v\\r\\nGET k\\r\\n');
    let text = '';
    for await (const bytes of client) if ((text += bytes).length >= 12) break;
    await server.close();
    process.stdout.write(text);
  `;
  const args = ['--input-type=module', '--eval', script, LIBRARY, directory()];
  const child = spawn(process.execPath, args);
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  child.stderr.on('data', (bytes) => {
    output += bytes;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(output).toBe('+OK\r\n$1\r\nv\r\n');
});
