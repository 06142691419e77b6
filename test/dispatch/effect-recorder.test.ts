// What commands record of themselves: the whole stream of effects of a server, as commands.
import { describe, expect, test } from 'vitest';
import { EffectRecorder } from '../../src/dispatch/effect-recorder.ts';
import type { Database } from '../../src/keyspace/database.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { OverflowBlocks } from '../../src/memory/overflow-blocks.ts';
import { ReceivedBytes } from '../../src/memory/received-bytes.ts';
import { COMPLETE, RequestDecoder } from '../../src/protocol/decoder.ts';
import { Request } from '../../src/protocol/request.ts';
import { CommandStream } from '../../src/replication/command-stream.ts';
import { valueTypes } from '../../src/types/index.ts';
import { StubSubscriber } from '../replication/stub-subscriber.ts';

const [zero, one, two] = new Keyspace(valueTypes, 3).databases as [Database, Database, Database];

/** A recorder and what it has recorded, a line a command. */
function recording(position = { replicationId: '', offset: 0, database: 0 }) {
  const stream = new CommandStream();
  stream.goOn(position);
  const taker = new StubSubscriber();
  stream.subscribe(taker);
  const recorder = new EffectRecorder(stream);
  return {
    recorder,
    lines: () => taker.lines,
    endGroup: () => taker.endGroup(),
    pinned: taker.pinned,
    bytes: () => taker.bytes,
  };
}

function run(recorder: EffectRecorder, database: Database, ...args: string[]): void {
  recorder.begin();
  recorder.end(database, Request.of(args));
}

test('a request is its own effect', () => {
  const { recorder, lines } = recording();
  run(recorder, zero, 'SET', 'k', 'v');
  run(recorder, zero, 'APPEND', 'k', '\r\n$3\r\n');
  run(recorder, zero, 'SET', '', 'x'.repeat(200_000));
  expect(lines()).toEqual(['SET k v', 'APPEND k \r\n$3\r\n', `SET  ${'x'.repeat(200_000)}`]);
});

describe('a request as it was received', () => {
  /** What is recorded of a request in these bytes. */
  function recorded(bytes: string, database = zero): string {
    const { recorder, bytes: all } = recording();
    const decoder = new RequestDecoder();
    const buffer = Buffer.from(`before${bytes}after`, 'latin1');
    decoder.reset(buffer, 6, 6 + bytes.length, undefined);
    expect(decoder.next()).toBe(COMPLETE);
    recorder.begin();
    recorder.end(database, decoder.request);
    return all().toString('latin1');
  }
  const SET = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\n\r\n$1\r\nv\r\n$1\r\r\n';

  test('is recorded to the byte', () => {
    expect(recorded(SET)).toBe(SET);
    expect(recorded('*1\r\n$7\r\nFLUSHDB\r\n')).toBe('*1\r\n$7\r\nFLUSHDB\r\n');
    expect(recorded(SET, two)).toBe(`*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n${SET}`);
  });

  test('is written anew where it is not what a log holds', () => {
    const plain = '*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n';
    expect(recorded('DEL k\r\n')).toBe(plain);
    // Nobody looks at what ends an argument.
    expect(recorded('*2\r\n$3\r\nDELxx$1\r\nk\r\n')).toBe(plain);
    expect(recorded('*2\r\n$3\r\nDEL\r\n$1\r\nkxx')).toBe(plain);
  });

  test('is the same as one that is written, however it is encoded', () => {
    for (const text of ['*2\r\n$3\r\nDEL\r\n$1\rxk\r\n', '*2\rx$3\r\nDEL\r\n$1\r\nk\r\n']) {
      expect(recorded(text)).toBe('*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n');
    }
  });
});

describe('a large argument', () => {
  const blocks = new OverflowBlocks();

  function received(bytes: Buffer): ReceivedBytes {
    const argument = new ReceivedBytes(blocks, bytes.length);
    const line = Buffer.concat([bytes, Buffer.from('\r\n')]);
    for (let at = 0; at < line.length; ) at = argument.fill(line, at, line.length);
    return argument;
  }

  test.each([
    ['is copied', 100_000, 0],
    ['is pinned when it is long enough', 1024 * 1024, 1],
  ])('%s', (_, length, pins) => {
    const { recorder, lines, pinned } = recording();
    const text = 'x'.repeat(length);
    const request = Request.of(['SET', 'k']);
    request.reserve(4);
    request.pushLarge(received(Buffer.from(text)));
    request.push(request.offsets[1], 1);
    recorder.begin();
    recorder.end(zero, request);
    recorder.begin();
    recorder.propagateAs(zero, 'SET', 'other', request.large?.at(2) ?? '', 'PXAT', '1');
    request.releaseLarge();
    expect(pinned).toHaveLength(2 * pins);
    expect(blocks.usedBytes > 0).toBe(pins > 0);
    for (const piece of pinned) piece.release();
    expect(blocks.usedBytes).toBe(0);
    expect(lines()).toEqual([`SET k ${text} k`, `SET other ${text} PXAT 1`]);
  });
});

