// What commands of streams put into the log, beside Redis: deliveries become XCLAIM, ids of the clock and approximate trims
// what they came to, and what changes nothing is not there. Then each reads the log of the other, with all groups.
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Process } from '../durability/process.ts';
import { splitLine } from '../support/command-line.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Reply, textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { nearTimes } from '../support/stream-replies.ts';
import { target } from '../support/synap-server.ts';

const OPTIONS = ['--appendonly', 'yes', '--appendfsync', 'always'];
const FOLDER = 'appendonlydir';

type Start = (directory: string, options?: readonly string[]) => Promise<Process>;
const startRedis: Start = (directory, options = []) =>
  Process.startRedis(directory, [...OPTIONS, ...options]);
const startSynap: Start =
  target === 'redis' ? startRedis : (directory) => Process.start(directory, OPTIONS);

/** Adds entries of the ids 1-0 … `count`-0. */
const filled = (key: string, count: number) =>
  Array.from({ length: count }, (_, i) => `XADD ${key} ${i + 1}-0 f v`);

const LINES = [
  'CONFIG SET stream-node-max-entries 10',
  ...lines(`
    XADD s * f v
    XADD s NOMKSTREAM * f v
    XADD none NOMKSTREAM * f v
    XADD s 1-1 f v
    XADD t 5-* f v
    XADD t 5-* f v
    XADD t 6 f v
    XADD t MAXLEN 2 7-0 f v
    XADD t MAXLEN 2 NOMKSTREAM 7-* f v
    XADD t MAXLEN = 2 * f v
    XADD t MINID 7 99999999999999-1 f v
    XADD t MINID = 7 99999999999999-* f v
    XADD t MAXLEN 100 * f v
    XADD all MINID ~ 9 LIMIT 100 1-1 f v
    XADD all MAXLEN ~ 0 LIMIT 100 2-1 f v
    XADD all 3-1 f v
    XTRIM all MINID ~ 9
    DEL s t
  `),
  ...filled('s', 35),
  ...lines(`
    XADD s MAXLEN ~ 30 36-0 f v
    XADD s MAXLEN ~ 20 37-0 f v
    XADD s MAXLEN ~ 0 LIMIT 5 38-0 f v
    XADD s MAXLEN ~ 0 LIMIT 10 39-* f v
    XADD s MINID ~ 25 40-0 f v
    XADD s MINID ~ 32 41-* f v
    XADD s MINID ~ 35 LIMIT 1 42-0 f v
    XADD s NOMKSTREAM MAXLEN ~ 5 LIMIT 100 43-0 f v
    XADD s MAXLEN ~ 0 LIMIT 0 44-0 f v
    XTRIM s MAXLEN 100
  `),
  ...filled('r', 35),
  ...lines(`
    XTRIM r MAXLEN ~ 30
    XTRIM r MAXLEN ~ 20
    XTRIM r MAXLEN ~ 20
    XTRIM r MAXLEN ~ 0 LIMIT 10
    XTRIM r MAXLEN 14
    XTRIM r MAXLEN = 13
    XTRIM r MAXLEN 13
    XTRIM r MINID 24
    XTRIM r MINID ~ 25
    XTRIM r MINID ~ 31 LIMIT 100
    XTRIM r MINID ~ 31 LIMIT 100
    XTRIM none MAXLEN 5
    XTRIM r MAXLEN 0
    XTRIM r MAXLEN 0
    XDEL r 1-0
    XDEL s 44-0 1-0
    XDEL s 44-0
    XDEL none 1-0
    XSETID r 50-0
    XSETID r 50-0
    XSETID r 51-0 ENTRIESADDED 70 MAXDELETEDID 36-0
    XSETID r 1-0 ENTRIESADDED -1
  `),
  ...filled('q', 12),
  ...lines(`
    XGROUP CREATE q g 0
    XGROUP CREATE q g 0
    XGROUP CREATE q h $ ENTRIESREAD 5
    XGROUP CREATE new g $ MKSTREAM
    XGROUP CREATECONSUMER q g a
    XGROUP CREATECONSUMER q g a
    XGROUP SETID q h 0 ENTRIESREAD 0
    XGROUP SETID q none 0
    XREADGROUP GROUP g a COUNT 1 STREAMS q >
    XREADGROUP GROUP g b COUNT 1 STREAMS q >
    XREADGROUP GROUP g c COUNT 2 STREAMS q >
    XREADGROUP GROUP g c NOACK COUNT 1 STREAMS q >
    XREADGROUP GROUP g d NOACK COUNT 1 STREAMS q >
    XREADGROUP GROUP g c STREAMS q 0
    XREADGROUP GROUP g b NOACK STREAMS q 0
    XREADGROUP GROUP g e STREAMS q 0
    XREADGROUP GROUP g a STREAMS q new > >
    XREADGROUP GROUP g a STREAMS q >
    XREADGROUP GROUP g f STREAMS q >
    XREADGROUP GROUP g f NOACK STREAMS q >
    XACK q g 1-0
    XACK q g 1-0
    XACK q g 1-0 2-0 99-0
    XCLAIM q g b 0 3-0 TIME 1700000000000
    XCLAIM q g b 0 3-0 4-0 TIME 1700000000001 JUSTID
    XCLAIM q g b 0 3-0 IDLE 1000 RETRYCOUNT 7
    XCLAIM q g new 0 7-0
    XCLAIM q g newer 1000000 7-0
    XCLAIM q g b 1000000 7-0
    XCLAIM q g b 0 99-0 FORCE
    XCLAIM q g b 0 5-0 FORCE TIME 1700000000002
    XCLAIM q g b 0 5-0 LASTID 20-0 TIME 1700000000003
    XCLAIM q g b 0 99-0 LASTID 21-0
    XDEL q 3-0 8-0 9-0
    XCLAIM q g a 0 3-0
    XAUTOCLAIM q g z 0 0 COUNT 3
    XAUTOCLAIM q g z 0 0 COUNT 1 JUSTID
    XAUTOCLAIM q g z 1000000 0
    XAUTOCLAIM q g y 1000000 0
    XAUTOCLAIM q g x 0 10-0 COUNT 1
    XAUTOCLAIM q h x 0 0
    XPENDING q g
    XINFO STREAM q FULL
    XGROUP DELCONSUMER q g b
    XGROUP DELCONSUMER q g b
    XGROUP DESTROY q none
    XGROUP SETID q g 10-0
    XADD q2 1-0 f v
    XADD q2 2-0 f v
    XGROUP CREATE q2 g 0
    XREADGROUP GROUP g a COUNT 1 STREAMS q q2 > >
    XREADGROUP GROUP g n NOACK COUNT 1 STREAMS q q2 > >
    XREADGROUP GROUP g a STREAMS q q2 0 >
    XGROUP CREATE q gone 0
    XGROUP DESTROY q gone
    MULTI
    XADD m * f v
    XADD m 99999999999999-0 f v
    XGROUP CREATE m g 0
    XREADGROUP GROUP g a STREAMS m >
    XACK m g 99999999999999-0
    XTRIM m MAXLEN ~ 1
    EXEC
    MULTI
    XACK m g 1-1
    XREADGROUP GROUP g a STREAMS m >
    EXEC
  `),
];

