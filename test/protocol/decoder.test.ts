// The decoder: every case whole, byte by byte, and cut at each place; random requests and random
// bytes; limits; and the work that long requests take.

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { INCOMPLETE, RequestDecoder } from '../../src/protocol/decoder.ts';
import { Request } from '../../src/protocol/request.ts';
import { cut, type Decoded, decode, encode, Feed, latin1 } from './feed.ts';

const KIB = 1024;
/** A line may have this many bytes before its end is there. */
const MAX_LINE = 64 * KIB;

interface Case {
  readonly name: string;
  readonly bytes: string;
  readonly requests?: readonly (readonly string[])[];
  readonly error?: string;
  readonly left?: number;
}

const long = 'x'.repeat(123_456);
const CASES: readonly Case[] = [
  { name: 'nothing', bytes: '' },
  { name: 'a command', bytes: encode(['PING']), requests: [['PING']] },
  {
    name: 'a pipeline',
    bytes: encode(['GET', 'k']).repeat(3),
    requests: [
      ['GET', 'k'],
      ['GET', 'k'],
      ['GET', 'k'],
    ],
  },
  { name: 'empty arguments', bytes: encode(['', '', '']), requests: [['', '', '']] },
  {
    name: 'any bytes',
    bytes: encode(['\0\r\n', '\xff$1\r\n', '*1']),
    requests: [['\0\r\n', '\xff$1\r\n', '*1']],
  },
  {
    name: '40 arguments',
    bytes: encode(new Array(40).fill('ab')),
    requests: [new Array(40).fill('ab')],
  },
  {
    name: 'lengths of 1 to 5 digits',
    bytes: encode([1, 10, 100, 1_000, 10_000].map((n) => 'v'.repeat(n))),
    requests: [[1, 10, 100, 1_000, 10_000].map((n) => 'v'.repeat(n))],
  },
  {
    name: 'a length of 6 digits',
    bytes: encode(['SET', 'k', long]),
    requests: [['SET', 'k', long]],
  },
  { name: 'empty requests', bytes: '*0\r\n*-1\r\n*0\r\n*-7\r\n', requests: [[], [], [], []] },
  {
    name: 'an empty request in front of a command',
    bytes: `*0\r\n${encode(['PING'])}`,
    requests: [[], ['PING']],
  },
  {
    name: 'any two bytes after an argument',
    bytes: '*2\r\n$1\r\naXX$1\r\nb$1',
    requests: [['a', 'b']],
  },
  { name: 'any byte after the CR of a line', bytes: '*1\rX$1\rXa\r\n', requests: [['a']] },
  { name: 'inline', bytes: 'PING\r\nping x\n', requests: [['PING'], ['ping', 'x']] },
  {
    name: 'inline with blanks and quotes',
    bytes: "  SET \t k \"a b\\x41\\n\" 'it\\'s'\r\n",
    requests: [['SET', 'k', 'a bA\n', "it's"]],
  },
  { name: 'inline without words', bytes: '\r\n\n  \r\n', requests: [[], [], []] },
  {
    name: 'inline of 20 words',
    bytes: `${'w '.repeat(20)}\r\n`,
    requests: [new Array(20).fill('w')],
  },
  {
    name: 'inline between arrays',
    bytes: `${encode(['A'])}b c\n${encode(['D'])}`,
    requests: [['A'], ['b', 'c'], ['D']],
  },
  { name: 'a carriage return inside a line', bytes: 'a\rb\r\r\n', requests: [['a', 'b']] },
  { name: 'the beginning of an array', bytes: '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nab', left: 26 },
  { name: 'half a header', bytes: `${encode(['PING'])}*1`, requests: [['PING']], left: 2 },
  { name: 'half a line', bytes: 'PIN', left: 3 },
  { name: 'an argument without the CRLF after it', bytes: '*1\r\n$4\r\nPING', left: 12 },
  ...(
    [
      ['*x\r\n', 'invalid multibulk length'],
      ['*\r\n', 'invalid multibulk length'],
      ['*01\r\n', 'invalid multibulk length'],
      ['*+1\r\n', 'invalid multibulk length'],
      ['*-0\r\n', 'invalid multibulk length'],
      ['*1 \r\n', 'invalid multibulk length'],
      ['*2147483648\r\n', 'invalid multibulk length'],
      ['*9223372036854775808\r\n', 'invalid multibulk length'],
      ['*1\r\nPING\r\n', "expected '$', got 'P'"],
      ['*1\r\n:1\r\n', "expected '$', got ':'"],
      ['*1\r\n\r\n', "expected '$', got '\r'"],
      ['*1\r\n\xff9999\r\n', "expected '$', got '\xff'"],
      ['*1\r\n$\r\n', 'invalid bulk length'],
      ['*1\r\n$-1\r\n', 'invalid bulk length'],
      ['*1\r\n$x\r\n', 'invalid bulk length'],
      ['*1\r\n$1x\r\na\r\n', 'invalid bulk length'],
      ['*1\r\n$01\r\na\r\n', 'invalid bulk length'],
      ['*1\r\n$00000\r\n', 'invalid bulk length'],
      ['*1\r\n$00003\r\nabc\r\n', 'invalid bulk length'],
      ['*1\r\n$ 1\r\na\r\n', 'invalid bulk length'],
      ['*1\r\n$536870913\r\n', 'invalid bulk length'],
      ['*1\r\n$99999999999999999999\r\n', 'invalid bulk length'],
      ['SET k "a\r\n', 'unbalanced quotes in request'],
      ["'a'b\r\n", 'unbalanced quotes in request'],
    ] as const
  ).map(([bytes, error]) => ({ name: `error: ${JSON.stringify(bytes)}`, bytes, error })),
  {
    name: 'an error after requests',
    bytes: `${encode(['A', 'b'])}c\r\n*1\r\n$x\r\n`,
    requests: [['A', 'b'], ['c']],
    error: 'invalid bulk length',
  },
  { name: 'an error after arguments', bytes: '*2\r\n$1\r\na\r\n*', error: "expected '$', got '*'" },
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(CASES)('$name', ({ bytes, requests = [], error, left }) => {
  const input = latin1(bytes);
  const check = (outcome: Decoded) => {
    expect(outcome.requests).toEqual(requests);
    expect(outcome.error).toBe(error);
    if (error === undefined) expect(outcome.left).toBe(left ?? 0);
  };

  // The last case needs a byte more to be sure that a whole header line is there.
  const complete = error?.endsWith("got '*'") ? Buffer.concat([input, latin1('1\r\n')]) : input;

  test('whole', () => {
    check(decode([complete]));
    // With more behind it, the decoder may take its shorter way.
    const more = latin1('$1\r\na\r\n$1\r\na\r\n');
    if (error !== undefined) check(decode([Buffer.concat([complete, more])]));
  });

  test('byte by byte', () => {
    const step = Math.max(1, complete.length >> 9);
    const positions = Array.from(
      { length: Math.ceil(complete.length / step) - 1 },
      (_, index) => (index + 1) * step,
    );
    check(decode(cut(complete, positions)));
  });

  test('cut at each place', () => {
    const step = Math.max(1, complete.length >> 7);
    for (let at = 0; at <= complete.length; at += step) check(decode(cut(complete, [at])));
  });
});

describe('random input', () => {
  const splits = fc.array(fc.nat({ max: 2_000 }), { maxLength: 12 });
  const cutAnywhere = (bytes: Buffer, places: readonly number[]) =>
    cut(
      bytes,
      [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b),
    );

  test('requests come out as they went in, however they are cut', () => {
    const argument = fc.oneof(
      fc.string({
        unit: fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)),
        maxLength: 30,
      }),
      fc.nat({ max: 300 }).map((length) => 'y'.repeat(length)),
    );
    const request = fc.array(argument, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), splits, (requests, places) => {
        const bytes = latin1(requests.map(encode).join(''));
        const expected = { requests, error: undefined, left: 0 };
        expect(decode(cutAnywhere(bytes, places))).toEqual(expected);
        // Nothing is held back: each request is there with its last byte.
        const feed = new Feed();
        for (const [index, args] of requests.entries()) {
          const encoded = latin1(encode(args));
          feed.push(encoded.subarray(0, -1));
          expect(feed.requests.length).toBe(index);
          feed.push(encoded.subarray(-1));
          expect(feed.requests.length).toBe(index + 1);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('bytes of any kind never throw, and mean the same however they are cut', () => {
    const piece = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom('*', '$', '\r\n', '\n', '\r', '-', '"', "'", ' ', '\\', '\0'),
      },
      { weight: 3, arbitrary: fc.nat({ max: 12 }).map(String) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          '*1\r\n',
          '*2\r\n$1\r\n',
          '$0\r\n\r\n',
          '$3\r\nGET\r\n',
          'PING\r\n',
        ),
      },
      { weight: 1, arbitrary: fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('2147483647', '9223372036854775807', '99999', '100000'),
      },
    );
    let complete = 0;
    let errors = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), splits, (pieces, places) => {
        const bytes = latin1(pieces.join(''));
        const whole = decode([bytes]);
        const inPieces = decode(cutAnywhere(bytes, places));
        expect(inPieces.requests).toEqual(whole.requests);
        expect(inPieces.error).toBe(whole.error);
        complete += whole.requests.length;
        if (whole.error !== undefined) errors++;
      }),
      { numRuns: 1_000 },
    );
    expect(complete).toBeGreaterThan(100);
    expect(errors).toBeGreaterThan(50);
  });
});

