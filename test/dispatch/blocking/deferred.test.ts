// Commands that are answered later: DEBUG-like commands of the test's own, on a server with sockets.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { settingsOf } from '../../../src/config/options.ts';
import type { Call, Deferred, Handler } from '../../../src/core/call.ts';
import { Request } from '../../../src/protocol/request.ts';
import type { Server } from '../../../src/server/server.ts';
import { openLog, start } from '../../../src/server/start.ts';
import { infoField, readLog, until } from '../../net/logged-server.ts';
import { StubSubscriber } from '../../replication/stub-subscriber.ts';
import { encodeCommand } from '../../support/command-line.ts';
import { RawClient } from '../../support/raw-client.ts';
import { itemsOf, type Reply, textOf } from '../../support/reply-frames.ts';
import { BASE_CONFIG, temporaryDirectory } from '../../support/running-server.ts';

const STDERR = 2;

let directory: { path: string; remove(): void };
let server: Server;
let observer: RawClient;
let deferred: Deferred[];
const clients: RawClient[] = [];

beforeEach(async () => {
  directory = temporaryDirectory();
  const config = loadConfig({
    file: undefined,
    settings: settingsOf({
      ...BASE_CONFIG,
      port: 0,
      dir: directory.path,
      logfile: 'log',
      'log-format': 'json',
    }),
  });
  server = await start({
    config,
    log: openLog(config, STDERR),
    isEmbedded: true,
    onClosed: () => {},
  });
  deferred = [];
  // A command that writes, as the table has it, and does what the test says.
  handle((call) => deferred.push(call.defer()));
  observer = await connect();
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server.shutdown.close();
  directory.remove();
});

function handle(handler: Handler): void {
  const command = server.commands.byName('del');
  Object.assign(command ?? {}, { handler, quickUpTo: 0 });
}

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(server.listener.port);
  clients.push(client);
  return client;
}

async function ask(...args: string[]): Promise<string> {
  return show(await observer.command(...args));
}

/** A reply's text; those of an aggregate with commas between. */
function show(reply: Reply): string {
  const items = itemsOf(reply);
  return items.length === 0 ? textOf(reply) : items.map(show).join(',');
}

/** A client whose command waits for its answer, which the test gives. */
async function waiting(client: RawClient, ...args: string[]): Promise<Deferred> {
  const before = deferred.length;
  client.sendCommand(args.length === 0 ? ['DEL', 'k'] : args);
  return until('a command that waits', () => deferred[before]);
}

/** Deletes the key that the call names. */
function remove({ request, db, reply, server: { keyspace } }: Call): void {
  db.delete(request, 1);
  db.modified(request, 1, 1);
  expect(keyspace.dirty).toBeGreaterThan(0);
  reply.integer(1);
}

async function replyOf(client: RawClient): Promise<string> {
  const { replies } = await client.read();
  return replies.map(show).join();
}

describe('the client', () => {
  test('is answered later, and goes on then; others are served meanwhile', async () => {
    const client = await connect();
    const owed = await waiting(client);
    client.sendCommand(['SET', 'after', '1']);
    await ask('SET', 'k', 'v');
    expect(await ask('GET', 'k')).toBe('v');
    expect(await ask('EXISTS', 'after')).toBe('0');
    expect(await infoField(observer, 'blocked_clients')).toBe('1');
    expect(await infoField(observer, 'clients_in_timeout_table')).toBe('0');
    expect(await ask('CLIENT', 'LIST')).toMatch(/ flags=b .* cmd=del /);
    owed.answer(remove);
    const { replies } = await client.read(2);
    expect(replies.map(textOf)).toEqual(['1', 'OK']);
    expect(await ask('EXISTS', 'k')).toBe('0');
    expect(await infoField(observer, 'blocked_clients')).toBe('0');
  });

  test('is not answered by CLIENT UNBLOCK', async () => {
    const client = await connect();
    const id = textOf(await client.command('CLIENT', 'ID'));
    const owed = await waiting(client);
    expect(await ask('CLIENT', 'UNBLOCK', id)).toBe('0');
    expect(await ask('CLIENT', 'UNBLOCK', id, 'ERROR')).toBe('0');
    owed.answer(({ reply }) => reply.ok());
    expect(await replyOf(client)).toBe('OK');
  });

  test('is answered in its protocol', async () => {
    const client = await connect();
    await client.command('HELLO', '3');
    const owed = await waiting(client);
    owed.answer(({ reply }) => reply.map(0));
    const { replies } = await client.read();
    expect(replies[0].bytes.toString()).toBe('%0\r\n');
  });

  test('may be gone: the end of the command runs all the same', async () => {
    await ask('SET', 'k', 'v');
    const client = await connect();
    const owed = await waiting(client);
    await client.close();
    await until('nobody that waits', async () =>
      (await infoField(observer, 'blocked_clients')) === '0' ? true : undefined,
    );
    owed.answer(remove);
    expect(await ask('EXISTS', 'k')).toBe('0');
    expect(await ask('PING')).toBe('PONG');
  });

  test('may be killed', async () => {
    const client = await connect();
    const id = textOf(await client.command('CLIENT', 'ID'));
    const owed = await waiting(client);
    expect(await ask('CLIENT', 'KILL', 'ID', id)).toBe('1');
    expect(await infoField(observer, 'blocked_clients')).toBe('0');
    owed.answer(({ reply }) => reply.ok());
    expect((await client.read()).closed).toBe(true);
  });

  test.each([
    ['OFF', ''],
    ['SKIP', 'PONG'],
  ])('gets no answer with CLIENT REPLY %s', async (mode, next) => {
    const client = await connect();
    client.send(encodeCommand(['CLIENT', 'REPLY', mode]));
    const owed = await waiting(client);
    client.send(encodeCommand(['PING']));
    owed.answer(({ reply }) => reply.ok());
    if (next === '') client.send(encodeCommand(['CLIENT', 'REPLY', 'ON']));
    expect(await replyOf(client)).toBe(next === '' ? 'OK' : next);
  });

  test('may be of a server that closes', async () => {
    const owed = await waiting(await connect());
    await server.shutdown.close();
    owed.answer(remove);
  });
});

