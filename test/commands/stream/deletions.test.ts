// XDELEX and XACKDEL of Redis 8.2: what they answer and what is left of entries and of what groups have pending of them.
// There is no Redis here that has them: what it answers is from its documentation.
import { describe, expect, test } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import type { EffectArgument } from '../../../src/core/effects.ts';
import type { Services } from '../../../src/core/services.ts';
import { encodedCommands } from '../../support/encoded-commands.ts';
import { TestServer } from '../../support/test-call.ts';

/** A server with a stream `s` of the entries 1-0 … 4-0, of which groups `g` and `h` have been given 3 and 2. */
function start() {
  const effects: string[] = [];
  const events: string[] = [];
  let isSuppressed = false;
  const record = (...args: EffectArgument[]) => {
    isSuppressed = true;
    effects.push(args.map(String).join(' '));
  };
  const server = new TestServer(families.flat(), {
    effects: {
      active: true,
      maxTransactionBytes: Number.POSITIVE_INFINITY,
      propagateAs: (_: unknown, ...args: EffectArgument[]) => record(...args),
      propagateEncoded: (_: unknown, bytes: Uint8Array, length: number) => {
        for (const words of encodedCommands(bytes, length)) record(...words);
      },
      beginTransaction: () => record('MULTI'),
      endTransaction: () => record('EXEC'),
      suppress: () => {
        isSuppressed = true;
      },
      together: (run: () => void) => {
        record('MULTI');
        run();
        record('EXEC');
      },
    },
  } as Partial<Services>);
  server.keyspace.events.publisher = {
    hasSubscribers: true,
    publishBytes: (channel, at, length) => {
      events.push(channel.toString('latin1', at, at + length).replace(/.*__:/, ''));
      return 1;
    },
  };
  server.keyspace.chooseEvents('Et');
  const client = server.connect();
  const run = (line: string) => {
    const before = server.keyspace.dirty;
    isSuppressed = false;
    const reply = server.run(client, ...line.split(' '));
    if (server.keyspace.dirty !== before && !isSuppressed) effects.push(line);
    return reply.trimEnd().replaceAll('\r\n', ' ');
  };
  for (const id of ['1-0', '2-0', '3-0', '4-0']) run(`XADD s ${id} f v`);
  for (const [group, count] of [
    ['g', '3'],
    ['h', '2'],
  ]) {
    run(`XGROUP CREATE s ${group} 0`);
    run(`XREADGROUP GROUP ${group} c COUNT ${count} STREAMS s >`);
  }
  effects.length = 0;
  events.length = 0;
  /** The entries, and those that the groups have pending. */
  const left = () =>
    ['XRANGE s - +', 'XPENDING s g - + 9', 'XPENDING s h - + 9'].map((line) =>
      [...run(line).matchAll(/\$3 (\d)-0/g)].map(([, ms]) => ms).join(''),
    );
  return { run, left, effects, events };
}

describe('XDELEX', () => {
  test('keeps what is pending', () => {
    const { run, left, effects, events } = start();
    expect(run('XDELEX s IDS 3 1-0 9-0 1-0')).toBe('*3 :1 :-1 :-1');
    expect(run('XDELEX s KEEPREF IDS 1 4-0')).toBe('*1 :1');
    expect(left()).toEqual(['23', '123', '12']);
    expect(effects).toEqual(['XDEL s 1-0', 'XDEL s 4-0']);
    expect(events).toEqual(['xdel', 'xdel']);
    expect(run('XINFO STREAM s')).toMatch(
      /max-deleted-entry-id \$3 4-0 .* recorded-first-entry-id \$3 2-0/,
    );
  });

  test('DELREF removes it, of entries that are gone, too', () => {
    const { run, left, effects, events } = start();
    run('XDEL s 2-0');
    effects.length = 0;
    events.length = 0;
    expect(run('XDELEX s IDS 4 1-0 2-0 3-0 4-0 DELREF')).toBe('*4 :1 :-1 :1 :1');
    expect(left()).toEqual(['', '', '']);
    expect(effects).toEqual([
      'MULTI',
      ...['g 1-0', 'h 1-0', 'g 2-0', 'h 2-0', 'g 3-0'].map((one) => `XACK s ${one}`),
      'XDEL s 1-0 3-0 4-0',
      'EXEC',
    ]);
    expect(run('XDELEX s DELREF IDS 1 1-0')).toBe('*1 :-1');
    expect(events).toEqual(['xdel']);
  });

  test('DELREF of an entry that is gone is no deletion, but a change', () => {
    const { run, left, effects, events } = start();
    run('XDEL s 3-0');
    expect(run('XDELEX s DELREF IDS 1 3-0')).toBe('*1 :-1');
    expect(left()).toEqual(['124', '12', '12']);
    expect(effects).toEqual(['XDEL s 3-0', 'XACK s g 3-0']);
    expect(events).toEqual(['xdel']);
  });

  test('ACKED deletes what all groups were given and have acknowledged', () => {
    const { run, left, effects } = start();
    run('XACK s g 1-0 3-0');
    run('XACK s h 1-0');
    effects.length = 0;
    // Pending in both groups; not given to h; to none.
    expect(run('XDELEX s ACKED IDS 5 1-0 2-0 3-0 4-0 5-0')).toBe('*5 :1 :2 :2 :2 :-1');
    expect(left()).toEqual(['234', '2', '2']);
    expect(effects).toEqual(['XDEL s 1-0']);
    run('XGROUP DESTROY s g');
    run('XGROUP DESTROY s h');
    expect(run('XDELEX s ACKED IDS 1 2-0')).toBe('*1 :2');
  });
});

