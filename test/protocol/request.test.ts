// The view on a request: its ways to read an argument, and the copies that outlive it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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
    expect(request.latin1UntilNul(3)).toBe('');
    expect(request.latin1UntilNul(0)).toBe('SET');
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