describe('lines without an end', () => {
  test.each([
    ['PING', 'too big inline request'],
    ['*', 'too big mbulk count string'],
    ['*1\r\n$', 'too big bulk count string'],
  ])('%j: 64 KiB are waited for, not more', (start, error) => {
    const line = start.slice(start.lastIndexOf('\n') + 1);
    const most = latin1(start + '1'.repeat(MAX_LINE - line.length));
    expect(decode([most])).toMatchObject({ requests: [], error: undefined });
    expect(decode([most, latin1('1')])).toMatchObject({ requests: [], error });
    expect(decode([latin1(`${start}${'1'.repeat(MAX_LINE)}`)]).error).toBe(error);
  });

  test('a line that is there is taken, whatever its length', () => {
    const words = ['ECHO', 'x'.repeat(100_000)];
    expect(decode([latin1(`${words.join(' ')}\r\n`)]).requests).toEqual([words]);
  });
});

describe('limits', () => {
  test('absurd lengths allocate nothing', () => {
    const decoder = new RequestDecoder();
    const { offsets } = decoder.request;
    const allocations = ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const;
    const spies = allocations.map((name) => vi.spyOn(Buffer, name));
    for (const head of [
      '*2147483647\r\n',
      '*2147483647\r\n$536870912\r\n',
      '*1\r\n$536870912\r\nabc',
    ]) {
      const bytes = latin1(head);
      decoder.reset(bytes, 0, bytes.length, undefined);
      expect(decoder.next()).toBe(INCOMPLETE);
      expect(decoder.request.offsets).toBe(offsets);
      expect(decoder.request.count).toBe(0);
    }
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    const partial = decoder.suspend();
    expect(partial).toMatchObject({ announced: 1, count: 0, position: 4 });
    expect(partial.offsets.length + partial.lengths.length).toBeLessThan(100);
    expect(partial.neededBytes).toBe(4 + '$536870912\r\n'.length + 536_870_912 + 2);
  });

  test.each([
    [10, undefined],
    [11, 'unauthenticated multibulk length'],
  ])('%i arguments before authentication', (count, error) => {
    const args = new Array(count).fill('a');
    const outcome = decode([latin1(encode(args))], ({ decoder }) => {
      decoder.unauthenticated = true;
    });
    expect(outcome).toMatchObject({ requests: error === undefined ? [args] : [], error });
  });

  test.each([
    [16_384, undefined],
    [16_385, 'unauthenticated bulk length'],
    [99_999, 'unauthenticated bulk length'],
    [100_000, 'unauthenticated bulk length'],
  ])('an argument of %i bytes before authentication', (length, error) => {
    const args = ['a', 'b'.repeat(length)];
    const bytes = latin1(encode(args));
    const head = latin1(`*1\r\n$${length}\r\n`);
    for (const pieces of [[bytes], cut(bytes, [9, 13]), cut(head, [5])]) {
      const outcome = decode(pieces, ({ decoder }) => {
        decoder.unauthenticated = true;
      });
      expect(outcome.error).toBe(error);
      if (error === undefined && pieces[0] === bytes) expect(outcome.requests).toEqual([args]);
    }
  });

  test.each([99, 100, 12_345, 123_456])('proto-max-bulk-len %i', (maxBulkBytes) => {
    const prepare = ({ decoder }: Feed) => {
      decoder.maxBulkBytes = maxBulkBytes;
    };
    const fits = ['x'.repeat(maxBulkBytes), 'y'];
    expect(decode([latin1(encode(fits))], prepare).requests).toEqual([fits]);
    const outcome = decode([latin1(encode(['x'.repeat(maxBulkBytes + 1), 'y']))], prepare);
    expect(outcome).toMatchObject({ requests: [], error: 'invalid bulk length' });
  });
});

