import { describe, expect, test } from 'vitest';
import { escapeBytes, showCommand, splitLine } from './command-line.ts';
import { capture, closes, command, on, raw, receive, send, sleep, stepsOf } from './script.ts';

const texts = (line: string) => splitLine(line).map((arg) => arg.toString('latin1'));

describe('splitLine', () => {
  test('follows the quoting of redis-cli', () => {
    expect(texts('SET k  v ')).toEqual(['SET', 'k', 'v']);
    expect(texts(String.raw`a "b c" "" '\'d' "\x00\xfF\n\"\\" e"f"`)).toEqual([
      'a',
      'b c',
      '',
      "'d",
      '\x00\xff\n"\\',
      'ef',
    ]);
    expect(() => splitLine('a "b')).toThrow('unbalanced quotes');
    expect(() => splitLine('a "b\\"')).toThrow('unbalanced quotes');
    expect(() => splitLine('\u0141')).toThrow('no byte');
  });

  test('is undone by showCommand', () => {
    const args = ['', 'a b', '\x00\r\n\xff', '"\\', 'plain'];
    expect(texts(showCommand(args))).toEqual(args);
  });
});

describe('escapeBytes', () => {
  test('keeps what prints and escapes the rest', () => {
    expect(escapeBytes(Buffer.from('+a b"\r\n\x00\x7f\\', 'latin1'))).toBe(
      '+a b"\\r\\n\\x00\\x7f\\\\',
    );
  });
});

describe('stepsOf', () => {
  test('makes a step of each line', () => {
    const steps = stepsOf(['\n SET k v  # note\n\n# alone\nb> GET k', command('PING')]);
    expect(steps.map(({ connection, label, command: name }) => [connection, label, name])).toEqual([
      ['a', 'SET k v', 'set'],
      ['b', 'GET k', 'get'],
      ['a', 'PING', 'ping'],
    ]);
    expect(steps[1].bytes?.(new Map()).toString()).toBe('*2\r\n$3\r\nGET\r\n$1\r\nk\r\n');
  });

  test('puts captured values in place', () => {
    const [step] = stepsOf(['CLIENT KILL ID $id $other']);
    const bytes = step.bytes?.(new Map([['id', Buffer.from('17')]]));
    expect(bytes?.toString()).toBe(
      '*5\r\n$6\r\nCLIENT\r\n$4\r\nKILL\r\n$2\r\nID\r\n$2\r\n17\r\n$6\r\n$other\r\n',
    );
  });

  test('gives each kind of step what it waits for', () => {
    expect([
      send('b> GET k'),
      receive('b', 2),
      closes('QUIT'),
      raw('x', 0),
      sleep(1),
    ]).toMatchObject([
      { connection: 'b', replies: 0 },
      { connection: 'b', replies: 2, bytes: undefined },
      { connection: 'a', replies: 'close' },
      { connection: 'a', replies: 0 },
      { replies: 0, pauseMs: 1 },
    ]);
    expect(on('c', raw('x')).connection).toBe('c');
    expect(capture('id', 'CLIENT ID').capture).toEqual({ name: 'id', pattern: undefined });
  });
});
