// Memory that ends while XREADGROUP, XCLAIM or XAUTOCLAIM gives entries to a consumer: what was given until then is in the
// log, and nothing else is. And while a stream is trimmed: what was taken until then counts.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { EffectArgument } from '../../../src/core/effects.ts';
import type { Services } from '../../../src/core/services.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../../src/keyspace/key-signals.ts';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { Request } from '../../../src/protocol/request.ts';
import { TYPE_STREAM } from '../../../src/types/stream/encodings.ts';
import { streamsOf } from '../../../src/types/stream/values.ts';
import { encodedCommands } from '../../support/encoded-commands.ts';
import { failAllocations } from '../../support/fail-allocations.ts';
import { TestServer } from '../../support/test-call.ts';

const NOW = 1_700_000_000_000;
const ENTRIES = 250;

/** A server with a stream, and another one, that have groups; it remembers effects. */
class Bench {
  readonly effects: string[][] = [];
  readonly server: TestServer;
  readonly #client;

  constructor() {
    this.server = new TestServer(families.flat(), {
      effects: {
        active: true,
        maxTransactionBytes: Number.POSITIVE_INFINITY,
        propagateAs: (_: unknown, ...args: EffectArgument[]) =>
          void this.effects.push(args.map((arg) => arg.toString())),
        propagateEncoded: (_: unknown, bytes: Uint8Array, length: number) => {
          const commands = encodedCommands(bytes, length);
          this.effects.push(...commands.map((words) => words.map(String)));
        },
        beginTransaction: () => {},
        endTransaction: () => {},
        suppress: () => {},
        together: (record: () => void) => record(),
      },
      config: loadConfig({ settings: [] }),
    } as Partial<Services>);
    this.server.keyspace.tick(NOW);
    this.#client = this.server.connect();
    for (let i = 1; i <= ENTRIES; i++) this.run('XADD', 's', `${i}-0`, 'f', 'v');
    this.run('XADD', 't', '1-0', 'f', 'v');
    for (const key of ['s', 't']) this.run('XGROUP', 'CREATE', key, 'g', '0');
    this.effects.length = 0;
  }

  run(...words: string[]): string {
    return this.server.run(this.#client, ...words);
  }

  /** Which entries are pending, for whom, and the last ids of the groups: what the log has, as in Redis. */
  state(): string[] {
    return ['s', 't'].flatMap((key) => [
      String(/last-delivered-id\r\n\$\d+\r\n\d+-\d+/.exec(this.run('XINFO', 'GROUPS', key))),
      this.run('XPENDING', key, 'g', '-', '+', String(ENTRIES)),
    ]);
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['XREADGROUP', [], ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>']],
  ['XREADGROUP NOACK', [], ['XREADGROUP', 'GROUP', 'g', 'c', 'NOACK', 'STREAMS', 's', '>']],
  [
    'XAUTOCLAIM',
    [['XREADGROUP', 'GROUP', 'g', 'a', 'STREAMS', 's', '>']],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', '0', 'COUNT', String(ENTRIES)],
  ],
  [
    'XCLAIM',
    [],
    [
      ...['XCLAIM', 's', 'g', 'c', '0'],
      ...Array.from({ length: ENTRIES }, (_, i) => `${i + 1}-0`),
      'FORCE',
    ],
  ],
])('%s', (_, before, line) => {
  let halfway = 0;
  for (let allowed = 0; ; allowed += 1 + (allowed >> 2)) {
    const bench = new Bench();
    for (const args of before) bench.run(...args);
    failAllocations(bench.server.keyspace.arena, allowed);
    let failed = false;
    try {
      bench.run(...line);
    } catch (error) {
      expect(error).toBeInstanceOf(ArenaFullError);
      failed = true;
    }
    vi.restoreAllMocks();
    if (bench.effects.length > 0) halfway++;
    // The next command has effects of its own only.
    bench.run('XREADGROUP', 'GROUP', 'g', 'b', 'STREAMS', 't', '>');
    const replayed = new Bench();
    for (const args of bench.effects) replayed.run(...args);
    expect(replayed.state()).toEqual(bench.state());
    if (!failed) break;
  }
  expect(halfway).toBeGreaterThan(0);
});

describe('where a block cannot be copied that is being saved', () => {
  /** A server whose stream is being saved; every allocation fails while `run` runs. */
  function withoutMemory(bench: Bench, run: () => void): void {
    const { keyspace } = bench.server;
    const [db] = keyspace.databases;
    streamsOf(db.entries).freeze(db.entries.root(db.find(Buffer.from('s'), 0, 1)));
    failAllocations(keyspace.arena, 0);
    expect(run).toThrow(ArenaFullError);
    vi.restoreAllMocks();
  }

  test('XTRIM counts the blocks that it has taken', () => {
    const bench = new Bench();
    const { keyspace } = bench.server;
    const before = keyspace.dirty;
    withoutMemory(bench, () => bench.run('XTRIM', 's', 'MAXLEN', '75'));
    expect(keyspace.dirty).toBe(before + 100);
    expect(bench.run('XLEN', 's')).toBe(`:${ENTRIES - 100}\r\n`);
    const info = bench.run('XINFO', 'STREAM', 's');
    expect(info).toContain('recorded-first-entry-id\r\n$5\r\n101-0\r\n');
  });

  test('XADD serves who waits for its entry, though it cannot trim', () => {
    const bench = new Bench();
    const { keyspace } = bench.server;
    const [db] = keyspace.databases;
    const events = KEY_CREATED | KEY_GROWN | KEY_GONE;
    const waiter = { type: TYPE_STREAM, events, places: [], serve: () => {} };
    keyspace.wait(waiter, db, Request.of(['s']), 0, 0);
    bench.run('XADD', 's', '251-0', 'f', 'v');
    keyspace.waits.takeReady();
    const streams = streamsOf(db.entries);
    vi.spyOn(streams, 'trim').mockImplementation(() => {
      throw new ArenaFullError();
    });
    expect(() => bench.run('XADD', 's', 'MAXLEN', '75', '252-0', 'f', 'v')).toThrow(ArenaFullError);
    expect(bench.run('XLEN', 's')).toBe(':252\r\n');
    expect(keyspace.waits.ready).toBe(1);
  });
});