/** Those that wait, and what serves them then. */
const WAITING = [
  'XREADGROUP GROUP g a BLOCK 0 STREAMS w >',
  'XREADGROUP GROUP g b BLOCK 0 COUNT 1 STREAMS w >',
  'XREADGROUP GROUP h c BLOCK 0 NOACK STREAMS w >',
  'XREAD BLOCK 0 STREAMS w $',
];
const SERVING = lines(`
  XADD w 1-0 f v
  MULTI
  XADD w 2-0 f v
  XADD w 3-0 f v
  EXEC
  XADD w 4-0 f v
`);

/** But for those with ids of the clock. */
const KEYS = ['s', 'r', 'q', 'q2', 'new', 'w'];

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

afterEach(() => Process.killAll());

test.skipIf(!hasRedis)('effects, and logs that the other reads', { timeout: 60_000 }, async () => {
  const directories = [temporaryDirectory(), temporaryDirectory()];
  const [theirs, ours] = directories.map(({ path }) => path);
  try {
    const redis = await run(startRedis, theirs);
    const synap = await run(startSynap, ours);
    expect(synap.effects).toEqual(redis.effects);
    expect(redis.effects.length).toBeGreaterThan(150);
    expectSame(synap.state, redis.state);
    // Each reads its own log, and that of the other.
    const [expected, ...others] = [
      await stateAfter(startRedis, theirs),
      await stateAfter(startSynap, ours),
      await stateAfter(startSynap, theirs),
      await stateAfter(startRedis, ours),
    ];
    for (const state of others) expectSame(state.map(withoutLag), expected.map(withoutLag));
  } finally {
    for (const directory of directories) directory.remove();
  }
});