test('the database is selected when it is another one', () => {
  const { recorder, lines } = recording();
  run(recorder, zero, 'SET', 'a', '1');
  run(recorder, two, 'SET', 'b', '2');
  run(recorder, two, 'SET', 'c', '3');
  run(recorder, zero, 'SET', 'd', '4');
  expect(lines()).toEqual(['SET a 1', 'SELECT 2', 'SET b 2', 'SET c 3', 'SELECT 0', 'SET d 4']);
});

test('each group can be repeated by itself', () => {
  const { recorder, lines, endGroup } = recording();
  endGroup();
  run(recorder, one, 'SET', 'a', '1');
  endGroup();
  endGroup();
  run(recorder, one, 'SET', 'b', '2');
  endGroup();
  run(recorder, zero, 'SET', 'c', '3');
  endGroup();
  run(recorder, zero, 'SET', 'd', '4');
  expect(lines()).toEqual([
    ...['SELECT 1', 'SET a 1', 'SELECT 1', 'SET b 2', 'SELECT 0', 'SET c 3', 'SET d 4'],
  ]);
});

test('a handler may give other effects', () => {
  const { recorder, lines } = recording();
  recorder.begin();
  recorder.propagateAs(one, 'SET', Buffer.from('k'), 'v', 'PXAT', '123');
  recorder.propagateAs(one, 'PERSIST', 'other');
  recorder.end(one, Request.of(['SETEX', 'k', '1', 'v']));
  run(recorder, one, 'DEL', 'k');
  expect(lines()).toEqual(['SELECT 1', 'SET k v PXAT 123', 'PERSIST other', 'DEL k']);
});

test('a transaction is enclosed, if it has any effect', () => {
  const { recorder, lines } = recording();
  recorder.begin();
  recorder.beginTransaction();
  run(recorder, zero, 'INCR', 'n');
  recorder.keyRemoved(one, Buffer.from('expired'));
  run(recorder, one, 'INCR', 'm');
  recorder.endTransaction();
  recorder.end(zero, Request.of(['EXEC']));
  recorder.begin();
  recorder.beginTransaction();
  recorder.endTransaction();
  run(recorder, one, 'SET', 'k', 'v');
  expect(lines()).toEqual([
    ...['MULTI', 'INCR n', 'SELECT 1', 'DEL expired', 'INCR m', 'EXEC', 'SET k v'],
  ]);
});

test('a log that ended in another database goes on in the right one', () => {
  const { recorder, bytes } = recording({ replicationId: '', offset: 9, database: 2 });
  run(recorder, zero, 'SET', 'k', 'v');
  expect(bytes().toString()).toMatch(/^\*2\r\n\$6\r\nSELECT\r\n\$1\r\n0\r\n\*3/);
});

test('entries that work in the background has removed are recorded as if a command had', () => {
  const { recorder, lines } = recording();
  const key = Buffer.from('s');
  const args = ['MAXLEN', '=', '12'];
  recorder.entriesRemoved(one, { command: 'xtrim', key, args, count: 3 });
  expect(lines()).toEqual(['SELECT 1', 'XTRIM s MAXLEN = 12']);
});

test('while nobody takes them nothing is recorded of keys that are removed', () => {
  const stream = new CommandStream();
  const recorder = new EffectRecorder(stream);
  const keyspace = new Keyspace(valueTypes, 1);
  keyspace.observeRemovals(recorder);
  const database = keyspace.databases[0];
  keyspace.expired(database, Buffer.from('a'));
  expect([recorder.active, stream.offset]).toEqual([false, 0]);
  const others: string[] = [];
  keyspace.observeRemovals({
    keyRemoved: (_, key) => void others.push(key.toString()),
    fieldsRemoved: () => {},
    entriesRemoved: () => {},
  });
  const taker = new StubSubscriber();
  stream.subscribe(taker);
  keyspace.expired(database, Buffer.from('b'));
  keyspace.evicted(database, Buffer.from('c'));
  expect(taker.lines).toEqual(['DEL b', 'DEL c']);
  expect(others).toEqual(['b', 'c']);
});
