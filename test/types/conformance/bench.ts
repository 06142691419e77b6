// A keyspace with some types of values, on which commands run past dispatch, and what the parts of the conformance
// suite ask it.
import { expect, onTestFinished } from 'vitest';
import { digestOfValue } from '../../../src/commands/debug/digest.ts';
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Client } from '../../../src/core/client.ts';
import type { Services } from '../../../src/core/services.ts';
import type { Snapshots } from '../../../src/core/snapshots.ts';
import type { Database } from '../../../src/keyspace/database.ts';
import type { Keyspace } from '../../../src/keyspace/keyspace.ts';
import type { ValueType } from '../../../src/keyspace/value-type.ts';
import { TestServer } from '../../support/test-call.ts';
import { contentsOf, type Line, type Sample, type TypeFixture } from './fixture.ts';

/** The time at which every bench starts. */
export const START_MS = 1_700_000_000_000;
/** A deadline that never comes, and one that has passed: only the least possible work is done. */
export const NEVER: number = Number.POSITIVE_INFINITY;
export const AT_ONCE = -1;

/** What is tested: a type among others. */
export interface Subject {
  /** All types of the keyspace. */
  readonly types: readonly ValueType[];
  readonly type: ValueType;
  readonly fixture: TypeFixture;
}

/** Benches that tests have left empty. */
const spares = new WeakMap<Subject, TypeBench[]>();

/**
 * A bench for the test that runs: one that an earlier test has used, if there is one. Each has a segment of memory and
 * a table of commands of its own, and making them takes longer than most tests. When the test is over, the bench must
 * be as empty as a new one.
 */
export function useBench(subject: Subject): TypeBench {
  const benches = spares.get(subject) ?? [];
  spares.set(subject, benches);
  const bench = benches.pop() ?? new TypeBench(subject);
  onTestFinished(({ task }) => {
    if (task.result?.state !== 'pass') return;
    bench.reset();
    benches.push(bench);
  });
  return bench;
}

/** The bench; see the head of this file. */
export class TypeBench {
  readonly keyspace: Keyspace;
  /** Database 0, in which commands run. */
  readonly db: Database;
  readonly subject: Subject;
  readonly #server: TestServer;
  readonly #client: Client;
  readonly #emptyOverhead: number;
  readonly #onReclaimable: () => void;
  #nowMs = START_MS;

  constructor(subject: Subject) {
    this.subject = subject;
    this.#server = new TestServer(
      [...families.flat(), ...(subject.fixture.rows ?? [])],
      {
        config: loadConfig({ settings: [] }),
        snapshots: { emptied: () => {} } as Snapshots,
      } as Partial<Services>,
      subject.types,
    );
    this.keyspace = this.#server.keyspace;
    subject.fixture.settle?.(this.keyspace);
    this.keyspace.tick(START_MS);
    [this.db] = this.keyspace.databases;
    this.#emptyOverhead = this.#overhead();
    this.#onReclaimable = this.keyspace.onReclaimable;
    this.#client = this.#server.connect();
  }

  /** Runs a command; returns its reply, encoded. */
  run(...line: readonly (string | Buffer)[]): string {
    return this.#server.run(this.#client, ...line);
  }

  /** Runs commands that succeed. */
  runAll(lines: readonly Line[]): void {
    for (const line of lines) this.#succeed(line);
  }

  /** Runs a command that succeeds; returns the reply's bulk string, or its first line. */
  text(...line: readonly (string | Buffer)[]): string {
    const reply = this.#succeed(line);
    const at = reply.indexOf('\r\n');
    if (!reply.startsWith('$')) return reply.slice(1, at);
    return reply.slice(at + 2, -2);
  }

  /** As `text`, for bytes. */
  bytes(...line: readonly (string | Buffer)[]): Buffer {
    return Buffer.from(this.text(...line), 'latin1');
  }

  /** Makes a value under a key. */
  make(sample: Pick<Sample, 'make'>, key: string): void {
    this.runAll(sample.make(key));
  }

  /** The entry of a key, or 0: nothing is saved for a snapshot as it is looked at. */
  ref(key: string, database = this.db): number {
    const bytes = Buffer.from(key, 'latin1');
    return database.find(bytes, 0, bytes.length);
  }

  /** All that can be read of a value. */
  contents(key: string): string {
    const { fixture } = this.subject;
    return contentsOf(fixture, this.#succeed(fixture.read(key)));
  }

  /** The digest of a value and its expiry. */
  digest(key: string, database = this.db): string {
    return digestOfValue(this.keyspace, database, this.ref(key, database));
  }

  /** All keys with the digests of their values and their expiries, by database. */
  digests(): Map<string, string> {
    const digests = new Map<string, string>();
    for (const database of this.keyspace.databases) {
      database.scan(0, NEVER, (ref) => {
        if (database.isDue(ref)) return;
        const key = database.key(ref).copy().toString('latin1');
        const expiry = database.expiryOf(ref);
        const digest = digestOfValue(this.keyspace, database, ref);
        digests.set(`${database.index} ${key}`, `${digest} ${expiry}`);
      });
    }
    return digests;
  }

  /** Has time pass; what is due is not looked for. */
  pass(ms: number): void {
    this.#nowMs += ms;
    this.keyspace.tick(this.#nowMs);
  }

  /** Gives back in slices what was emptied or freed in part; returns the slices and the most bytes of one. */
  reclaim(): { slices: number; mostBytes: number } {
    const { keyspace } = this;
    let slices = 0;
    let mostBytes = 0;
    for (let isMore = true; isMore; slices++) {
      const before = keyspace.usedBytes;
      isMore = keyspace.reclaim(AT_ONCE);
      mostBytes = Math.max(mostBytes, before - keyspace.usedBytes);
    }
    return { slices, mostBytes };
  }

  /** Bytes of values with their keys: all but tables and heaps, which keep some memory. */
  get valueBytes(): number {
    return this.keyspace.usedBytes - this.#overhead();
  }

  /** No value is there any more, and nothing is left of one. */
  expectNoValues(): void {
    this.reclaim();
    for (const { size } of this.keyspace.databases) expect(size).toBe(0);
    expect(this.valueBytes).toBe(this.keyspace.initialBytes - this.#emptyOverhead);
    expect(this.keyspace.arena.overflow.usedBytes).toBe(0);
  }

  /** Empties everything; no memory is in use but what an empty keyspace takes. */
  empty(): void {
    this.run('FLUSHALL');
    this.reclaim();
    expect(this.keyspace.usedBytes).toBe(this.keyspace.initialBytes);
    expect(this.keyspace.arena.overflow.usedBytes).toBe(0);
  }

  /** Empties everything, and makes it as it was in the beginning but for the time. */
  reset(): void {
    this.run('SELECT', '0');
    this.keyspace.onReclaimable = this.#onReclaimable;
    this.empty();
  }

  #succeed(line: readonly (string | Buffer)[]): string {
    const reply = this.run(...line);
    if (reply.startsWith('-')) throw new Error(`${line.slice(0, 3).join(' ')}: ${reply}`);
    return reply;
  }

  #overhead(): number {
    const { databases, entries, types } = this.keyspace;
    const parts = types.all.map(({ partExpiry }) => partExpiry?.overheadBytes(entries) ?? 0);
    return [...databases.map(({ overheadBytes }) => overheadBytes), ...parts].reduce(
      (a, b) => a + b,
    );
  }
}
