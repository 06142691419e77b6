// What bitmap and HyperLogLog commands do to memory: without any they leave values as they were, and bytes that are
// pinned stay what they are. A string of half a gigabyte costs addresses alone.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { bitfieldCommands } from '../../../src/commands/bitmap/bitfield.ts';
import { bitopCommands } from '../../../src/commands/bitmap/bitop.ts';
import { bitCommands } from '../../../src/commands/bitmap/bits.ts';
import { keyCommands } from '../../../src/commands/generic/keys.ts';
import { hyperLogLogDebugCommands } from '../../../src/commands/hyperloglog/debug.ts';
import { hyperLogLogCommands } from '../../../src/commands/hyperloglog/hyperloglog.ts';
import { stringRangeCommands } from '../../../src/commands/string/ranges.ts';
import { stringCommands } from '../../../src/commands/string/strings.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { Request } from '../../../src/protocol/request.ts';
import { TestServer } from '../../support/test-call.ts';

const ROWS = [
  ...bitCommands,
  ...bitopCommands,
  ...bitfieldCommands,
  ...hyperLogLogCommands,
  ...hyperLogLogDebugCommands,
  ...stringCommands,
  ...stringRangeCommands,
  ...keyCommands,
];
const ELEMENTS = Array.from({ length: 40 }, (_, i) => `e:${i}`);

/** Commands that need memory, by the key whose value changes, after the lines before them. */
const NEEDING: readonly (readonly [before: readonly string[][], line: string[]])[] = [
  [[], ['SETBIT', 'k', '100', '1']],
  [[['SET', 'k', 'abc']], ['SETBIT', 'k', '100000', '1']],
  [[['SET', 'k', 'abc']], ['SETBIT', 'k', '1000000', '1']],
  [[], ['BITFIELD', 'k', 'GET', 'u8', '0', 'SET', 'u8', '1000', '1', 'INCRBY', 'u8', '0', '1']],
  [[['SET', 'k', 'abc']], ['BITFIELD', 'k', 'SET', 'u8', '0', '1', 'SET', 'u8', '90000', '1']],
  [[['SET', 'a', 'abc']], ['BITOP', 'NOT', 'k', 'a']],
  [
    [
      ['SET', 'k', 'abc'],
      ['SET', 'a', 'x'.repeat(100)],
    ],
    ['BITOP', 'NOT', 'k', 'a'],
  ],
  [[], ['PFADD', 'k', 'a']],
  [[], ['PFADD', 'k', ...ELEMENTS]],
  [[['PFADD', 'k', 'a', 'b', 'c']], ['PFADD', 'k', ...ELEMENTS]],
  [[['PFADD', 'a', ...ELEMENTS]], ['PFMERGE', 'k', 'a']],
  [
    [
      ['PFADD', 'k', 'a'],
      ['PFADD', 'a', ...ELEMENTS],
    ],
    ['PFMERGE', 'k', 'a'],
  ],
  [[['PFADD', 'k', 'a']], ['PFDEBUG', 'TODENSE', 'k']],
  [[['PFADD', 'k', 'a']], ['PFDEBUG', 'GETREG', 'k']],
];

