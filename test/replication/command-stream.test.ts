// The stream of changes and who takes it: several at once, from the middle on, until the middle; what one of
// them throws; what replies wait for, and what WAIT and WAITAOF will ask for.
import { describe, expect, test } from 'vitest';
import { EffectRecorder } from '../../src/dispatch/effect-recorder.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { OverflowBlocks } from '../../src/memory/overflow-blocks.ts';
import { ReceivedBytes } from '../../src/memory/received-bytes.ts';
import { Request } from '../../src/protocol/request.ts';
import { CommandStream } from '../../src/replication/command-stream.ts';
import { valueTypes } from '../../src/types/index.ts';
import { StubSubscriber } from './stub-subscriber.ts';

const { databases } = new Keyspace(valueTypes, 4);

function streaming() {
  const stream = new CommandStream();
  const recorder = new EffectRecorder(stream);
  const subscribe = (options: Partial<StubSubscriber> = {}, kind?: 'log' | 'replica' | 'feed') => {
    const subscriber = Object.assign(new StubSubscriber(kind), options);
    stream.subscribe(subscriber);
    return subscriber;
  };
  const run = (database: number, ...args: string[]) => {
    recorder.begin();
    recorder.end(databases[database], Request.of(args));
  };
  return { stream, recorder, subscribe, run };
}

describe('several subscribers', () => {
  test('get the same bytes at the same offsets', () => {
    const { stream, subscribe, run } = streaming();
    const [one, two] = [subscribe(), subscribe()];
    run(0, 'SET', 'a', '1');
    run(2, 'SET', 'b', '2');
    one.endGroup();
    run(2, 'SET', 'c', '3');
    two.endGroup();
    run(2, 'SET', 'd', '4');
    run(2, 'SET', 'e', '5');
    expect(one.lines).toEqual([
      ...['SET a 1', 'SELECT 2', 'SET b 2', 'SELECT 2', 'SET c 3', 'SELECT 2', 'SET d 4'],
      'SET e 5',
    ]);
    expect(two.bytes).toEqual(one.bytes);
    expect([one.end, two.end]).toEqual([stream.offset, stream.offset]);
  });

  test('each have their large groups closed, between two commands', () => {
    const { stream, recorder, subscribe, run } = streaming();
    stream.bounds = { fullGroupBytes: 110, maxTransactionBytes: 1000 };
    const [one, two] = [subscribe(), subscribe()];
    run(0, 'SET', 'a', 'v'.repeat(50));
    two.endGroup();
    run(0, 'SET', 'b', 'v'.repeat(50));
    const full = stream.offset;
    run(0, 'SET', 'c', '1');
    expect([one.closed, two.closed]).toEqual([[full], []]);
    run(0, 'SET', 'c', '2');
    const other = stream.offset;
    run(0, 'SET', 'c', '3');
    expect([one.closed, two.closed]).toEqual([[full], [other]]);
    recorder.begin();
    recorder.beginTransaction();
    for (let i = 0; i < 5; i++) run(0, 'SET', 'd', 'v'.repeat(50));
    recorder.endTransaction();
    expect(one.closed).toEqual([full]);
    const end = stream.offset;
    run(0, 'SET', 'e', '1');
    expect([one.closed, two.closed]).toEqual([
      [full, end],
      [other, end],
    ]);
  });

  test('each have a large argument, for as long as they keep it', () => {
    const { stream, recorder, subscribe } = streaming();
    const [one, two] = [subscribe(), subscribe()];
    const broken = subscribe();
    broken.onAppend = () => {
      if (broken.bytes.length > 0) throw new Error('no more');
    };
    const blocks = new OverflowBlocks();
    const bytes = Buffer.alloc(1024 * 1024, 'x');
    const argument = new ReceivedBytes(blocks, bytes.length);
    for (const part of [bytes, Buffer.from('\r\n')]) {
      for (let at = 0; at < part.length; ) at = argument.fill(part, at, part.length);
    }
    const request = Request.of(['SET', 'k']);
    request.reserve(3);
    request.pushLarge(argument);
    recorder.begin();
    recorder.end(databases[0], request);
    request.releaseLarge();
    expect(one.lines).toEqual([`SET k ${bytes}`]);
    expect(two.bytes.equals(one.bytes)).toBe(true);
    expect(one.end).toBe(stream.offset);
    expect(broken.errors).toEqual([new Error('no more')]);
    one.pinned[0].release();
    expect(blocks.usedBytes).toBeGreaterThanOrEqual(bytes.length);
    two.pinned[0].release();
    expect(blocks.usedBytes).toBe(0);
  });
});

