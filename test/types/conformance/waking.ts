// What wakes those who wait for values of a type (ValueType.wakes), whatever makes a key, adds to its value, or takes
// it away; and that changes are told as events of the type's class.
import { describe, expect, test } from 'vitest';
import {
  EVENT_GENERIC,
  EVENT_KEYEVENT,
  EVENT_KEYSPACE,
  KeyEvents,
} from '../../../src/keyspace/key-events.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../../src/keyspace/key-signals.ts';
import type { Waiter, WaitPlace } from '../../../src/keyspace/waits.ts';
import { Request } from '../../../src/protocol/request.ts';
import { NEVER, START_MS, type Subject, TypeBench } from './bench.ts';
import { samplesByTier } from './fixture.ts';

type Act = (bench: TypeBench) => void;

/** Letters of all classes of events that a type can have. */
const CLASSES = '$lshztdm';

/** A key with a value like that of `from` comes to be `k`. */
const BEGINNINGS: Readonly<Record<string, Act>> = {
  RENAME: (bench) => bench.run('RENAME', 'from', 'k'),
  COPY: (bench) => bench.run('COPY', 'from', 'k'),
  RESTORE: (bench) => bench.run('RESTORE', 'k', '0', bench.bytes('DUMP', 'from')),
  MOVE: (bench) => {
    bench.run('RENAME', 'from', 'k');
    bench.run('MOVE', 'k', '1');
    bench.run('SELECT', '1');
    bench.keyspace.waits.takeReady();
    bench.run('MOVE', 'k', '0');
    bench.run('SELECT', '0');
  },
  SWAPDB: (bench) => {
    bench.run('COPY', 'from', 'k', 'DB', '1');
    bench.run('SWAPDB', '0', '1');
  },
};

/** `k` comes to its end. */
const ENDS: Readonly<Record<string, Act>> = {
  DEL: (bench) => bench.run('DEL', 'k'),
  UNLINK: (bench) => bench.run('UNLINK', 'k'),
  RENAME: (bench) => bench.run('RENAME', 'k', 'other'),
  'RENAME over it': (bench) => bench.run('RENAME', 'from', 'k'),
  'COPY over it': (bench) => bench.run('COPY', 'from', 'k', 'REPLACE'),
  'RESTORE over it': (bench) =>
    bench.run('RESTORE', 'k', '0', bench.bytes('DUMP', 'from'), 'REPLACE'),
  MOVE: (bench) => bench.run('MOVE', 'k', '1'),
  FLUSHDB: (bench) => bench.run('FLUSHDB'),
  FLUSHALL: (bench) => bench.run('FLUSHALL'),
  SWAPDB: (bench) => bench.run('SWAPDB', '0', '1'),
  eviction: (bench) => bench.db.evictEntry(bench.ref('k')),
  expiry: (bench) => {
    bench.run('PEXPIREAT', 'k', String(START_MS + 1));
    bench.pass(1);
    bench.keyspace.expireDue(NEVER);
  },
};

/** What has made `k` ready since: bits of key-signals.ts; 0 when it is not. */
function woken({ keyspace: { waits } }: TypeBench): number {
  let events = 0;
  for (let queue = waits.takeReady(); queue !== undefined; queue = waits.takeReady()) {
    if (queue.key === 'k') events |= queue.takenEvents;
  }
  return events;
}

/** A bench on which somebody waits for `k`, of the type, in one way. */
function waitingBench(subject: Subject, events: number): TypeBench {
  const bench = new TypeBench(subject);
  const places: WaitPlace[] = [];
  const waiter: Waiter = { type: subject.type.id, events, places, serve: () => {} };
  bench.keyspace.wait(waiter, bench.db, Request.of(['command', 'k']), 1, 1);
  return bench;
}

