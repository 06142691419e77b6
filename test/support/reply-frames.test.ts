import { describe, expect, test } from 'vitest';
import { fieldOf, isError, itemsOf, parseReply, textOf } from './reply-frames.ts';

const FRAMES: readonly string[] = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':-42\r\n',
  '$0\r\n\r\n',
  '$5\r\na\r\nbc\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*2\r\n$1\r\na\r\n*1\r\n:1\r\n',
  '_\r\n',
  '#t\r\n',
  ',3.25\r\n',
  ',inf\r\n',
  '(123456789012345678901234567890\r\n',
  '=7\r\ntxt:abc\r\n',
  '!5\r\nERR x\r\n',
  '~2\r\n+a\r\n+b\r\n',
  '%2\r\n+k\r\n:1\r\n+l\r\n%0\r\n',
  '>2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n',
  '|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n',
];

describe('parseReply', () => {
  test.each(FRAMES)('finds the end of %j and of no part of it', (frame) => {
    const bytes = Buffer.from(frame, 'latin1');
    for (let length = 0; length < bytes.length; length++) {
      expect(parseReply(bytes.subarray(0, length), 0)).toBeUndefined();
    }
    const followed = Buffer.concat([bytes, Buffer.from('+next\r\n')]);
    const parsed = parseReply(followed, 0);
    expect(parsed?.end).toBe(bytes.length);
    expect(parsed?.reply.bytes).toEqual(bytes);
  });

  test('gives members, fields and texts', () => {
    const map = parseReply(Buffer.from('%2\r\n+k\r\n:1\r\n$1\r\nl\r\n_\r\n'), 0)?.reply;
    if (map === undefined) throw new Error('not parsed');
    expect(itemsOf(map).map((item) => item.type)).toEqual(['+', ':', '$', '_']);
    const field = fieldOf(map, 'k');
    expect(field && textOf(field)).toBe('1');
    expect(fieldOf(map, '1')).toBeUndefined();
    expect(itemsOf(map)[3].payload).toBeNull();
  });

  test('tells errors from texts', () => {
    const kinds = ['-E\r\n', '!1\r\nE\r\n', '+E\r\n', '$1\r\n-\r\n'].map((text) => {
      const parsed = parseReply(Buffer.from(text), 0);
      return parsed !== undefined && isError(parsed.reply);
    });
    expect(kinds).toEqual([true, true, false, false]);
  });

  test.each(['x\r\n', '$a\r\n', '$-2\r\n', '*1x\r\n', '$1\r\nabc\r\n', '*1\r\n?\r\n'])(
    'refuses %j',
    (text) => {
      expect(() => parseReply(Buffer.from(text), 0)).toThrow(/length|start|end/);
    },
  );
});
