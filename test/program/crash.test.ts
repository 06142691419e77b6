// What DEBUG can do to a process that is the server's own: it ends as a defect would end it, with what was
// acknowledged still there.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type TestContext, test } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { Program } from './program.ts';

const FLAGS = ['--bind', '127.0.0.1', '--enable-debug-command', 'yes', '--appendonly', 'yes'];

async function start({ onTestFinished }: TestContext, cwd?: string): Promise<Program> {
  const options = cwd === undefined ? {} : { cwd };
  const program = await Program.start((port) => ['--port', String(port), ...FLAGS], options);
  onTestFinished(() => program.dispose());
  return program;
}

/** A client of a server that has loaded its data. */
async function loaded(program: Program): Promise<RawClient> {
  const client = await program.connect();
  while (/^LOADING/.test(textOf(await client.command('GET', 'k')))) await setTimeout(5);
  return client;
}

test.concurrent.for([
  ['SEGFAULT', 'SIGSEGV'],
  ['PANIC', 'SIGABRT'],
  ['ASSERT', 'SIGABRT'],
  ['OOM', 'SIGABRT'],
] as const)('DEBUG %s ends the process by %s', async ([name, signal], context) => {
  const { expect } = context;
  const program = await start(context);
  const client = await loaded(program);
  expect(textOf(await client.command('SET', 'k', 'acknowledged'))).toBe('OK');
  client.send(Buffer.from(`DEBUG ${name}\r\n`));
  const outcome = await program.ended();
  expect(outcome).toMatchObject({ code: null, signal });
  expect(outcome.stdout).toContain(`Crashed by ${signal}, as DEBUG ${name} has asked for`);
  expect(await client.readUntilClose()).toHaveLength(0);
  const next = await loaded(await start(context, program.directory));
  expect(textOf(await next.command('GET', 'k'))).toBe('acknowledged');
});

test('a log cannot end the server', async (context) => {
  const { expect } = context;
  const directory = temporaryDirectory();
  context.onTestFinished(() => directory.remove());
  const log = ['DEBUG SEGFAULT', 'DEBUG PANIC', 'SET k v'].map((line) => bytesOf(line)).join('');
  writeFileSync(join(directory.path, 'appendonly.aof'), log);
  const client = await loaded(await start(context, directory.path));
  expect(textOf(await client.command('GET', 'k'))).toBe('v');
});

function bytesOf(line: string): string {
  const words = line.split(' ');
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}
