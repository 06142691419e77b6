// The package redis-memory-server, with which tests of others start a Redis of their own: it asks the binary
// for its version, waits for a line of the log, reads from it what goes wrong, and ends it by SIGINT. The
// image's users have Testcontainers, whose module for Redis waits for the same line.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';
import { RedisMemoryServer } from 'redis-memory-server';
import { expect, type TestContext, test, vi } from 'vitest';
import { Program } from '../program/program.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/synap-server', import.meta.url));

function options({ onTestFinished }: TestContext, instance = {}) {
  const directory = temporaryDirectory();
  onTestFinished(() => directory.remove());
  return {
    binary: { systemBinary: LAUNCHER },
    instance,
    spawn: { cwd: directory.path },
    autoStart: false,
  };
}

test('starts Synap, which serves, and ends it', async (context) => {
  const warn = vi.spyOn(console, 'warn');
  const server = new RedisMemoryServer(options(context, { args: ['--maxmemory', '100mb'] }));
  expect(await server.start()).toBe(true);
  const client = createClient({
    socket: { host: await server.getHost(), port: await server.getPort() },
  });
  await client.connect();
  await client.set('k', 'v');
  expect(await client.get('k')).toBe('v');
  expect(await client.configGet('maxmemory')).toEqual({ maxmemory: '104857600' });
  await client.close();
  const instance = server.getInstanceInfo();
  if (instance === false) throw new Error('it does not run');
  expect(await server.stop()).toBe(true);
  // Not by SIGKILL, after 10 seconds.
  expect(warn).not.toHaveBeenCalled();
  expect(instance.childProcess?.exitCode).toBe(0);
});

test('is told that the port is in use', async (context) => {
  const occupied = createServer().listen(0, '127.0.0.1');
  context.onTestFinished(() => void occupied.close());
  await once(occupied, 'listening');
  const { port } = occupied.address() as AddressInfo;
  // The class above takes another port then.
  const { default: instances } = (await import(
    'redis-memory-server/lib/util/RedisInstance.js'
  )) as unknown as { default: { run(options: object): Promise<unknown> } };
  await expect(instances.run(options(context, { port, ip: '127.0.0.1' }))).rejects.toBe(
    `Port ${port} already in use`,
  );
});

// What the module @testcontainers/redis has an image run: each setting is one word.
test("Testcontainers' command line, with its password and its volume", async (context) => {
  const program = await Program.start(
    (port) => [`--port ${port}`, '--requirepass secret', '--save 1 1 ', '--appendonly yes'],
    { command: [LAUNCHER] },
  );
  context.onTestFinished(() => program.dispose());
  await program.logged('Ready to accept connections');
  const client = await program.connect();
  expect(textOf(await client.command('AUTH', 'secret'))).toBe('OK');
  const settings = await client.command('CONFIG', 'GET', 'save', 'appendonly');
  expect(settings.items?.map(textOf)).toEqual(['save', '1 1', 'appendonly', 'yes']);
});
