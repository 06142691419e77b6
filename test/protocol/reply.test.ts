// The reply encoder: each type in both protocols, and output that outgrows its buffer.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Reply } from '../../src/protocol/reply.ts';

/** Size of the first buffer: what goes beyond it spills into another. */
const BUFFER_BYTES = 256 * 1024;

/** Everything encoded and not taken yet. */
function contentOf(reply: Reply): Buffer {
  const chunks = reply.chunks.filter((chunk) => Buffer.isBuffer(chunk));
  return Buffer.concat([...chunks, reply.buffer.subarray(0, reply.position)]);
}

interface TypeCase {
  readonly name: string;
  readonly write: (reply: Reply) => void;
  readonly resp2: string;
  readonly resp3: string;
}

function same(name: string, write: (reply: Reply) => void, bytes: string): TypeCase {
  return { name, write, resp2: bytes, resp3: bytes };
}

const CASES: readonly TypeCase[] = [
  same('ok', (reply) => reply.ok(), '+OK\r\n'),
  same('simple', (reply) => reply.simple('PONG'), '+PONG\r\n'),
  same('simple, empty', (reply) => reply.simple(''), '+\r\n'),
  same('error', (reply) => reply.error('ERR no \xff'), '-ERR no \xff\r\n'),
  same('error with line breaks', (reply) => reply.error('ERR a\r\nb\n'), '-ERR a  b \r\n'),
  ...[0, 7, 9, 10, 99, -1, -10, 2 ** 31, -(2 ** 31), 2 ** 53, -(2 ** 53)].flatMap((value) => [
    same(`integer ${value}`, (reply) => reply.integer(value), `:${BigInt(value)}\r\n`),
    same(
      `bulkInteger ${value}`,
      (reply) => reply.bulkInteger(value),
      `$${String(value).length}\r\n${BigInt(value)}\r\n`,
    ),
  ]),
  same('bigint', (reply) => reply.bigint(-(2n ** 63n)), ':-9223372036854775808\r\n'),
  same('bulk', (reply) => reply.bulk(Buffer.from('xabcx'), 1, 3), '$3\r\nabc\r\n'),
  same('bulk, empty', (reply) => reply.bulk(Buffer.from('x'), 1, 0), '$0\r\n\r\n'),
  same(
    'bulk, 64 bytes',
    (reply) => reply.bulk(Buffer.alloc(70, 'a'), 3, 64),
    `$64\r\n${'a'.repeat(64)}\r\n`,
  ),
  same(
    'bulk, 65 bytes',
    (reply) => reply.bulk(Buffer.alloc(70, 'a'), 3, 65),
    `$65\r\n${'a'.repeat(65)}\r\n`,
  ),
  same(
    'bulkBuffer',
    (reply) => reply.bulkBuffer(Buffer.from([0, 255, 13, 10])),
    '$4\r\n\0\xff\r\n\r\n',
  ),
  same('bulkText', (reply) => reply.bulkText('ä'), '$2\r\n\xc3\xa4\r\n'),
  { name: 'null', write: (reply) => reply.null(), resp2: '$-1\r\n', resp3: '_\r\n' },
  { name: 'nullArray', write: (reply) => reply.nullArray(), resp2: '*-1\r\n', resp3: '_\r\n' },
  same('array', (reply) => reply.array(12), '*12\r\n'),
  same('array, empty', (reply) => reply.array(0), '*0\r\n'),
  { name: 'map', write: (reply) => reply.map(8), resp2: '*16\r\n', resp3: '%8\r\n' },
  { name: 'set', write: (reply) => reply.set(100), resp2: '*100\r\n', resp3: '~100\r\n' },
  { name: 'push', write: (reply) => reply.push(3), resp2: '*3\r\n', resp3: '>3\r\n' },
  { name: 'true', write: (reply) => reply.boolean(true), resp2: ':1\r\n', resp3: '#t\r\n' },
  { name: 'false', write: (reply) => reply.boolean(false), resp2: ':0\r\n', resp3: '#f\r\n' },
  ...(
    [
      [0.5, '0.5'],
      [-0, '-0'],
      [3, '3'],
      [Number.POSITIVE_INFINITY, 'inf'],
      [Number.NEGATIVE_INFINITY, '-inf'],
      [Number.NaN, 'nan'],
    ] as const
  ).map(([value, text]) => ({
    name: `double ${text}`,
    write: (reply: Reply) => reply.double(value),
    resp2: `$${text.length}\r\n${text}\r\n`,
    resp3: `,${text}\r\n`,
  })),
  {
    name: 'bigNumber',
    write: (reply) => reply.bigNumber('123456789012345678901'),
    resp2: '$21\r\n123456789012345678901\r\n',
    resp3: '(123456789012345678901\r\n',
  },
  {
    name: 'verbatim',
    write: (reply) => reply.verbatim('añ', 'txt'),
    resp2: '$3\r\na\xc3\xb1\r\n',
    resp3: '=7\r\ntxt:a\xc3\xb1\r\n',
  },
  same('raw', (reply) => reply.raw(Buffer.from('\xff*1\r\n', 'latin1')), '\xff*1\r\n'),
];