describe('a subscriber that comes later', () => {
  test('begins in database 0, and is told of another one', () => {
    const { stream, subscribe, run } = streaming();
    const first = subscribe();
    run(3, 'SET', 'a', '1');
    const inThree = subscribe();
    expect(inThree.start).toBe(stream.offset);
    run(3, 'SET', 'b', '2');
    run(0, 'SET', 'c', '3');
    const inZero = subscribe();
    run(0, 'SET', 'd', '4');
    expect(inThree.lines).toEqual(['SELECT 3', 'SET b 2', 'SELECT 0', 'SET c 3', 'SET d 4']);
    expect(inZero.lines).toEqual(['SET d 4']);
    for (const { start, bytes } of [inThree, inZero]) {
      expect(first.bytes.subarray(start)).toEqual(bytes);
    }
  });

  test('begins behind the transaction that is under way', () => {
    const { recorder, stream, subscribe, run } = streaming();
    const first = subscribe();
    recorder.begin();
    recorder.beginTransaction();
    const early = subscribe();
    run(1, 'SET', 'a', '1');
    const late = subscribe();
    const never = subscribe();
    stream.unsubscribe(never);
    expect([early.start, late.start]).toEqual([0, -1]);
    run(1, 'SET', 'b', '2');
    recorder.endTransaction();
    expect(late.start).toBe(stream.offset);
    run(1, 'SET', 'c', '3');
    expect(first.lines).toEqual([
      ...['SELECT 1', 'MULTI', 'SET a 1', 'SET b 2', 'EXEC', 'SELECT 1', 'SET c 3'],
    ]);
    expect(early.bytes).toEqual(first.bytes);
    expect(late.lines).toEqual(['SELECT 1', 'SET c 3']);
    expect(first.bytes.subarray(late.start)).toEqual(late.bytes);
    expect(never.start).toBe(-1);
  });

  test('keeps the history going when all others have gone before it begins', () => {
    const { recorder, stream, subscribe, run } = streaming();
    const first = subscribe();
    const id = stream.replicationId;
    recorder.begin();
    recorder.beginTransaction();
    run(0, 'SET', 'a', '1');
    const late = subscribe();
    stream.unsubscribe(first);
    expect(recorder.active).toBe(true);
    run(0, 'SET', 'b', '2');
    recorder.endTransaction();
    run(0, 'SET', 'c', '3');
    expect([late.lines, late.end, stream.replicationId]).toEqual([['SET c 3'], stream.offset, id]);
  });

  test('begins behind the command that is under way', () => {
    const { stream, subscribe, run } = streaming();
    const first = subscribe();
    let late: StubSubscriber | undefined;
    first.onAppend = () => {
      late ??= subscribe();
      expect(late.start).toBe(-1);
      first.onAppend = () => {};
    };
    run(2, 'SET', 'a', '1');
    expect(late?.start).toBe(stream.offset);
    run(2, 'SET', 'b', '2');
    expect(late?.lines).toEqual(['SELECT 2', 'SET b 2']);
  });
});

