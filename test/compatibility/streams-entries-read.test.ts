// How far a group has read, behind restarts that read a log with its deliveries: the log does not say how many entries
// those were, and Redis does not know it then.
import { afterEach, expect, test } from 'vitest';
import { Process } from '../durability/process.ts';
import { splitLine } from '../support/command-line.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { fieldOf, itemsOf, textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { target } from '../support/synap-server.ts';
import { differenceNames } from './differences.ts';

type Start = (directory: string, options?: readonly string[]) => Promise<Process>;

const filled = (key: string, count: number) =>
  Array.from({ length: count }, (_, i) => `XADD ${key} ${i + 1}-0 f v`);

/** Groups of three streams: one that is only read, one with a deleted entry, one that is read without pending entries. */
const LINES = [
  ...['s', 't', 'u'].flatMap((key) => [...filled(key, 10), `XGROUP CREATE ${key} g 0`]),
  'XREADGROUP GROUP g a COUNT 2 STREAMS s t > >',
  'XREADGROUP GROUP g a COUNT 3 NOACK STREAMS u >',
  'XREADGROUP GROUP g b COUNT 1 STREAMS s >',
  'XDEL t 5-0',
  'XCLAIM s g b 0 1-0',
  'XCLAIM s g b 0 9-0 JUSTID FORCE RETRYCOUNT 1',
  'XADD s MAXLEN 9 11-0 f v',
];
const LATER_LINES = ['XREADGROUP GROUP g b COUNT 2 STREAMS s t u > > >', 'XACK s g 3-0'];

afterEach(() => Process.killAll());

/** Names the difference that a comparison is about. */
function intended(name: string): void {
  expect(differenceNames).toContain(name);
}

/** Runs lines on a server that is killed then; returns entries read and lag of each group, before and behind the lines. */
async function lags(
  server: Process,
  commands: readonly string[],
): Promise<[before: string, after: string]> {
  const client = await RawClient.connect(server.port, 20_000);
  const before = await groupsOf(client);
  for (const line of commands) {
    const reply = await client.command(...splitLine(line));
    expect(reply.type, line).not.toBe('-');
  }
  while (!/^aof_rewrite_in_progress:0\r$/m.test(textOf(await client.command('INFO'))));
  const after = await groupsOf(client);
  await client.close();
  await server.kill();
  return [before, after];
}

async function groupsOf(client: RawClient): Promise<string> {
  const groups: string[] = [];
  for (const key of ['s', 't', 'u']) {
    const [group] = itemsOf(await client.command('XINFO', 'GROUPS', key));
    if (group === undefined) continue;
    const fields = ['entries-read', 'lag'].map((name) => fieldOf(group, name));
    groups.push(fields.map((field) => (field && textOf(field)) || '-').join('+'));
  }
  return groups.join(' ');
}

/** Restarts between lines, with a rewritten log under the later ones. */
async function history(start: Start): Promise<string[]> {
  const directory = temporaryDirectory();
  try {
    const [, first] = await lags(await start(directory.path), LINES);
    const [again] = await lags(await start(directory.path), ['BGREWRITEAOF']);
    const [, later] = await lags(await start(directory.path), LATER_LINES);
    const [last] = await lags(await start(directory.path), []);
    return [first, again, later, last];
  } finally {
    directory.remove();
  }
}

test.skipIf(!hasRedis)('entries read and lag behind restarts', { timeout: 60_000 }, async () => {
  intended('stream-entries-read');
  const [first, later] = ['3+8 2+- 3+7', '5+6 -+- 5+5'];
  expect(await history(Process.startRedis)).toEqual([
    first,
    '-+8 -+- 3+7',
    '-+- -+- 5+5',
    '-+- -+- 3+7',
  ]);
  if (target === 'redis') return;
  expect(await history(Process.start)).toEqual([first, first, later, later]);
});