describe('work', () => {
  test('a long list of arguments costs about the same in many pieces as in one', () => {
    let moved = 0;
    const count = (name: 'slice' | 'map' | 'set') => {
      const original = Int32Array.prototype[name] as (...args: unknown[]) => unknown;
      vi.spyOn(Int32Array.prototype, name).mockImplementation(function counted(
        this: Int32Array,
        ...args: unknown[]
      ) {
        moved += name === 'set' ? (args[0] as Int32Array).length : this.length;
        return original.apply(this, args) as never;
      });
    };
    count('slice');
    count('map');
    count('set');
    const push = vi.spyOn(Request.prototype, 'push');
    const args = Array.from({ length: 50_000 }, (_, index) => String(index));
    const bytes = latin1(encode(args));
    const decoder = new RequestDecoder();
    let result: number = INCOMPLETE;
    let partial: ReturnType<RequestDecoder['suspend']> | undefined;
    for (let end = 1_000; result === INCOMPLETE; end += 1_000) {
      decoder.reset(bytes, 0, Math.min(end, bytes.length), partial);
      result = decoder.next();
      if (result === INCOMPLETE) partial = decoder.suspend();
    }
    expect(decoder.request.count).toBe(args.length);
    expect(decoder.request.latin1(49_999)).toBe('49999');
    expect(moved + push.mock.calls.length).toBeLessThan(6 * args.length);
  });

  test('a few arguments that wait do not keep the arrays of an earlier, longer request', () => {
    const bytes = latin1(encode(new Array(5_000).fill('a')) + encode(['b', 'c']).slice(0, -1));
    const decoder = new RequestDecoder();
    decoder.reset(bytes, 0, bytes.length, undefined);
    decoder.next();
    expect(decoder.request.count).toBe(5_000);
    expect(decoder.next()).toBe(INCOMPLETE);
    const { count, offsets, lengths } = decoder.suspend();
    expect([count, offsets.length, lengths.length]).toEqual([1, 1, 1]);
    // And the decoder is not left with arrays that the connection keeps.
    const other = latin1(encode(['x', 'y', 'z']));
    decoder.reset(other, 0, other.length, undefined);
    decoder.next();
    expect([offsets[0], lengths[0]]).toEqual([8, 1]);
  });
});
