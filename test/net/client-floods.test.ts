// One client cannot end the process, whatever it has the server keep for it: the server is started with a
// small JavaScript heap, with `maxmemory-clients` and without, and flooded with one kind of state after
// another. Everybody else is served, and the flood ends as it does with Redis where that has a limit (the
// client is evicted), and with an error or the client's end where it has none.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Program } from '../program/program.ts';
import { freePort } from '../support/free-port.ts';
import { hasRedis } from '../support/needs-redis.ts';
import type { RawClient } from '../support/raw-client.ts';
import { byTier, variantsByTier } from '../support/tier.ts';
import { Flood, type FloodKind, type FloodOutcome } from './flood.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** In megabytes; the less, the sooner a flood would fill it. */
const HEAP_MB = byTier(128, 256);
/** V8's limit includes the young generation, which each release of Node chooses otherwise. */
const SMALL_HEAP = [
  process.execPath,
  ...[`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=16'],
  MAIN,
];
const REDIS = ['redis-server'];
/** A limit that the state of one client exceeds soon: Redis takes minutes to keep 20 MB of some kinds. */
const SMALL_LIMIT = '300kb';

async function start(command: readonly string[], limit: string): Promise<Program> {
  const port = await freePort();
  const settings = ['--save', '', '--maxmemory-clients', limit, '--enable-debug-command', 'yes'];
  return Program.start(() => ['--port', String(port), '--bind', '127.0.0.1', ...settings], {
    command,
    port,
  });
}

/** A server, and a client beside the floods, which must always be answered. */
class FloodedServer {
  readonly program: Program;
  readonly bystander: RawClient;

  private constructor(program: Program, bystander: RawClient) {
    this.program = program;
    this.bystander = bystander;
  }

  static async start(command: readonly string[], limit: string): Promise<FloodedServer> {
    const program = await start(command, limit);
    const bystander = await program.connect();
    await bystander.command('CLIENT', 'NO-EVICT', 'on');
    return new FloodedServer(program, bystander);
  }

  async flood(kind: FloodKind, sizes: { rounds?: number } = {}): Promise<FloodOutcome> {
    const outcome = await Flood.run(kind, this.program.port, this.bystander, sizes.rounds);
    expect(this.program.child.exitCode ?? this.program.child.signalCode).toBeNull();
    expect((await this.bystander.command('PING')).bytes.toString()).toBe('+PONG\r\n');
    return outcome;
  }

  async evictedClients(): Promise<number> {
    const info = (await this.bystander.command('INFO', 'stats')).bytes.toString();
    return Number(/evicted_clients:(\d+)/.exec(info)?.[1]);
  }

  async stop(): Promise<void> {
    await this.bystander.close();
    await this.program.dispose();
  }
}

/** With `maxmemory-clients`, and how each of them ends. */
const EVICTED_KINDS: readonly FloodKind[] = [
  'MULTI',
  'SUBSCRIBE',
  'PSUBSCRIBE',
  'SSUBSCRIBE',
  'WATCH',
  'BCAST prefixes',
  'BLPOP',
  'XREAD BLOCK',
  'XREADGROUP BLOCK',
  'incomplete argument',
  'incomplete arguments',
  'unread replies',
  'MONITOR unread',
  'subscriber unread',
];

describe('with a limit that Redis has too', () => {
  let synap: FloodedServer;
  let redis: FloodedServer | undefined;

  beforeAll(async () => {
    synap = await FloodedServer.start(SMALL_HEAP, SMALL_LIMIT);
    redis = hasRedis ? await FloodedServer.start(REDIS, SMALL_LIMIT) : undefined;
  });

  afterAll(async () => {
    await synap.stop();
    await redis?.stop();
  });

  test.each(EVICTED_KINDS)('%s: the client is evicted', async (kind) => {
    for (const server of redis === undefined ? [synap] : [redis, synap]) {
      const before = await server.evictedClients();
      const outcome = await server.flood(kind);
      expect(outcome).toBe('closed');
      expect(await server.evictedClients()).toBeGreaterThan(before);
    }
  });
});

describe.each(variantsByTier(['0', '20mb']))(
  'with a small heap and maxmemory-clients %s',
  (limit) => {
    let synap: FloodedServer;

    beforeAll(async () => {
      synap = await FloodedServer.start(SMALL_HEAP, limit);
    });

    afterAll(() => synap.stop());

    test.each<[FloodKind, FloodOutcome, FloodOutcome]>([
      // Off the heap, it may become as large as memory allows.
      ['MULTI', 'done', 'closed'],
      ['SUBSCRIBE', 'refused', 'closed'],
      ['SUBSCRIBE at once', 'refused', 'closed'],
      ['PSUBSCRIBE', 'refused', 'closed'],
      ['SSUBSCRIBE', 'refused', 'closed'],
      ['WATCH', 'refused', 'closed'],
      ['WATCH at once', 'refused', 'closed'],
      ['BCAST prefixes', 'refused', 'closed'],
      ['BLPOP', 'refused', 'closed'],
      ['XREAD BLOCK', 'refused', 'closed'],
      ['XREADGROUP BLOCK', 'refused', 'closed'],
      ['giant XADD', 'done', 'closed'],
      ['giant XCLAIM', 'done', 'closed'],
      ['names', 'refused', 'closed'],
      ['incomplete argument', 'done', 'closed'],
      ['incomplete arguments', 'done', 'closed'],
      // What it does not read is not computed: no more than 4 MB wait for it.
      ['unread replies', 'done', 'done'],
      ['MONITOR unread', 'done', 'closed'],
      ['slow log', 'done', 'done'],
      ['huge settings', 'done', 'closed'],
      ['many settings', 'done', 'done'],
      ['transactions', 'done', 'done'],
      ['huge subcommands', 'done', 'closed'],
      // Their requests alone exceed the limit.
      ['publishing transaction', 'done', 'closed'],
      ['monitored transaction', 'done', 'closed'],
      ['tracked keys', 'done', 'closed'],
      ['followed keys', 'done', 'closed'],
      ['silent subscriptions', 'done', 'closed'],
    ])('%s', async (kind, withoutLimit, withLimit) => {
      expect(await synap.flood(kind)).toBe(limit === '0' ? withoutLimit : withLimit);
    });
  },
);