describe('XACKDEL', () => {
  test('deletes what it acknowledges', () => {
    const { run, left, effects } = start();
    expect(run('XACKDEL s g IDS 3 1-0 4-0 1-0')).toBe('*3 :1 :-1 :-1');
    expect(left()).toEqual(['234', '23', '12']);
    expect(effects).toEqual(['MULTI', 'XACK s g 1-0', 'XDEL s 1-0', 'EXEC']);
    // It is gone, but h has it pending.
    expect(run('XACKDEL s h KEEPREF IDS 1 1-0')).toBe('*1 :1');
    expect(left()).toEqual(['234', '23', '2']);
  });

  test('DELREF removes what others have pending', () => {
    const { run, left } = start();
    expect(run('XACKDEL s h DELREF IDS 3 1-0 2-0 3-0')).toBe('*3 :1 :1 :-1');
    expect(left()).toEqual(['34', '3', '']);
  });

  test('ACKED leaves the entry to the others', () => {
    const { run, left, effects } = start();
    expect(run('XACKDEL s g ACKED IDS 3 1-0 3-0 4-0')).toBe('*3 :2 :2 :-1');
    expect(left()).toEqual(['1234', '2', '12']);
    expect(effects).toEqual(['MULTI', 'XACK s g 1-0', 'XACK s g 3-0', 'EXEC']);
    expect(run('XACKDEL s h ACKED IDS 2 1-0 2-0')).toBe('*2 :1 :2');
    expect(left()).toEqual(['234', '2', '']);
  });
});

test('keys and groups that are not there', () => {
  const { run, effects } = start();
  run('SET str x');
  effects.length = 0;
  expect(run('XDELEX none IDS 2 1-0 x')).toBe('*2 :-1 :-1');
  expect(run('XACKDEL none g IDS 1 1-0')).toBe('*1 :-1');
  expect(run('XACKDEL s none IDS 1 1-0')).toBe('*1 :-1');
  expect(run('XDELEX str IDS 1 1-0')).toMatch(/^-WRONGTYPE /);
  expect(effects).toEqual([]);
});

test.each([
  ['IDS 1 x', /^-ERR Invalid stream ID/],
  ['IDS 2 1-0', /^-ERR The `numids` parameter must match the number of arguments/],
  ['IDS 0 1-0', /^-ERR Number of IDs must be a positive integer/],
  ['IDS x 1-0', /^-ERR Number of IDs must be a positive integer/],
  ['IDS 1 1-0 2-0', /^-ERR syntax error/],
  ['IDS 1 1-0 IDS 1 1-0', /^-ERR syntax error/],
  ['KEEPREF DELREF IDS 1 1-0', /^-ERR syntax error/],
  ['ACKED ACKED IDS 1 1-0', /^-ERR syntax error/],
  ['1-0 2-0 3-0', /^-ERR syntax error/],
  ['KEEPREF 1-0 IDS', /^-ERR syntax error/],
])('arguments: %s', (words, error) => {
  const { run, left } = start();
  expect(run(`XDELEX s ${words}`.trimEnd())).toMatch(error);
  expect(run(`XACKDEL s g ${words}`.trimEnd())).toMatch(error);
  expect(left()).toEqual(['1234', '123', '12']);
});