function start(): { server: TestServer; run: (...args: (string | Buffer)[]) => string } {
  const config = loadConfig({ settings: [] });
  const server = new TestServer(ROWS, { config });
  const client = server.connect();
  return { server, run: (...args) => server.run(client, ...args) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('without memory', () => {
  test.each(NEEDING)('%j, and then %j', (before, line) => {
    // Each allocation of the command fails in one of the runs.
    for (let allowed = 0; ; allowed++) {
      const { server, run } = start();
      for (const args of before) run(...args);
      const { keyspace } = server;
      const [value, dirty] = [run('GET', 'k'), keyspace.dirty];
      const { arena } = keyspace;
      const allocate = arena.allocate.bind(arena);
      let left = allowed;
      vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
        if (left-- <= 0) throw new ArenaFullError();
        return allocate(sizeClass);
      });
      let failed = false;
      try {
        run(...line);
      } catch (error) {
        expect(error).toBeInstanceOf(ArenaFullError);
        failed = true;
      }
      vi.restoreAllMocks();
      if (!failed) {
        expect(allowed).toBeGreaterThan(0);
        return;
      }
      expect(run('GET', 'k')).toBe(value);
      expect(keyspace.dirty).toBe(dirty);
    }
  });

  test.each([
    [['SETBIT', 'k', '100000000', '1']],
    [['BITFIELD', 'k', 'SET', 'u8', '100000000', '1']],
    [['BITOP', 'OR', 'k', 'a', 'k']],
  ])('for large memory: %j', (line) => {
    const { run, server } = start();
    run('SET', 'k', 'abc');
    run('SETBIT', 'a', '9000000', '1');
    const { dirty } = server.keyspace;
    const resize = vi.spyOn(ArrayBuffer.prototype, 'resize').mockImplementation(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    expect(() => run(...line)).toThrow(RangeError);
    resize.mockRestore();
    expect(run('GET', 'k')).toBe('$3\r\nabc\r\n');
    expect(server.keyspace.dirty).toBe(dirty);
  });
});

test.each([
  [['SETBIT', 'k', '8000003', '1']],
  [['BITFIELD', 'k', 'SET', 'u63', '70001', '123456789', 'INCRBY', 'u8', '8000000', '3']],
  [['BITOP', 'NOT', 'k', 'k']],
  [['PFADD', 'k', 'a', 'b']],
  [['PFADD', 'k', 'a']],
  [['PFCOUNT', 'k']],
  [['PFMERGE', 'k', 'other']],
  [['PFDEBUG', 'TODENSE', 'k']],
])('pinned bytes stay what they are: %j', (line) => {
  const { server, run } = start();
  const sparse = Buffer.concat([
    Buffer.from('HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80', 'latin1'),
    // Runs of a register each, and further ones that are too many: only what needs all of them is an error.
    ...Array.from({ length: 16_384 }, () => Buffer.from([0x40, 0])),
    Buffer.alloc(line[0] === 'PFADD' ? 1_500_000 : 0, 0x80),
  ]);
  run('PFADD', 'other', 'a', 'b');
  run('SET', 'k', line[0].startsWith('PF') ? sparse : Buffer.alloc(2_000_000, 'bits'));
  const { keyspace } = server;
  const [db] = keyspace.databases;
  const { overflow } = keyspace.arena;
  const ref = db.lookupForChange(Request.of(['GET', 'k']), 1);
  const { buffer, offset, length } = db.value(ref);
  const before = Buffer.from(buffer.subarray(offset, offset + length));
  const pin = overflow.pinLarge(buffer, offset, offset + length);
  const reply = run(...line);
  expect(reply).not.toMatch(/^-/);
  const now = run('GET', 'k');
  expect(now.slice(now.indexOf('\n') + 1, -2)).not.toBe(before.toString('latin1'));
  if (pin === undefined) return;
  const pinned = Buffer.alloc(length);
  pin.copyTo(pinned, 0, 0, length);
  expect(pinned.equals(before)).toBe(true);
  pin.release();
});

test('a bit at the end of half a gigabyte is set at once', () => {
  const { server, run } = start();
  const startMs = performance.now();
  expect(run('SETBIT', 'k', '4294967295', '1')).toBe(':0\r\n');
  run('SETBIT', 'grown', '0', '1');
  expect(run('SETBIT', 'grown', '4294967295', '1')).toBe(':0\r\n');
  expect(run('BITFIELD', 'field', 'SET', 'u8', '4294967288', '255')).toBe('*1\r\n:0\r\n');
  const tookMs = performance.now() - startMs;
  expect(run('GETBIT', 'k', '4294967295')).toBe(':1\r\n');
  expect(run('GETBIT', 'grown', '0')).toBe(':1\r\n');
  expect(run('STRLEN', 'field')).toBe(':536870912\r\n');
  expect(run('GETBIT', 'field', '4294967287')).toBe(':0\r\n');
  expect(run('GETRANGE', 'grown', '536870908', '-1')).toBe('$4\r\n\0\0\0\x01\r\n');
  // Writing half a gigabyte takes longer.
  expect(tookMs).toBeLessThan(300);
  run('DEL', 'k', 'grown', 'field');
  while (server.keyspace.reclaim(performance.now() + 1_000));
});