describe('the end of the command', () => {
  test('is watched, served and told of', async () => {
    const [client, watcher, waiter, reader] = [
      await connect(),
      await connect(),
      await connect(),
      await connect(),
    ];
    await ask('SET', 'k', 'v');
    await watcher.command('WATCH', 'k');
    await watcher.command('MULTI');
    await watcher.command('PING');
    for (const tracking of [reader, client]) {
      await tracking.command('HELLO', '3');
      await tracking.command('CLIENT', 'TRACKING', 'ON');
      await tracking.command('GET', 'k');
    }
    waiter.sendCommand(['BLPOP', 'list', '0']);
    const owed = await waiting(client);
    await until('both to wait', async () =>
      (await infoField(observer, 'blocked_clients')) === '2' ? true : undefined,
    );
    const push = server.commands.byName('rpush')?.handler;
    owed.answer((call) => {
      remove(call);
      const { request } = call;
      call.request = Request.of(['RPUSH', 'list', 'element']);
      const mark = call.reply.mark();
      push?.(call);
      call.reply.rewind(mark);
      call.request = request;
    });
    const [answer, invalidation] = (await client.read(2, true)).replies;
    expect(show(answer)).toBe('1');
    expect(show(invalidation)).toBe('invalidate,k');
    expect(await replyOf(waiter)).toBe('list,element');
    expect((await watcher.command('EXEC')).bytes.toString()).toBe('*-1\r\n');
    expect(show((await reader.read(1, true)).replies[0])).toBe('invalidate,k');
  });

  test('is recorded as an effect, on which the answer depends', async () => {
    const log = new StubSubscriber('log');
    log.holdsReplies = true;
    server.stream.subscribe(log);
    const recorded = () => log.bytes.toString();
    const letGo = () => {
      log.durableOffset = log.end;
      server.stream.progressed();
    };
    const set = encodeCommand(['SET', 'k', 'v']).toString();
    observer.send(Buffer.from(set));
    await until('an effect', () => recorded() || undefined);
    letGo();
    expect(await replyOf(observer)).toBe('OK');
    const client = await connect();
    const owed = await waiting(client);
    expect(recorded()).toBe(set);
    owed.answer(remove);
    expect(recorded()).toBe(set + encodeCommand(['DEL', 'k']).toString());
    // The same turn sends what is safe; the answer is not.
    server.replies.flush();
    const [connection] = [...server.connections.values()].slice(-1);
    expect(connection.output.awaitingBytes).toBeGreaterThan(0);
    letGo();
    expect(await replyOf(client)).toBe('1');
    server.stream.unsubscribe(log);
  });

  test('counts for the command with all its time', async () => {
    await ask('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    const client = await connect();
    const owed = await waiting(client);
    await new Promise((resolve) => setTimeout(resolve, 20));
    owed.answer(({ reply }) => reply.error('WRONG this'));
    expect(await replyOf(client)).toBe('WRONG this');
    const stats = await infoField(observer, 'cmdstat_del');
    const [, us] = /^calls=1,usec=(\d+),.*failed_calls=1$/.exec(stats) ?? [];
    expect(Number(us)).toBeGreaterThanOrEqual(15_000);
    expect(await infoField(observer, 'errorstat_WRONG')).toBe('count=1');
    const slow = await ask('SLOWLOG', 'GET');
    expect(slow.match(/DEL,k/g)).toHaveLength(1);
  });

  test('may throw: that is logged, and answered as an internal error', async () => {
    const [client, other] = [await connect(), await connect()];
    const owed = await waiting(client);
    owed.answer(({ reply }) => {
      reply.array(3);
      throw new Error('a defect');
    });
    expect(await replyOf(client)).toBe('ERR internal error; it was logged');
    handle((call) =>
      call.deferUntil(Promise.reject(new Error('another')), ({ reply }) => reply.ok()),
    );
    expect(textOf(await other.command('DEL', 'k'))).toBe('ERR internal error; it was logged');
    const told = readLog(join(directory.path, 'log')).map(({ err }) => JSON.stringify(err));
    expect(told).toEqual([expect.stringContaining('a defect'), expect.stringContaining('another')]);
  });
});

describe('refused', () => {
  test('in a transaction, where a handler can tell', async () => {
    const seen: boolean[] = [];
    handle((call) => {
      seen.push(call.mayWait);
      call.defer();
    });
    await observer.command('MULTI');
    await observer.command('DEL', 'k');
    expect(await ask('EXEC')).toBe('ERR internal error; it was logged');
    expect(seen).toEqual([false]);
    expect(await infoField(observer, 'blocked_clients')).toBe('0');
  });

  test('to a command that is called quick', async () => {
    Object.assign(server.commands.byName('del') ?? {}, { quickUpTo: 2 });
    expect(await ask('DEL', 'k')).toBe('ERR internal error; it was logged');
  });

  test('a second answer, and one while requests are run', async () => {
    const owed = await waiting(await connect());
    const later = await waiting(await connect());
    owed.answer(({ reply }) => reply.ok());
    expect(() => owed.answer(({ reply }) => reply.ok())).toThrow('answered twice');
    handle(() => later.answer(({ reply }) => reply.ok()));
    expect(await ask('DEL', 'k')).toBe('ERR internal error; it was logged');
    expect(readFileSync(join(directory.path, 'log'), 'utf8')).toContain('while requests are run');
  });
});

describe('CONFIG SET', () => {
  test('answers when a listener that waits is done, and others go on meanwhile', async () => {
    let finish: (problem: string | undefined) => void = () => {};
    server.config.onSlowChange(
      'timeout',
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    const [client, second] = [await connect(), await connect()];
    client.sendCommand(['CONFIG', 'SET', 'timeout', '5']);
    await until('a change that waits', async () =>
      (await infoField(observer, 'blocked_clients')) === '1' ? true : undefined,
    );
    second.sendCommand(['CONFIG', 'SET', 'maxmemory', '0', 'hz', '20']);
    await until('two changes that wait', async () =>
      (await infoField(observer, 'blocked_clients')) === '2' ? true : undefined,
    );
    finish(undefined);
    expect(await replyOf(client)).toBe('OK');
    expect(await replyOf(second)).toBe('OK');
    expect(await ask('CONFIG', 'GET', 'hz')).toBe('hz,20');
    client.sendCommand(['CONFIG', 'SET', 'timeout', '6']);
    await until('a change that waits', async () =>
      (await infoField(observer, 'blocked_clients')) === '1' ? true : undefined,
    );
    finish('no');
    await until('the change to be taken back', () =>
      server.config.values.timeout === 5 ? true : undefined,
    );
    expect(await replyOf(client)).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - no",
    );
  });

  test('is an internal error when the listener fails', async () => {
    server.config.onSlowChange('timeout', () => Promise.reject(new Error('a defect')));
    expect(await ask('CONFIG', 'SET', 'timeout', '5')).toBe('ERR internal error; it was logged');
    expect(await ask('CONFIG', 'GET', 'timeout')).toBe('timeout,0');
  });

  test('shows no password in the slow log, though it waited', async () => {
    server.config.onSlowChange('requirepass', () => Promise.resolve(undefined));
    await ask('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    expect(await ask('CONFIG', 'SET', 'requirepass', 'secret')).toBe('OK');
    const slow = await ask('SLOWLOG', 'GET');
    expect(slow).toContain('CONFIG,SET,requirepass,(redacted)');
    expect(slow).not.toContain('secret');
  });

  test('is refused in a transaction', async () => {
    server.config.onSlowChange('timeout', () => Promise.resolve(undefined));
    await observer.command('MULTI');
    await observer.command('CONFIG', 'SET', 'timeout', '5');
    await observer.command('CONFIG', 'SET', 'hz', '20');
    expect(await ask('EXEC')).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - this directive cannot be set inside a transaction,OK",
    );
  });
});