describe('a subscriber that goes', () => {
  test('in the middle of a transaction gets nothing more, the others all of it', () => {
    const { recorder, stream, subscribe, run } = streaming();
    const [goes, stays] = [subscribe(), subscribe()];
    recorder.begin();
    recorder.beginTransaction();
    run(0, 'SET', 'a', '1');
    stream.unsubscribe(goes);
    run(0, 'SET', 'b', '2');
    recorder.endTransaction();
    expect(goes.lines).toEqual(['MULTI', 'SET a 1']);
    expect(stays.lines).toEqual(['MULTI', 'SET a 1', 'SET b 2', 'EXEC']);
  });

  test('because of another one, while that takes a command, does not get it', () => {
    const { stream, subscribe, run } = streaming();
    const [first, second] = [subscribe(), subscribe()];
    first.onAppend = () => stream.unsubscribe(second);
    run(0, 'SET', 'a', '1');
    expect([first.lines, second.lines]).toEqual([['SET a 1'], []]);
  });

  test('as the last one ends the history, and the offset goes on in the next', () => {
    const { recorder, stream, subscribe, run } = streaming();
    expect([stream.active, recorder.active, recorder.maxTransactionBytes]).toEqual([
      ...[false, false, Number.POSITIVE_INFINITY],
    ]);
    const id = stream.replicationId;
    const [one, two] = [subscribe(), subscribe()];
    run(1, 'SET', 'a', '1');
    const { offset } = stream;
    expect([offset, recorder.active]).toEqual([one.end, true]);
    expect(recorder.maxTransactionBytes).toBe(stream.bounds.maxTransactionBytes);
    stream.unsubscribe(one);
    expect(stream.replicationId).toBe(id);
    stream.unsubscribe(two);
    expect(recorder.active).toBe(false);
    expect(stream.replicationId).not.toBe(id);
    expect(stream.replicationId).toMatch(/^[0-9a-f]{40}$/);
    const three = subscribe();
    expect(three.start).toBe(offset);
    run(1, 'SET', 'b', '2');
    expect(three.lines).toEqual(['SELECT 1', 'SET b 2']);
  });
});

describe('a subscriber that throws', () => {
  test('is told so and gets nothing more; the others do not notice', () => {
    const { stream, subscribe, run } = streaming();
    const before = subscribe();
    const broken = subscribe({}, 'log');
    const after = subscribe();
    run(1, 'SET', 'a', '1');
    const error = new Error('no memory');
    broken.onAppend = () => {
      throw error;
    };
    run(2, 'SET', 'b', '2');
    run(2, 'SET', 'c', '3');
    expect(broken.errors).toEqual([error]);
    expect(broken.lines).toEqual(['SELECT 1', 'SET a 1']);
    for (const { lines } of [before, after]) {
      expect(lines).toEqual(['SELECT 1', 'SET a 1', 'SELECT 2', 'SET b 2', 'SET c 3']);
    }
    expect(after.end).toBe(stream.offset);
  });

  test('holds replies until it is unsubscribed, if it did before', () => {
    const { stream, recorder, subscribe, run } = streaming();
    const log = subscribe({ holdsReplies: true }, 'log');
    run(0, 'SET', 'a', '1');
    log.durableOffset = stream.offset;
    log.commit = () => {
      throw new Error('no commit');
    };
    const durable = stream.commit();
    expect(durable).toBe(stream.offset);
    expect(log.errors).toHaveLength(1);
    run(0, 'SET', 'b', '2');
    expect(stream.commit()).toBe(durable);
    expect([recorder.active, stream.offset > durable]).toEqual([true, true]);
    stream.unsubscribe(log);
    expect([recorder.active, stream.commit()]).toEqual([false, Number.POSITIVE_INFINITY]);
  });

  test.each(['closeGroup', 'begin'] as const)('in %s is as one that throws in append', (method) => {
    const { stream, recorder, subscribe, run } = streaming();
    stream.bounds = { fullGroupBytes: 10, maxTransactionBytes: 1000 };
    const other = subscribe();
    const fail = () => {
      throw new Error(method);
    };
    if (method === 'closeGroup') subscribe({ [method]: fail });
    recorder.begin();
    recorder.beginTransaction();
    run(0, 'SET', 'a', '1');
    const late = method === 'begin' ? subscribe({ [method]: fail }) : undefined;
    recorder.endTransaction();
    run(0, 'SET', 'b', '2');
    expect(other.lines).toEqual(['MULTI', 'SET a 1', 'EXEC', 'SET b 2']);
    if (late !== undefined) expect(late.errors).toEqual([new Error('begin')]);
    expect(other.end).toBe(stream.offset);
  });
});

