// The view on a request: its ways to read an argument, and the copies that outlive it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMPLETE, INCOMPLETE, RequestDecoder } from '../../src/protocol/decoder.ts';
import { Request } from '../../src/protocol/request.ts';
import { argumentsOf } from './feed.ts';

const ARGS = ['SET', '', 'käse', '\0a\0', '42'];

describe('reading', () => {
  const request = Request.of(ARGS);

  test('gives arguments as bytes and as text', () => {
    expect(request.count).toBe(5);
    expect(request.bytes(2)).toEqual(Buffer.from('käse'));
    expect(request.text(2)).toBe('käse');
    expect(request.latin1(2)).toBe('kÃ¤se');
    expect(request.bytes(1).length).toBe(0);
    expect(request.latin1(3)).toBe('\0a\0');
    expect([request.start(0, 2), request.start(0, 9), request.start(1, 9)]).toEqual([
      'SE',
      'SET',
      '',
    ]);
    expect([request.word(0), request.word(1)]).toEqual(['set', '']);
    expect(Request.of(['X'.repeat(128), 'X'.repeat(129)]).word(0)).toBe('x'.repeat(128));
    expect(Request.of(['X'.repeat(128), 'X'.repeat(129)]).word(1)).toBe('');
    expect(request.integer(4)).toBe(42);
    expect(request.integer(0)).toBeNaN();
  });

  test('`bytes` is a view, `copy` is not', () => {
    const own = Request.of(['abc']);
    const view = own.bytes(0);
    const copy = own.copy(0);
    own.buffer[0] = 0x7a;
    expect(view.toString()).toBe('zbc');
    expect(copy.toString()).toBe('abc');
  });

  test('`is` compares ASCII letters in any case, and nothing else so', () => {
    const words = Request.of(['eX', 'EXAT', 'E\x18', '[', '@', 'ex', 'k\xcb']);
    expect([0, 1, 2, 5].map((i) => words.is(i, 'ex'))).toEqual([true, false, false, true]);
    // `[` and `{`, `@` and the grave accent differ by the bit that letters' cases differ by.
    expect(words.is(3, '{')).toBe(false);
    expect(words.is(4, '`')).toBe(false);
    expect(words.is(1, 'exat')).toBe(true);
  });
});

describe('behind the last argument', () => {
  const encoded = (...args: string[]) =>
    Buffer.from(`*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`);
  const long = encoded(...Array.from({ length: 30 }, (_, i) => `${i}`.padStart(6, '7')));

  /** That nothing is there of what the request's object has held before. */
  function expectNothing(request: Request): void {
    for (let i = request.count; i < 60; i++) {
      const { offsets, lengths } = request;
      expect([i, offsets[i] ?? 0, lengths[i] ?? 0]).toEqual([i, 0, 0]);
      expect([request.bytes(i).length, request.copy(i).length]).toEqual([0, 0]);
      expect([request.latin1(i), request.text(i), request.word(i)]).toEqual(['', '', '']);
      expect([request.is(i, '777777'), request.bigint(i)]).toEqual([false, undefined]);
      expect(request.integer(i)).toBeNaN();
    }
  }

  test('there is nothing of an earlier request', () => {
    const decoder = new RequestDecoder();
    const inline = Buffer.from('inline words\r\n');
    const requests = [long, encoded('SET', 'key'), long, inline, long, Buffer.from('*0\r\n'), long];
    for (const bytes of [...requests, encoded('GET')]) {
      decoder.reset(bytes, 0, bytes.length, undefined);
      expect(decoder.next()).toBe(COMPLETE);
      expectNothing(decoder.request);
    }
    const pipeline = Buffer.concat([long, encoded('SET', 'key'), encoded('GET')]);
    decoder.reset(pipeline, 0, pipeline.length, undefined);
    for (let i = 0; i < 3; i++) {
      expect(decoder.next()).toBe(COMPLETE);
      expectNothing(decoder.request);
    }
  });

  test('nor of one that was given up, or laid aside', () => {
    const short = encoded('SET', 'key', 'v');
    for (const isLaidAside of [false, true]) {
      for (const cut of [20, long.length - 1]) {
        const decoder = new RequestDecoder();
        decoder.reset(long, 0, cut, undefined);
        expect(decoder.next()).toBe(INCOMPLETE);
        if (isLaidAside) decoder.suspend();
        // One that arrives in two pieces, in the arrays of the first.
        decoder.reset(short, 0, short.length - 4, undefined);
        expect(decoder.next()).toBe(INCOMPLETE);
        const rest = decoder.suspend();
        decoder.reset(short, 0, short.length, rest);
        expect(decoder.next()).toBe(COMPLETE);
        expect(argumentsOf(decoder.request)).toHaveLength(3);
        expectNothing(decoder.request);
      }
    }
  });
});

describe('copies', () => {
  test('`clone` and `tail` hold the same arguments, however many', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 6 }), { maxLength: 60 }), (args) => {
        const request = Request.of(args);
        const expected = argumentsOf(request);
        const clone = request.clone();
        expect(argumentsOf(clone)).toEqual(expected);
        for (let first = 0; first <= args.length; first += 7) {
          expect(argumentsOf(request.tail(first))).toEqual(expected.slice(first));
        }
        request.buffer.fill(0);
        expect(argumentsOf(clone)).toEqual(expected);
      }),
    );
  });

  test('a copy knows nothing of the hash of what it was made of, a whole one its secrets', () => {
    const request = Request.of(ARGS);
    request.hashedTo = 1;
    request.redact(1);
    for (const copy of [request.clone(), request.tail(1)]) expect(copy.hashedTo).toBe(0);
    expect([request.clone().isSecret(1), request.clone().isSecret(2)]).toEqual([true, false]);
    expect(request.tail(1).isSecret(1)).toBe(false);
  });

  test('arguments that are released belong to the receiver', () => {
    const request = Request.of(ARGS);
    const list = request.release();
    const { count, offsets } = list;
    expect(request.count).toBe(0);
    request.push(7, 7);
    expect([count, offsets[0], list.lengths[0]]).toEqual([5, 0, 3]);
    const other = new Request();
    other.buffer = request.buffer;
    other.adopt(list);
    expect(other.text(2)).toBe('käse');
  });
});

describe('secrets', () => {
  test('are kept per argument, and together from the 32nd on', () => {
    const request = Request.of(new Array(50).fill('a'));
    request.redact(2);
    request.redact(40);
    const secrets = Array.from({ length: 50 }, (_, i) => i).filter((i) => request.isSecret(i));
    expect(secrets).toEqual([2, ...Array.from({ length: 19 }, (_, i) => 31 + i)]);
    request.clear();
    expect(request.isSecret(2) || request.isSecret(40)).toBe(false);
    expect(request.count).toBe(0);
  });
});

test('hashes of keys are kept in their order, for the first arguments', () => {
  const request = Request.of(Array.from({ length: 60 }, (_, i) => `${i}`));
  for (const i of [1, 4, 2, 47, 48]) request.keepHash(i, 100 * i);
  expect(request.hashedTo).toBe(47);
  // Number 2 came late: what is before `hashedTo` is no key.
  expect([1, 2, 4, 47].map((i) => request.hashes[i])).toEqual([100, 0, 400, 4700]);
  request.clear();
  expect(request.hashedTo).toBe(0);
});
