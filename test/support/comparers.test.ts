import { describe, expect, test } from 'vitest';
import { anyOfType, approx, type Comparer, exact, redact, shape, unordered } from './comparers.ts';
import { parseReply } from './reply-frames.ts';

function equal(comparer: Comparer, left: string, right: string): boolean {
  const [a, b] = [left, right].map((text) => parseReply(Buffer.from(text, 'latin1'), 0)?.reply);
  if (a === undefined || b === undefined) throw new Error('not a whole reply');
  return comparer.equal(a, b) && comparer.equal(b, a);
}

const array = (...items: string[]) => `*${items.length}\r\n${items.join('')}`;
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

describe('comparers', () => {
  test('exact sees every byte', () => {
    expect(equal(exact, '+OK\r\n', '+OK\r\n')).toBe(true);
    expect(equal(exact, '+OK\r\n', '$2\r\nOK\r\n')).toBe(false);
    expect(equal(exact, '$-1\r\n', '*-1\r\n')).toBe(false);
  });

  test('unordered forgives order only, and keeps pairs together', () => {
    expect(equal(unordered, array(bulk('a'), bulk('b')), array(bulk('b'), bulk('a')))).toBe(true);
    expect(equal(unordered, array(bulk('a'), bulk('b')), array(bulk('b'), bulk('b')))).toBe(false);
    const nested = array(array(bulk('a'), bulk('b')), ':1\r\n');
    expect(equal(unordered, nested, array(':1\r\n', array(bulk('b'), bulk('a'))))).toBe(true);
    expect(equal(unordered, nested, array(array(':1\r\n', bulk('b')), bulk('a')))).toBe(false);
    const map = (...pairs: string[]) => `%${pairs.length}\r\n${pairs.join('')}`;
    expect(
      equal(unordered, map('+a\r\n:1\r\n', '+b\r\n:2\r\n'), map('+b\r\n:2\r\n', '+a\r\n:1\r\n')),
    ).toBe(true);
    expect(
      equal(unordered, map('+a\r\n:1\r\n', '+b\r\n:2\r\n'), map('+a\r\n:2\r\n', '+b\r\n:1\r\n')),
    ).toBe(false);
  });

  test('shape and anyOfType see types', () => {
    expect(equal(shape, array(bulk('a'), ':1\r\n'), array(bulk('xyz'), ':9\r\n'))).toBe(true);
    expect(equal(shape, array(bulk('a'), ':1\r\n'), array(bulk('a'), bulk('1')))).toBe(false);
    expect(equal(shape, array(bulk('a')), array(bulk('a'), bulk('a')))).toBe(false);
    expect(equal(shape, bulk('a'), '$-1\r\n')).toBe(false);
    expect(equal(anyOfType, array(bulk('a')), array())).toBe(true);
    expect(equal(anyOfType, bulk('a'), '$-1\r\n')).toBe(false);
  });

  test('approx forgives small distances between numbers only', () => {
    expect(equal(approx(5), ':100\r\n', ':105\r\n')).toBe(true);
    expect(equal(approx(5), ':100\r\n', ':106\r\n')).toBe(false);
    expect(equal(approx(5), ':-1\r\n', ':-2\r\n')).toBe(false);
    expect(equal(approx(5), ':-1\r\n', ':1\r\n')).toBe(false);
    expect(equal(approx(5), ':100\r\n', bulk('100'))).toBe(false);
    expect(equal(approx(5), bulk('x'), bulk('y'))).toBe(false);
    expect(equal(approx(5), array(bulk('a'), ':7\r\n'), array(bulk('a'), ':8\r\n'))).toBe(true);
  });

  test('redact forgives what the pattern matches', () => {
    const id = redact(/id=\d+/);
    expect(equal(id, bulk('id=7 name='), bulk('id=12345 name='))).toBe(true);
    expect(equal(id, bulk('id=7 name='), bulk('id=7 name=x'))).toBe(false);
    expect(equal(id, bulk('id=7\nid=8'), bulk('id=1\nid=2'))).toBe(true);
    expect(equal(id, bulk('id=7'), '+id=7\r\n')).toBe(false);
  });
});
