// Which snapshot is taken when: what runs beside what, what gives way, what is given up by what, who joins whom.
// The jobs are stubs; one kind stands for what replicas will ask for (full synchronisation).
import { beforeEach, describe, expect, test } from 'vitest';
import {
  BACKGROUND_SAVE,
  LOG_REWRITE,
  type SnapshotJob,
  type SnapshotKind,
  type SnapshotOutcome,
  type TakenSnapshot,
} from '../../../src/persistence/snapshots/snapshot-job.ts';
import { SnapshotScheduler } from '../../../src/persistence/snapshots/snapshot-scheduler.ts';
import type { SnapshotWriting } from '../../../src/persistence/snapshots/snapshot-writing.ts';

/** A replica that needs all data: its snapshot stays right whatever happens to the data. */
const FULL_SYNCHRONISATION: SnapshotKind = {
  ...{ name: 'full synchronisation', priority: 30, endsByFlush: false, keepsPlace: false },
};

const SNAPSHOT: TakenSnapshot = { path: '/data/dump.rdb', sizeBytes: 100, offset: 7 };
const OTHER: TakenSnapshot = { path: '/data/other.rdb', sizeBytes: 200, offset: 9 };

/** A job that does what the test says. */
class Stub implements SnapshotJob {
  readonly kind: SnapshotKind;
  readonly isUrgent: boolean;
  readonly isShared: boolean;
  accepts?: (other: SnapshotJob) => boolean;
  isTaking = true;
  begun = 0;
  cancelled = 0;
  /** Thrown by `begin`. */
  refusal: Error | undefined;
  readonly outcomes: SnapshotOutcome[] = [];
  #settle: { resolve(snapshot?: TakenSnapshot): void; reject(error: Error): void } | undefined;

  constructor(kind: SnapshotKind, { isUrgent = false, isShared = false } = {}) {
    this.kind = kind;
    this.isUrgent = isUrgent;
    this.isShared = isShared;
  }

