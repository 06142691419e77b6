// The client of Python, `redis`, in the version of Debian 12: another reading of the protocol than those of
// npm. What it sees of Synap must be what it sees of Redis.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordingProxy } from '../support/recording-proxy.ts';
import { startRedisServer } from '../support/redis-server.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { pythonWithRedis } from './python.ts';

const python = pythonWithRedis();
const run = promisify(execFile);

/** Prints what each of its steps gives, or the class and the text of its exception. */
const SCRIPT = String.raw`
import redis, sys, threading
port = int(sys.argv[1])
options = dict(host='127.0.0.1', port=port, password='secret', db=2, client_name='app', socket_timeout=20)

def show(step):
    try: print(repr(step()))
    except Exception as error: print(type(error).__name__, str(error))

client = redis.Redis(**options)
show(lambda: client.flushall())
show(lambda: client.set('k', b'\x00\xff\r\n', ex=100))
show(lambda: (client.get('k'), client.ttl('k'), client.get('missing')))
show(lambda: (client.incrby('n', 2 ** 62), client.incrbyfloat('f', 0.1)))
show(lambda: client.incr('k'))
show(lambda: client.execute_command('NOSUCH', 'a'))
show(lambda: client.rpush('list', *range(300)))
show(lambda: (client.lrange('list', 0, 2), client.blpop('list', 1), client.blpop('no', 0.01)))
show(lambda: sorted(client.scan_iter(match='*', count=1)))
show(lambda: client.pipeline().set('a', 'x').incr('a').get('a').execute(raise_on_error=False))
show(lambda: client.pipeline(transaction=False).set('a', 1).incr('a').execute())
def watched(pipe):
    pipe.multi()
    pipe.set('w', 1)
show(lambda: client.transaction(watched, 'w'))
subscriber = client.pubsub()
subscriber.subscribe('channel')
show(lambda: subscriber.get_message(timeout=20))
show(lambda: redis.Redis(**options).publish('channel', 'hello'))
show(lambda: subscriber.get_message(timeout=20))
show(lambda: client.lock('lock', timeout=10).acquire(blocking=False))
show(lambda: client.config_get('maxmemory'))
show(lambda: [client.client_info()[name] for name in ('name', 'db', 'user')])
show(lambda: client.info('clients')['blocked_clients'])
show(lambda: client.object('encoding', 'list'))
show(lambda: redis.Redis(**{**options, 'password': 'wrong'}).ping())
show(lambda: redis.Redis(**{**options, 'password': None, 'client_name': None, 'db': 0}).ping())
show(lambda: redis.Redis(**{**options, 'db': 99}).ping())
`;

/** What the script prints at a server, and what it sends there first on each connection. */
async function use(server: RunningServer): Promise<{ printed: string; greetings: string[][] }> {
  const proxy = await RecordingProxy.open(server.port);
  try {
    const { stdout } = await run(python ?? '', ['-c', SCRIPT, String(proxy.port)]);
    const greetings = proxy.connections.map(({ requests }) =>
      requests.slice(0, 3).map((words) => words.join(' ')),
    );
    return { printed: stdout, greetings };
  } finally {
    await proxy.close();
  }
}

describe.skipIf(python === undefined)('redis for Python', () => {
  let redis: RunningServer;
  let synap: RunningServer;

  beforeAll(async () => {
    redis = await startRedisServer({ requirepass: 'secret' });
    synap = await startSynapServer({ requirepass: 'secret' });
  });

  afterAll(async () => {
    await redis.stop();
    await synap.stop();
  });

  test('sees of Synap what it sees of Redis', async () => {
    const expected = await use(redis);
    const lines = expected.printed.trimEnd().split('\n');
    expect(lines).toHaveLength((SCRIPT.match(/^show\(/gm) ?? []).length);
    expect(lines.filter((line) => /^(True|\[|\(|\{|\d|b')/.test(line)).length).toBeGreaterThan(15);
    expect(expected.greetings[0]).toEqual(['AUTH secret', 'CLIENT SETNAME app', 'SELECT 2']);
    expect(await use(synap)).toEqual(expected);
  });
});
