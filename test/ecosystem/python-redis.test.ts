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
inf = float('inf')
show(lambda: client.zadd('z', {'most': inf, 'least': -inf, 'a': 1.1, 'b': 2 ** 53 + 1, 'c': 1e17}))
show(lambda: client.zadd('z', {'x': float('nan')}))
show(lambda: client.zrange('z', 0, -1, withscores=True))
show(lambda: client.zrange('z', '(1', '+inf', byscore=True, offset=1, num=2, withscores=True))
show(lambda: (client.zscore('z', 'most'), client.zmscore('z', ['missing', 'a'])))
show(lambda: (client.zincrby('z', 0.1, 'a'), client.zadd('z', {'x': 1}, incr=True, xx=True)))
show(lambda: (client.zrandmember('z', 9, withscores=True), client.zrandmember('no', 2)))
show(lambda: (client.zpopmin('z'), client.zpopmax('z', 2), client.zpopmin('no')))
show(lambda: (client.bzpopmin(['no', 'z'], 1), client.bzpopmin('no', 0.01)))
show(lambda: (client.zmpop(2, ['no', 'z'], min=True), client.zmpop(1, ['no'], max=True)))
show(lambda: client.zadd('u', {'a': 1, 'b': 2.5}))
show(lambda: client.zunion({'u': 2, 'no': 1}, withscores=True))
show(lambda: (client.zdiff(['u', 'no'], withscores=True), client.zscan('u')))
show(lambda: client.hset('h', mapping={'a': 1, 'b': 'x'}, items=['c', 2.5]))
show(lambda: (client.hgetall('h'), client.hmget('h', 'a', 'no'), client.hincrbyfloat('h', 'a', 0.1)))
show(lambda: (client.hscan('h'), client.hrandfield('h', 9, True), client.hrandfield('no', 1)))
show(lambda: (client.sadd('s', 3, 1, 2), client.smembers('s') == {b'1', b'2', b'3'}, client.smismember('s', 1, 9)))
show(lambda: (client.sinter('s', 'no'), client.srandmember('s', 9), sorted(client.spop('s', 9))))
show(lambda: client.geoadd('g', (13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania')))
show(lambda: (client.geopos('g', 'Palermo', 'no'), client.geohash('g', 'Palermo', 'no')))
near = dict(longitude=15, latitude=37, unit='km', radius=200, sort='ASC')
show(lambda: client.geosearch('g', withcoord=True, withdist=True, withhash=True, **near))
show(lambda: client.geosearchstore('d', 'g', member='Palermo', unit='km', radius=200, storedist=True))
bits = client.bitfield('bits', default_overflow='FAIL')
show(lambda: bits.incrby('u2', 100, 9).set('i64', 0, 2 ** 53 + 1).get('u63', 1).execute())
show(lambda: (client.bitpos('bits', 1, 0, -1, 'BIT'), client.bitcount('bits', 0, 20, 'BIT')))
show(lambda: (client.pfadd('p', *range(2000)), client.pfcount('p', 'no')))
show(lambda: client.rpush('numbers', 3, 1, 2))
show(lambda: client.sort('numbers', desc=True, get=['#', 'w_*'], groups=True, start=0, num=2))
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