  begin(): Promise<TakenSnapshot | undefined> {
    this.begun++;
    if (this.refusal !== undefined) throw this.refusal;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  cancel(): void {
    this.cancelled++;
  }

  onDone(outcome: SnapshotOutcome): void {
    this.outcomes.push(outcome);
  }

  /** Has what was begun end. */
  async end(result?: TakenSnapshot | Error): Promise<void> {
    if (result instanceof Error) this.#settle?.reject(result);
    else this.#settle?.resolve(result);
    await settle();
  }

  get how(): string[] {
    return this.outcomes.map(({ how }) => how);
  }
}

const settle = () => new Promise(setImmediate);

let scheduler: SnapshotScheduler;
let save: Stub;
let rewrite: Stub;

beforeEach(() => {
  scheduler = new SnapshotScheduler();
  save = new Stub(BACKGROUND_SAVE);
  rewrite = new Stub(LOG_REWRITE);
});

describe('one at a time', () => {
  test('the same again is in progress, another one is blocked or waits', async () => {
    expect(scheduler.ask(save, 'now')).toBe('started');
    expect(scheduler.isUnderWay(BACKGROUND_SAVE)).toBe(true);
    for (const when of ['now', 'now or later', 'later'] as const) {
      expect(scheduler.ask(save, when)).toBe('in progress');
    }
    expect(scheduler.ask(rewrite, 'now')).toBe('blocked');
    expect(scheduler.isWaiting(LOG_REWRITE)).toBe(false);
    expect(scheduler.ask(rewrite, 'now or later')).toBe('scheduled');
    expect(scheduler.isWaiting(LOG_REWRITE)).toBe(true);
    scheduler.tick();
    expect(rewrite.begun).toBe(0);
    await save.end(SNAPSHOT);
    expect(save.outcomes).toEqual([{ how: 'taken', snapshot: SNAPSHOT }]);
    expect(rewrite.begun).toBe(0);
    scheduler.tick();
    expect(rewrite.begun).toBe(1);
    expect(scheduler.isWaiting(LOG_REWRITE)).toBe(false);
    await rewrite.end(OTHER);
    expect(rewrite.outcomes).toEqual([{ how: 'taken', snapshot: OTHER }]);
    expect(scheduler.isIdle).toBe(true);
  });

  test('what is to come later begins at a tick even when nothing is under way', () => {
    expect(scheduler.ask(save, 'later')).toBe('scheduled');
    expect(save.begun).toBe(0);
    scheduler.tick();
    expect(save.begun).toBe(1);
  });

  test('those that wait begin by priority, those of a kind by age', async () => {
    const [first, second] = [1, 2].map(() => new Stub(FULL_SYNCHRONISATION));
    for (const stub of [first, second]) stub.accepts = () => false;
    for (const job of [rewrite, first, save, second]) scheduler.request(job);
    for (const job of [first, second, save, rewrite]) {
      scheduler.tick();
      expect(scheduler.isIdle).toBe(false);
      expect(job.begun).toBe(1);
      await job.end(SNAPSHOT);
      expect(job.how).toEqual(['taken']);
    }
  });

  test('what cannot begin, or fails later, says why, and the next one begins', async () => {
    const error = new Error('no disk');
    save.refusal = error;
    expect(scheduler.ask(save, 'now')).toBe('failed');
    scheduler.request(save);
    scheduler.request(rewrite);
    scheduler.tick();
    expect(save.outcomes).toEqual([
      { how: 'failed', error },
      { how: 'failed', error },
    ]);
    expect(rewrite.begun).toBe(1);
    await rewrite.end(error);
    expect(rewrite.outcomes).toEqual([{ how: 'failed', error }]);
    expect(scheduler.isIdle).toBe(true);
  });

  test('what is about to need one keeps others away, and cannot be kept away', async () => {
    const leave = scheduler.reserve(LOG_REWRITE);
    expect(scheduler.isUnderWay(LOG_REWRITE)).toBe(true);
    expect(scheduler.ask(rewrite, 'now')).toBe('in progress');
    expect(scheduler.ask(save, 'now')).toBe('blocked');
    expect(scheduler.ask(save, 'now or later')).toBe('scheduled');
    scheduler.tick();
    expect(save.begun).toBe(0);
    const urgent = new Stub(LOG_REWRITE, { isUrgent: true });
    expect(scheduler.begin(urgent)).toBe(true);
    await urgent.end(SNAPSHOT);
    leave();
    scheduler.tick();
    expect(save.begun).toBe(1);
  });
});

describe('sources', () => {
  test('say what is due, by priority, only while nothing is under way', async () => {
    const asked: string[] = [];
    let due: Stub | undefined;
    for (const kind of [LOG_REWRITE, BACKGROUND_SAVE]) {
      scheduler.addSource({
        kind,
        due() {
          asked.push(kind.name);
          return due?.kind === kind ? due : undefined;
        },
      });
    }
    scheduler.tick();
    expect(asked.splice(0)).toEqual(['background save', 'log rewrite']);
    due = save;
    scheduler.tick();
    expect(asked.splice(0)).toEqual(['background save']);
    scheduler.tick();
    expect(asked).toEqual([]);
    await save.end(SNAPSHOT);
    due = rewrite;
    scheduler.tick();
    expect(asked).toEqual(['background save', 'log rewrite']);
    expect([save.begun, rewrite.begun]).toEqual([1, 1]);
  });

  test('come after what waits with a higher priority', () => {
    scheduler.addSource({ kind: BACKGROUND_SAVE, due: () => save });
    const replica = new Stub(FULL_SYNCHRONISATION);
    scheduler.request(rewrite);
    scheduler.request(replica);
    scheduler.tick();
    expect([replica.begun, save.begun, rewrite.begun]).toEqual([1, 0, 0]);
  });

  test('have the one wait that somebody asks for, and others begin meanwhile', () => {
    let isTime = false;
    scheduler.addSource({
      kind: FULL_SYNCHRONISATION,
      due: (asked) => (isTime ? asked : undefined),
    });
    const replica = new Stub(FULL_SYNCHRONISATION);
    scheduler.request(replica);
    scheduler.request(rewrite);
    scheduler.tick();
    expect([replica.begun, rewrite.begun]).toEqual([0, 1]);
    void rewrite.end(SNAPSHOT);
    isTime = true;
    return settle().then(() => {
      scheduler.tick();
      expect(replica.begun).toBe(1);
    });
  });
});

describe('what cannot wait', () => {
  test('has what is being taken begin again later, and not when it is whole', async () => {
    scheduler.ask(save, 'now');
    expect(scheduler.takeNow(() => scheduler.isIdle)).toBe(true);
    expect(save.cancelled).toBe(1);
    expect(save.outcomes).toEqual([]);
    expect(scheduler.isWaiting(BACKGROUND_SAVE)).toBe(true);
    scheduler.tick();
    expect(save.begun).toBe(2);
    save.isTaking = false;
    scheduler.takeNow(() => undefined);
    expect(save.cancelled).toBe(1);
    await save.end(SNAPSHOT);
    expect(save.how).toEqual(['taken']);
  });

  test('goes on when what was given up ends beside it', async () => {
    scheduler.ask(save, 'now');
    const urgent = new Stub(LOG_REWRITE, { isUrgent: true });
    expect(scheduler.begin(urgent)).toBe(true);
    await save.end();
    expect(scheduler.isUnderWay(LOG_REWRITE)).toBe(true);
    expect(save.outcomes).toEqual([]);
    await urgent.end(SNAPSHOT);
    expect(urgent.how).toEqual(['taken']);
    scheduler.tick();
    expect(save.begun).toBe(2);
  });

  test('waits for nobody: it does not begin while one keeps its place', async () => {
    scheduler.ask(rewrite, 'now');
    const urgent = new Stub(LOG_REWRITE, { isUrgent: true });
    expect(scheduler.begin(urgent)).toBe(false);
    expect(scheduler.isWaiting(LOG_REWRITE)).toBe(true);
    scheduler.tick();
    expect(rewrite.begun).toBe(1);
    await rewrite.end();
    // It waits still, so it is not told that it was given up.
    expect(rewrite.outcomes).toEqual([]);
    expect(scheduler.begin(urgent)).toBe(true);
    // That is the same snapshot.
    expect(scheduler.isWaiting(LOG_REWRITE)).toBe(false);
    await urgent.end(SNAPSHOT);
    expect([urgent.how, rewrite.how]).toEqual([['taken'], ['taken']]);
    expect(rewrite.begun).toBe(1);
  });

  test('gives way to what cannot wait at all, and is told', async () => {
    const urgent = new Stub(LOG_REWRITE, { isUrgent: true });
    scheduler.begin(urgent);
    scheduler.takeNow(() => undefined);
    expect(urgent.cancelled).toBe(1);
    expect(urgent.outcomes).toEqual([]);
    await urgent.end();
    expect(urgent.how).toEqual(['given up']);
    expect(scheduler.isWaiting(LOG_REWRITE)).toBe(false);
  });
});

describe('giving up', () => {
  test('by kind, and not what waits', async () => {
    scheduler.ask(rewrite, 'now');
    scheduler.request(save);
    scheduler.cancel(BACKGROUND_SAVE);
    expect([rewrite.cancelled, scheduler.isWaiting(BACKGROUND_SAVE)]).toEqual([0, true]);
    scheduler.cancel(LOG_REWRITE);
    scheduler.cancel(LOG_REWRITE);
    expect(rewrite.cancelled).toBe(1);
    // Its files may still be worked on.
    expect(scheduler.isUnderWay(LOG_REWRITE)).toBe(true);
    expect(rewrite.how).toEqual([]);
    await rewrite.end();
    expect(rewrite.how).toEqual(['given up']);
  });

  test('FLUSHALL gives up a save, and neither a rewrite nor what replicas get', () => {
    scheduler.ask(save, 'now');
    scheduler.emptied();
    expect(save.how).toEqual(['given up']);
    expect(scheduler.isIdle).toBe(true);
    for (const stub of [rewrite, new Stub(FULL_SYNCHRONISATION)]) {
      const other = new SnapshotScheduler();
      other.ask(stub, 'now');
      other.emptied();
      expect([stub.cancelled, other.isUnderWay(stub.kind)]).toEqual([0, true]);
    }
  });

  test('one that was given up and ends later does not end the next one', async () => {
    const first = new Stub(BACKGROUND_SAVE);
    scheduler.ask(first, 'now');
    scheduler.cancel(BACKGROUND_SAVE);
    scheduler.ask(save, 'now');
    await first.end(SNAPSHOT);
    expect(first.how).toEqual(['given up']);
    expect(scheduler.isUnderWay(BACKGROUND_SAVE)).toBe(true);
    expect(save.outcomes).toEqual([]);
  });

  test('closing gives up all that can wait, and waits for its end', async () => {
    scheduler.ask(save, 'now');
    scheduler.request(rewrite);
    let isClosed = false;
    const closed = scheduler.close().then(() => {
      isClosed = true;
    });
    await settle();
    expect([save.how, rewrite.how, isClosed]).toEqual([['given up'], ['given up'], false]);
    await save.end();
    expect(isClosed).toBe(true);
    await closed;
    expect(scheduler.ask(save, 'now')).toBe('failed');
    scheduler.request(save);
    scheduler.tick();
    expect([save.begun, save.how]).toEqual([1, ['given up', 'given up']]);
    // What saves the data from being lost may still begin.
    expect(scheduler.begin(new Stub(LOG_REWRITE, { isUrgent: true }))).toBe(true);
  });

  test('settled waits for those of a kind, given up or not', async () => {
    scheduler.ask(save, 'now');
    scheduler.cancel(BACKGROUND_SAVE);
    let isSettled = false;
    await scheduler.settled(LOG_REWRITE);
    const settled = scheduler.settled(BACKGROUND_SAVE).then(() => {
      isSettled = true;
    });
    await settle();
    expect(isSettled).toBe(false);
    await save.end();
    await settled;
  });
});

describe('replicas that ask for all data', () => {
  const replica = (options = {}) => new Stub(FULL_SYNCHRONISATION, options);

  test('while it has not begun get one snapshot', async () => {
    scheduler.ask(save, 'now');
    const replicas = [replica(), replica(), replica()];
    for (const each of replicas) scheduler.request(each);
    await save.end(OTHER);
    scheduler.tick();
    expect(replicas.map(({ begun }) => begun)).toEqual([1, 0, 0]);
    // It is under way, and not to be shared any more.
    const late = replica();
    scheduler.request(late);
    await replicas[0].end(SNAPSHOT);
    for (const { outcomes } of replicas)
      expect(outcomes).toEqual([{ how: 'taken', snapshot: SNAPSHOT }]);
    expect(late.outcomes).toEqual([]);
    scheduler.tick();
    expect(late.begun).toBe(1);
  });

  test('while one that may be shared is under way get the same', async () => {
    const first = replica({ isShared: true });
    const late = replica();
    scheduler.request(first);
    scheduler.tick();
    scheduler.request(late);
    expect(scheduler.isWaiting(FULL_SYNCHRONISATION)).toBe(false);
    await first.end(SNAPSHOT);
    expect(late.begun).toBe(0);
    expect(late.outcomes).toEqual(first.outcomes);
    expect(late.how).toEqual(['taken']);
  });

  test('may accept that of another kind', async () => {
    const shared = new Stub(LOG_REWRITE, { isShared: true });
    const one = replica();
    const other = replica();
    other.accepts = ({ kind }) => kind === LOG_REWRITE || kind === FULL_SYNCHRONISATION;
    scheduler.ask(shared, 'now');
    scheduler.request(one);
    scheduler.request(other);
    await shared.end(SNAPSHOT);
    expect([one.how, other.how]).toEqual([[], ['taken']]);
    scheduler.tick();
    expect(one.begun).toBe(1);
  });

  test('share a failure, and do not see that their snapshot gave way', async () => {
    const [first, second] = [replica(), replica()];
    scheduler.request(first);
    scheduler.request(second);
    scheduler.tick();
    scheduler.takeNow(() => undefined);
    await first.end();
    expect([first.how, second.how]).toEqual([[], []]);
    scheduler.tick();
    expect([first.begun, second.begun]).toEqual([2, 0]);
    const error = new Error('no disk');
    await first.end(error);
    for (const { outcomes } of [first, second])
      expect(outcomes).toEqual([{ how: 'failed', error }]);
  });

  test('may leave: what nobody wants any more is given up', async () => {
    const [first, second] = [replica(), replica()];
    scheduler.request(first);
    scheduler.request(second);
    scheduler.withdraw(first);
    scheduler.tick();
    expect([first.begun, second.begun]).toEqual([0, 1]);
    const third = replica();
    scheduler.request(third);
    scheduler.withdraw(third);
    expect(scheduler.isWaiting(FULL_SYNCHRONISATION)).toBe(false);
    expect(second.cancelled).toBe(0);
    scheduler.withdraw(second);
    expect(second.cancelled).toBe(1);
    expect(scheduler.isIdle).toBe(true);
    await second.end();
    expect([first.outcomes, second.outcomes, third.outcomes]).toEqual([[], [], []]);
  });

  test('keep the snapshot of one who leaves while others want it', async () => {
    const [first, second] = [replica(), replica()];
    scheduler.request(first);
    scheduler.request(second);
    scheduler.tick();
    scheduler.withdraw(first);
    expect(first.cancelled).toBe(0);
    await first.end(SNAPSHOT);
    expect([first.how, second.how]).toEqual([[], ['taken']]);
  });
});

test('says while files are written, those of snapshots that were given up included', async () => {
  const seen: boolean[] = [];
  scheduler.observeWriting((isWriting) => seen.push(isWriting));
  const ends: ((isWhole: boolean) => void)[] = [];
  const writing = () =>
    ({ run: () => new Promise((resolve) => ends.push(resolve)) }) as unknown as SnapshotWriting;
  const first = scheduler.write(writing());
  expect(scheduler.isWriting).toBe(true);
  const second = scheduler.write(writing());
  ends[0](false);
  expect(await first).toBe(false);
  expect(seen).toEqual([true]);
  ends[1](true);
  expect(await second).toBe(true);
  expect(scheduler.isWriting).toBe(false);
  expect(seen).toEqual([true, false]);
});