describe.each(CASES)('$name', ({ write, resp2, resp3 }) => {
  test.each([
    ['RESP2', false, resp2],
    ['RESP3', true, resp3],
  ])('in %s', (_, isResp3, expected) => {
    const reply = new Reply();
    reply.resp3 = isResp3;
    write(reply);
    expect(contentOf(reply).toString('latin1')).toBe(expected);
  });

  test('at every distance from the end of the buffer', () => {
    const reply = new Reply();
    const filler = Buffer.alloc(BUFFER_BYTES, 'f');
    for (let room = 0; room <= resp2.length + 25; room++) {
      reply.discard();
      reply.replaceBuffer();
      reply.raw(filler.subarray(room));
      expect(reply.position).toBe(BUFFER_BYTES - room);
      write(reply);
      const content = contentOf(reply);
      expect(content.length).toBe(BUFFER_BYTES - room + resp2.length);
      expect(content.toString('latin1', BUFFER_BYTES - room)).toBe(resp2);
      expect(content[BUFFER_BYTES - room - 1]).toBe(filler[0]);
      expect(reply.pendingBytes).toBe(content.length);
    }
  });
});

describe('errors', () => {
  test('are counted, and the last is remembered', () => {
    const reply = new Reply();
    reply.error('ERR one');
    reply.simple('fine');
    reply.error('WRONGTYPE two\n');
    expect([reply.errors, reply.lastError]).toEqual([2, 'WRONGTYPE two\n']);
  });
});

describe('output that outgrows its buffer', () => {
  test('one reply larger than the buffer is one piece', () => {
    const reply = new Reply();
    reply.ok();
    const bytes = Buffer.alloc(3 * BUFFER_BYTES, 'v');
    reply.bulkBuffer(bytes);
    expect(reply.chunks.length).toBe(1);
    expect(reply.chunks[0].toString()).toBe('+OK\r\n');
    expect(
      contentOf(reply).equals(
        Buffer.concat([Buffer.from(`+OK\r\n$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]),
      ),
    ).toBe(true);
  });

  test('an empty buffer that is too small leaves no empty chunk', () => {
    const reply = new Reply();
    reply.raw(Buffer.alloc(BUFFER_BYTES + 1));
    expect(reply.chunks).toEqual([]);
    expect(reply.pendingBytes).toBe(BUFFER_BYTES + 1);
  });

  test('what was handed over is not written to any more', () => {
    const reply = new Reply();
    reply.ok();
    const handedOver = reply.buffer.subarray(0, reply.position);
    reply.replaceBuffer();
    reply.simple('other');
    expect(handedOver.toString()).toBe('+OK\r\n');
    expect(contentOf(reply).toString()).toBe('+other\r\n');
  });

  test('any sequence of replies, marks and rewinds equals plain concatenation', () => {
    const size = fc.oneof(
      fc.nat({ max: 100 }),
      fc.integer({ min: BUFFER_BYTES - 40, max: BUFFER_BYTES + 5 }),
      fc.integer({ min: 80_000, max: 200_000 }),
      fc.integer({ min: 400_000, max: 520_000 }),
    );
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constantFrom('bulk', 'raw', 'line'), n: size }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('integer'), n: fc.integer() }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('mark'), n: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('rewind', 'copy'), n: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constantFrom('discard', 'replace'), n: fc.nat() }),
      },
    );
    const seen = { rewinds: 0, copies: 0 };
    const pattern = Buffer.alloc(2 * BUFFER_BYTES, 'abcdefghijklmnopqrstuvwxyz0123456');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25, size: 'max' }), (steps) => {
        const reply = new Reply();
        let model = Buffer.alloc(0);
        let marks: { readonly mark: ReturnType<Reply['mark']>; readonly length: number }[] = [];
        const append = (...parts: (string | Uint8Array)[]) => {
          model = Buffer.concat([model, ...parts.map((part) => Buffer.from(part))]);
        };
        for (const { kind, n } of steps) {
          if (kind === 'bulk') {
            const bytes = pattern.subarray(n % 33, (n % 33) + n);
            reply.bulkBuffer(bytes);
            append(`$${n}\r\n`, bytes, '\r\n');
          } else if (kind === 'raw') {
            reply.raw(pattern.subarray(0, n));
            append(pattern.subarray(0, n));
          } else if (kind === 'line') {
            const text = pattern.toString('latin1', 0, n);
            reply.simple(text);
            append('+', text, '\r\n');
          } else if (kind === 'integer') {
            reply.integer(n);
            append(`:${n}\r\n`);
          } else if (kind === 'mark') {
            marks.push({ mark: reply.mark(), length: model.length });
          } else if (kind === 'rewind' && marks.length > 0) {
            const at = n % marks.length;
            const { mark, length } = marks[at];
            reply.rewind(mark);
            model = model.subarray(0, length);
            // Marks beyond the one that was returned to are void.
            marks = marks.slice(0, at + 1);
            seen.rewinds++;
          } else if (kind === 'copy' && marks.length > 0) {
            const { mark, length } = marks[n % marks.length];
            expect(reply.copySince(mark).equals(model.subarray(length))).toBe(true);
            seen.copies++;
          } else if (kind === 'discard' || kind === 'replace') {
            reply.discard();
            if (kind === 'replace') reply.replaceBuffer();
            model = Buffer.alloc(0);
            marks = [];
          }
          expect(reply.pendingBytes).toBe(model.length);
        }
        expect(contentOf(reply).equals(model)).toBe(true);
      }),
      { numRuns: 100 },
    );
    expect(Math.min(seen.rewinds, seen.copies)).toBeGreaterThan(20);
  });

  test('a copy stays what it was, whatever is encoded later', () => {
    const reply = new Reply();
    reply.ok();
    const mark = reply.mark();
    reply.bulkText('first');
    const copy = reply.copySince(mark);
    reply.rewind(mark);
    reply.bulkText('other');
    expect(copy.toString()).toBe('$5\r\nfirst\r\n');
    expect(reply.copySince(mark).toString()).toBe('$5\r\nother\r\n');
  });
});