test.skipIf(!hasRedis)('a log that Redis rewrote as commands', { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory();
  try {
    const options = ['--aof-use-rdb-preamble', 'no'];
    await run(startRedis, directory.path, options, async (client) => {
      await client.command('BGREWRITEAOF');
      for (;;) {
        const info = textOf(await client.command('INFO', 'persistence'));
        if (/^aof_rewrite_in_progress:0\r$/m.test(info)) return;
      }
    });
    const expected = await stateAfter(startRedis, directory.path);
    expectSame(await stateAfter(startSynap, directory.path), expected);
  } finally {
    directory.remove();
  }
});

/**
 * Runs the lines, and reads what the log has then.
 * @param afterwards called when all is in the log
 */
async function run(
  start: Start,
  directory: string,
  options: readonly string[] = [],
  afterwards: (client: RawClient) => Promise<void> = async () => {},
): Promise<{ effects: string[]; state: Reply[] }> {
  const server = await start(directory, options);
  const client = await RawClient.connect(server.port, 20_000);
  const run = (line: string) => client.command(...splitLine(line));
  for (const line of LINES) await run(line);
  await run('XGROUP CREATE w g $ MKSTREAM');
  await run('XGROUP CREATE w h $');
  const waiters: RawClient[] = [];
  for (const line of WAITING) {
    const waiter = await RawClient.connect(server.port, 20_000);
    waiter.sendCommand(splitLine(line));
    waiters.push(waiter);
    const awaited = `blocked_clients:${waiters.length}\r`;
    while (!textOf(await client.command('INFO', 'clients')).includes(awaited));
  }
  for (const line of SERVING) await run(line);
  for (const waiter of waiters) await waiter.read(1);
  const effects = effectsIn(directory);
  const state = await stateOf(client);
  await afterwards(client);
  await Promise.all([client, ...waiters].map((one) => one.close()));
  await server.kill();
  return { effects, state };
}

/** The commands in a log, each as a line, with marks for what was read from the clock. */
function effectsIn(directory: string): string[] {
  const folder = join(directory, FOLDER);
  const increments = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  const text = increments.map((name) => readFileSync(join(folder, name), 'latin1')).join('');
  return text
    .replaceAll(/^#.*\r\n/gm, '')
    .split(/^(?=\*)/m)
    .map((command) =>
      command
        .replaceAll(/[*$]\d+\r\n/g, '')
        .replaceAll('\r\n', ' ')
        .replaceAll(/\b(\d{13})(-\d+)?\b/g, (text, ms) => (isNow(Number(ms)) ? '(now)' : text))
        .trim(),
    )
    .filter((command) => !/^SELECT/i.test(command));
}

function isNow(ms: number): boolean {
  return Math.abs(ms - Date.now()) < 600_000;
}

/** All that there is to know of the streams. */
async function stateOf(client: RawClient): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (const key of KEYS) {
    replies.push(await client.command('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'));
    replies.push(await client.command('XINFO', 'GROUPS', key));
  }
  return replies;
}

/** The same without what Redis does not know any more behind a restart (streams-entries-read.test.ts). */
function withoutLag(reply: Reply): Reply {
  if (reply.items === null) return reply;
  const items = reply.items.filter((_, i, { [i - 1]: before }) => {
    return before?.type !== '$' || !['entries-read', 'lag'].includes(textOf(before));
  });
  return { ...reply, items: items.map(withoutLag) };
}

/** What a server has that starts in a directory with a log. */
async function stateAfter(start: Start, directory: string): Promise<Reply[]> {
  const copy = temporaryDirectory();
  try {
    cpSync(join(directory, FOLDER), join(copy.path, FOLDER), { recursive: true });
    const server = await start(copy.path);
    const client = await RawClient.connect(server.port, 20_000);
    const state = await stateOf(client);
    await client.close();
    await server.kill();
    return state;
  } finally {
    copy.remove();
  }
}

function expectSame(actual: readonly Reply[], expected: readonly Reply[]): void {
  for (const [i, reply] of expected.entries()) {
    const texts = [actual[i], reply].map(({ bytes }) => bytes.toString('latin1'));
    if (!nearTimes.equal(reply, actual[i])) expect(texts[0]).toBe(texts[1]);
  }
}