describe('what is safe', () => {
  test('is as far as all that hold replies have it, and is reported', () => {
    const { stream, subscribe, run } = streaming();
    const reported: number[] = [];
    stream.onProgress((offset) => reported.push(offset));
    const others: number[] = [];
    stream.onProgress((offset) => others.push(offset));
    subscribe();
    subscribe({ holdsReplies: false }, 'log');
    run(0, 'SET', 'a', '1');
    expect(stream.commit()).toBe(Number.POSITIVE_INFINITY);
    const [one, two] = [0, 0].map(() => subscribe({ holdsReplies: true }, 'log'));
    expect(stream.durableOffset).toBe(0);
    one.durableOffset = 7;
    two.durableOffset = 5;
    expect(stream.commit()).toBe(5);
    expect(stream.durableOffset).toBe(5);
    expect([one.commits, two.commits]).toEqual([1, 1]);
    two.durableOffset = 9;
    stream.progressed();
    expect(reported).toEqual([7]);
    // It gets nothing more, and is waited for.
    stream.finish(one);
    run(0, 'SET', 'b', '2');
    expect([one.lines, stream.commit(), one.commits]).toEqual([[], 7, 1]);
    stream.unsubscribe(one);
    stream.unsubscribe(two);
    expect(reported).toEqual([7, 9, Number.POSITIVE_INFINITY]);
    expect(others).toEqual(reported);
  });

  test('can be counted by kind: what replicas have acknowledged, and what is on disk where', () => {
    const { stream, subscribe } = streaming();
    const log = subscribe({ durableOffset: 300, syncedOffset: 200 }, 'log');
    subscribe({ durableOffset: 100, syncedOffset: 0 }, 'replica');
    subscribe({ durableOffset: 200, syncedOffset: 200 }, 'replica');
    subscribe({ durableOffset: 1000, syncedOffset: 1000, isComplete: false }, 'replica');
    subscribe({ durableOffset: 1000, syncedOffset: 1000 }, 'feed');
    const durable = (offset: number) => stream.countDurable('replica', offset);
    expect([100, 101, 200, 201].map(durable)).toEqual([2, 1, 1, 0]);
    const synced = (offset: number) => [
      stream.countSynced('log', offset),
      stream.countSynced('replica', offset),
    ];
    expect([0, 200, 201].map(synced)).toEqual([
      [1, 2],
      [1, 1],
      [0, 0],
    ]);
    log.isComplete = false;
    expect(synced(200)).toEqual([0, 1]);
  });
});

test('a stream that somebody takes does not begin elsewhere, and records nothing while suspended', () => {
  const { stream, recorder, subscribe } = streaming();
  const position = { replicationId: 'a'.repeat(40), offset: 100, database: 0 };
  stream.goOn(position);
  const taker = subscribe();
  expect([taker.start, stream.replicationId]).toEqual([100, position.replicationId]);
  expect(() => stream.goOn(position)).toThrow('begun already');
  stream.isSuspended = true;
  expect(recorder.active).toBe(false);
  recorder.keyRemoved(databases[0], Buffer.from('k'));
  stream.isSuspended = false;
  expect([recorder.active, stream.offset]).toEqual([true, 100]);
});
