// What commands of sorted sets put into the log, beside Redis: pops become ZPOPMIN and ZPOPMAX, all else stays as it is,
// and what changes nothing is not there.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { splitLine } from '../support/command-line.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

const LOG = { appendonly: 'yes', appendfsync: 'always', 'aof-use-rdb-preamble': 'yes' };

/** Those that wait, and what is run then. */
const WAITING = ['BZPOPMIN w 0', 'BZMPOP 0 2 no v MAX COUNT 3', 'BZPOPMAX x w 0'];
const LINES = `
  ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h
  ZADD z 1 a
  ZADD z XX 5 missing
  ZADD z INCR 1 a
  ZADD z GT CH 5 a
  ZINCRBY z 2.5 b
  ZINCRBY z 0 b
  ZPOPMIN z
  ZPOPMAX z 2
  ZPOPMIN none
  ZMPOP 2 none z MIN
  ZMPOP 1 z MAX COUNT 2
  ZMPOP 1 none MIN
  BZPOPMIN none z 0
  BZMPOP 0 1 z MAX COUNT 100
  ZADD w 1 a 2 b 3 c
  ZADD v 1 a 2 b
  ZADD z 1 a 2 b 3 c
  ZREM z a nothing
  ZREM z nothing
  ZREMRANGEBYSCORE z 2 2
  ZREMRANGEBYSCORE z 100 200
  ZREMRANGEBYRANK z 0 0
  ZADD z 1 a 2 b
  ZRANGESTORE d z 0 0
  ZRANGESTORE d z 5 6
  ZRANGESTORE d z 5 6
  ZUNIONSTORE d 2 z none WEIGHTS 2 3
  ZINTERSTORE d 2 z none
  ZINTERSTORE d 2 z none
  ZDIFFSTORE d 1 z
  MULTI
  ZMPOP 1 d MIN
  BZPOPMAX d 0
  BZPOPMAX d 0
  EXEC
  ZRANGE z 0 -1
  ZRANDMEMBER z
`
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '');

test('effects', async () => {
  const servers = await Promise.all([startRedisServer(LOG), startSynapServer(LOG)]);
  try {
    const [redis, synap] = await Promise.all(servers.map(effectsOf));
    expect(synap).toEqual(redis);
    expect(redis.length).toBeGreaterThan(20);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
});

/** Runs the lines, and reads what the log has then. */
async function effectsOf({ port }: RunningServer): Promise<string[]> {
  const client = await RawClient.connect(port);
  const waiters: RawClient[] = [];
  for (const line of WAITING) {
    const waiter = await RawClient.connect(port);
    waiter.sendCommand(splitLine(line));
    waiters.push(waiter);
    while (!(await blockedClients(client)).includes(`blocked_clients:${waiters.length}\r`));
  }
  for (const line of LINES) await client.command(...splitLine(line));
  const directory = textOf(itemsOf(await client.command('CONFIG', 'GET', 'dir'))[1]);
  await Promise.all([client, ...waiters].map((one) => one.close()));
  const folder = join(directory, 'appendonlydir');
  const increments = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  const text = increments.map((name) => readFileSync(join(folder, name), 'latin1')).join('');
  return text
    .replaceAll(/^#.*\r\n/gm, '')
    .split(/^(?=\*)/m)
    .map((command) =>
      command
        .replaceAll(/[*$]\d+\r\n/g, '')
        .replaceAll('\r\n', ' ')
        .trim(),
    )
    .filter((command) => !/^SELECT/i.test(command));
}

async function blockedClients(client: RawClient): Promise<string> {
  return textOf(await client.command('INFO', 'clients'));
}