/** Declares the tests; see the head of this file. */
export function conformToWaking(subject: Subject): void {
  const { type, fixture } = subject;
  const samples = samplesByTier(fixture);
  /** The samples of a type that wakes at an event: of one that does not there is nothing to be tested. */
  const samplesOf = (event: number) => ((type.wakes & event) === 0 ? [] : samples);

  for (const [name, event] of Object.entries({ KEY_CREATED, KEY_GROWN, KEY_GONE })) {
    if ((type.wakes & event) !== 0) continue;
    test(`nobody can wait for ${name}`, () => {
      expect(() => waitingBench(subject, event)).toThrow(`values of type ${type.name} do not send`);
    });
  }

  describe.each(samplesOf(KEY_CREATED))('$name: a new one', (sample) => {
    test('wakes', () => {
      const bench = waitingBench(subject, KEY_CREATED);
      bench.run('SET', 'k', 'a string');
      bench.make(sample, 'from');
      expect(woken(bench)).toBe(0);
      bench.run('DEL', 'k');
      bench.make(sample, 'k');
      expect(woken(bench)).toBe(KEY_CREATED);
    });

    test.each(Object.entries(BEGINNINGS))('%s: wakes', (_, act) => {
      const bench = waitingBench(subject, KEY_CREATED);
      bench.make(sample, 'from');
      act(bench);
      expect(bench.ref('k')).not.toBe(0);
      expect(woken(bench)).toBe(KEY_CREATED);
    });
  });

  describe.each(samplesOf(KEY_GROWN))('$name: a larger one', (sample) => {
    const growth = fixture.growth ?? (() => []);

    test('wakes, and wakes at a time', () => {
      const bench = waitingBench(subject, KEY_GROWN);
      bench.make(sample, 'k');
      woken(bench);
      bench.run(...growth('k'));
      expect(woken(bench)).toBe(KEY_GROWN);
      bench.db.signalAt(bench.ref('k'), START_MS + 10);
      bench.pass(9);
      bench.keyspace.signalDue();
      expect(woken(bench)).toBe(0);
      bench.pass(1);
      bench.keyspace.signalDue();
      expect(woken(bench)).toBe(KEY_GROWN);
    });

    test.each(Object.entries(ENDS))('%s: ends the time', (_, act) => {
      const bench = waitingBench(subject, KEY_GROWN);
      for (const key of ['k', 'from']) bench.make(sample, key);
      bench.db.signalAt(bench.ref('k'), START_MS + 10);
      act(bench);
      expect(bench.keyspace.waits.soonestMs).toBe(Number.POSITIVE_INFINITY);
    });
  });

  describe.each(samplesOf(KEY_GONE))('$name: its end', (sample) => {
    test.each(Object.entries(ENDS))('%s: wakes', (_, act) => {
      const bench = waitingBench(subject, KEY_GONE);
      for (const key of ['k', 'from']) bench.make(sample, key);
      act(bench);
      expect(woken(bench)).toBe(KEY_GONE);
    });

    test('by a value of another type wakes', () => {
      const bench = waitingBench(subject, KEY_GONE);
      bench.make(sample, 'k');
      bench.run('SET', 'k', 'a string');
      expect(woken(bench)).toBe(KEY_GONE);
      bench.run('DEL', 'k');
      expect(woken(bench)).toBe(0);
    });
  });

  test('each change is told as an event of its class', () => {
    expect(bitOf(CLASSES) & type.eventClass).toBe(type.eventClass);
    const letter = [...CLASSES].find((one) => bitOf(one) === type.eventClass);
    expect(letter).toBeDefined();
    const bench = new TypeBench(subject);
    for (const change of fixture.changes) {
      expect(eventsOf(bench, change('k'), `${letter}`)).toBeGreaterThan(0);
      expect(eventsOf(bench, change('k'), CLASSES.replace(`${letter}`, ''))).toBe(0);
    }
  });
}

/** The classes of letters. */
function bitOf(letters: string): number {
  const events = new KeyEvents();
  events.choose(`KE${letters}`);
  return events.mask & ~(EVENT_KEYSPACE | EVENT_KEYEVENT | EVENT_GENERIC);
}

/** How many events of these classes a command causes on a value of each sample. */
function eventsOf(bench: TypeBench, line: readonly string[], letters: string): number {
  let count = 0;
  bench.keyspace.events.publisher = { hasSubscribers: true, publishBytes: () => ++count };
  for (const sample of samplesByTier(bench.subject.fixture)) {
    bench.keyspace.chooseEvents('');
    bench.empty();
    bench.make(sample, 'k');
    bench.keyspace.chooseEvents(`K${letters}`);
    bench.run(...line);
  }
  return count;
}
