// What clients that waited take counts as changes of the data (rdb_changes_since_last_save) as in
// Redis: what BLPOP takes then is none beside the push, what BLMPOP takes is.

import { expect, test } from 'vitest';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';

const COMMANDS = [
  ['BLPOP', 'k', '0'],
  ['BRPOP', 'none', 'k', '0'],
  ['BLMOVE', 'k', 't', 'LEFT', 'RIGHT', '0'],
  ['BRPOPLPUSH', 'k', 'k', '0'],
  ['BLMPOP', '0', '1', 'k', 'LEFT', 'COUNT', '10'],
  ['BLMPOP', '0', '1', 'k', 'RIGHT', 'COUNT', '2'],
];

compareWithRedis('changes by those who waited', (_, servers) => {
  test.each(COMMANDS)('%s %s', async (...command) => {
    const [redis, synap] = await Promise.all(servers().map(({ port }) => changes(port, command)));
    expect(synap).toBe(redis);
    expect(synap).toBeGreaterThan(0);
  });
});

/** How many changes a push of three elements makes while a client waits with a command. */
async function changes(port: number, command: readonly string[]): Promise<number> {
  const [waiter, pusher] = [await RawClient.connect(port), await RawClient.connect(port)];
  try {
    await pusher.command('FLUSHALL');
    waiter.sendCommand(command);
    const before = await field(pusher, 'rdb_changes_since_last_save');
    while ((await field(pusher, 'blocked_clients')) === 0) await pusher.command('PING');
    await pusher.command('RPUSH', 'k', '1', '2', '3');
    await waiter.read();
    return (await field(pusher, 'rdb_changes_since_last_save')) - before;
  } finally {
    await Promise.all([waiter.close(), pusher.close()]);
  }
}

async function field(client: RawClient, name: string): Promise<number> {
  const info = textOf(await client.command('INFO'));
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
}
