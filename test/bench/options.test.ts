import { describe, expect, test } from 'vitest';
import { isForKeeps, parseOptions, splitCommand } from '../../bench/options.mjs';
import { matchesFilter, rowLabel, stringsRows } from '../../bench/scenarios/strings.mjs';
import { inOrderOfRound } from '../../bench/support/servers.mjs';

describe('parseOptions', () => {
  test('runs everything without flags', () => {
    const options = parseOptions([]);
    expect(options.only).toEqual(['strings', 'pubsub', 'memory', 'event-loop']);
    expect(options.rounds).toBeNull();
    expect(isForKeeps(options)).toBe(true);
  });

  test('takes scenarios from lists, repeated flags and the other name, in their own order', () => {
    const { only } = parseOptions(['--only', 'event-loop', '--scenario', 'memory,memory']);
    expect(only).toEqual(['memory', 'event-loop']);
  });

  test.each([
    [['--only', 'lists'], 'no scenario "lists"'],
    [['--rounds', '0'], '--rounds'],
    [['--rounds', '2.5'], '--rounds'],
    [['--rounds', 'many'], '--rounds'],
    [['--quick', '--full'], 'exclude each other'],
    [['--quick', '--write-docs'], '--write-docs'],
    [['--synap-command', 'redis-server', '--write-docs'], '--write-docs'],
    [['--synap-command', ' '], 'empty'],
    [['--fast'], '--fast'],
    [['strings'], 'strings'],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  test.each([['--quick'], ['--row=SET'], ['--json=file'], ['--synap-command=redis-server']])(
    'does not keep the results of %s',
    (flag) => {
      expect(isForKeeps(parseOptions([flag]))).toBe(false);
    },
  );

  test('writes documentation from a file, whatever else', () => {
    expect(parseOptions(['--from', 'file', '--quick', '--write-docs']).writeDocs).toBe(true);
  });
});

describe('splitCommand', () => {
  test('splits at blanks outside quotes', () => {
    expect(splitCommand(` node  '/a b/main.js' --name="x 'y'" ''`)).toEqual([
      'node',
      '/a b/main.js',
      `--name=x 'y'`,
      '',
    ]);
  });

  test('refuses a quote that is not closed', () => {
    expect(() => splitCommand(`node 'a b`)).toThrow('quotes');
  });
});

describe('rows of strings', () => {
  test('cover the targets, then other sizes and a larger key space', () => {
    const labels = stringsRows(false).map(rowLabel);
    expect(labels).toHaveLength(new Set(labels).size);
    for (const command of ['PING', 'SET', 'GET', 'INCR', 'MSET (10 keys)']) {
      for (const pipeline of [1, 16, 64]) {
        expect(labels).toContain(`${command} P=${pipeline} 16B 100k`);
      }
    }
    expect(labels).toContain('GET P=16 4096B 100k');
    expect(labels).toContain('SET P=16 16B 1M');
  });

  test('are selected by whole words', () => {
    const select = (filter: string) =>
      stringsRows(false)
        .filter((row) => matchesFilter(row, filter))
        .map(rowLabel);
    expect(select('')).toHaveLength(stringsRows(false).length);
    expect(select('set p=1')).toEqual(['SET P=1 16B 100k']);
    expect(select('p=64 GET')).toEqual(['GET P=64 16B 100k']);
    expect(select('set p=2')).toEqual([]);
  });
});

test('who goes first changes every round', () => {
  const servers = ['synap', 'redis'];
  expect([0, 1, 2].map((round) => inOrderOfRound(servers, round)[0])).toEqual([
    'synap',
    'redis',
    'synap',
  ]);
  expect(servers).toEqual(['synap', 'redis']);
});
