// Publish/subscribe between several connections, compared with Redis. Its order among a client's
// own channels (UNSUBSCRIBE without names), among patterns that match, and of PUBSUB CHANNELS is
// that of a hash table there, so those are compared without it.

import { shape, transformed, unordered } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import {
  capture,
  closes,
  command,
  compared,
  framed,
  hangUp,
  hears,
  on,
  raw,
  receive,
  send,
} from '../support/script.ts';

/** The fields of a client's line that subscriptions change. */
const subscriptionFields = transformed('subscriptions', (text) =>
  [...text.matchAll(/ (flags|sub|psub|ssub|cmd|resp)=[^ \n]*/g)].map(([field]) => field).join(),
);
/** The lines of INFO that count subscriptions. */
const pubsubLines = transformed('pubsub lines', (text) =>
  [...text.matchAll(/^pubsub.*$/gm)].map(([line]) => line).join(),
);

const inline = (...lines: string[]) => Buffer.from(lines.map((line) => `${line}\r\n`).join(''));

compareWithRedis('publish/subscribe', (define) => {
  define('channels', [
    framed('sub> SUBSCRIBE x', 1),
    'pub> PUBLISH x hello',
    hears('sub'),
    'pub> PUBLISH y nobody',
    framed('sub> SUBSCRIBE y z', 2),
    framed('late> SUBSCRIBE x', 1),
    'pub> PUBLISH x ""',
    hears('sub'),
    hears('late'),
    'pub> PUBLISH z "\\x00\\xff\\r\\n"',
    hears('sub'),
    framed('sub> UNSUBSCRIBE y', 1),
    'pub> PUBLISH y nobody',
    'pub> PUBLISH',
    'pub> PUBLISH x',
    'pub> PUBLISH x y z',
    'pub> SUBSCRIBE',
    'pub> PSUBSCRIBE',
    'pub> SSUBSCRIBE',
    'pub> SPUBLISH x',
  ]);

  define('names of any bytes', [
    framed(String.raw`sub> SUBSCRIBE "" "a\x00b" "\xff\r\n*1\r\n" "${'x'.repeat(300)}"`, 4),
    'pub> PUBLISH "" empty',
    hears('sub'),
    String.raw`pub> PUBLISH "a\x00b" nul`,
    hears('sub'),
    'pub> PUBLISH a nobody',
    String.raw`pub> PUBLISH "\xff\r\n*1\r\n" "\r\n"`,
    hears('sub'),
    `pub> PUBLISH ${'x'.repeat(300)} ${'y'.repeat(5000)}`,
    hears('sub'),
  ]);

  define('long messages', [
    framed('s1> SUBSCRIBE x', 1),
    framed('s2> SUBSCRIBE x', 1),
    ...[15_000, 16_300, 20_000, 300_000, 3_000_000].flatMap((length) => [
      on('pub', command('PUBLISH', 'x', 'm'.repeat(length))),
      hears('s1'),
      hears('s2'),
    ]),
  ]);

  define('subscribed twice, unsubscribed from what never was', [
    framed('sub> SUBSCRIBE x x', 2),
    framed('sub> SUBSCRIBE x', 1),
    'pub> PUBLISH x once',
    hears('sub'),
    framed('sub> UNSUBSCRIBE nothing x nothing', 3),
    framed('sub> UNSUBSCRIBE x', 1),
    framed('sub> UNSUBSCRIBE', 1),
    framed('sub> PUNSUBSCRIBE', 1),
    framed('sub> SUNSUBSCRIBE', 1),
    framed('sub> PUNSUBSCRIBE a b', 2),
    framed('sub> SUNSUBSCRIBE a b', 2),
    'sub> PING',
  ]);

  define('channels and patterns count together, shard channels alone', [
    framed('sub> SUBSCRIBE x', 1),
    framed('sub> PSUBSCRIBE x* y*', 2),
    framed('sub> SSUBSCRIBE x z', 2),
    framed('sub> SUBSCRIBE y', 1),
    framed('sub> UNSUBSCRIBE nothing', 1),
    framed('sub> PUNSUBSCRIBE y*', 1),
    framed('sub> SUNSUBSCRIBE x', 1),
    framed('sub> UNSUBSCRIBE', 2, shape),
    framed('sub> UNSUBSCRIBE', 1),
    framed('sub> SUNSUBSCRIBE', 1),
    framed('sub> SUNSUBSCRIBE', 1),
    framed('sub> PUNSUBSCRIBE', 1),
    framed('sub> PUNSUBSCRIBE', 1),
  ]);

  define('patterns', [
    framed('p1> PSUBSCRIBE news:* h[ae]llo x?z', 3),
    framed(String.raw`p2> PSUBSCRIBE "a\\*b" * plain`, 3),
    ...['news:', 'news:it', 'hello', 'hallo', 'x-z', 'plain', 'a*b', 'axb', 'new'].map(
      (channel) => `pub> PUBLISH ${channel} m`,
    ),
    hears('p1', 5),
    hears('p2', 11, shape),
    'pub> PUBLISH "" m',
    framed('p1> PUNSUBSCRIBE news:*', 1),
    'pub> PUBLISH news:it m',
    hears('p2'),
  ]);

  define('a client that matches several times gets the message as often', [
    framed('sub> SUBSCRIBE x', 1),
    framed('sub> PSUBSCRIBE x*', 1),
    'pub> PUBLISH x m',
    hears('sub', 2),
    framed('sub> PSUBSCRIBE ? [x]', 2),
    'pub> PUBLISH x m',
    hears('sub', 4, shape),
    'pub> PUBSUB NUMPAT',
  ]);

  define('shard channels are channels of their own', [
    framed('sub> SSUBSCRIBE x', 1),
    framed('sub> SUBSCRIBE y', 1),
    framed('sub> PSUBSCRIBE z*', 1),
    'pub> PUBLISH x nobody',
    'pub> SPUBLISH x m',
    hears('sub'),
    'pub> SPUBLISH y nobody',
    'pub> SPUBLISH z nobody',
    framed('sub> SUNSUBSCRIBE x', 1),
    'pub> SPUBLISH x nobody',
  ]);

  define('PUBSUB', [
    'pub> PUBSUB CHANNELS',
    'pub> PUBSUB NUMPAT',
    framed('a> SUBSCRIBE x y news:1', 3),
    framed('b> SUBSCRIBE x', 1),
    framed('a> PSUBSCRIBE news:* z*', 2),
    framed('b> PSUBSCRIBE news:*', 1),
    framed('b> SSUBSCRIBE s news:2', 2),
    compared(unordered, 'pub> PUBSUB CHANNELS'),
    compared(unordered, 'pub> PUBSUB CHANNELS *'),
    'pub> PUBSUB CHANNELS news:*',
    'pub> PUBSUB CHANNELS nothing',
    'pub> PUBSUB CHANNELS ""',
    'pub> PUBSUB NUMSUB',
    'pub> PUBSUB NUMSUB x y nothing x news:2',
    'pub> PUBSUB NUMPAT',
    compared(unordered, 'pub> pubsub shardchannels'),
    'pub> PUBSUB SHARDCHANNELS s*',
    'pub> PUBSUB SHARDNUMSUB',
    'pub> PUBSUB SHARDNUMSUB s x',
    'pub> PUBSUB HELP',
    'pub> PUBSUB',
    'pub> PUBSUB nonsense',
    'pub> PUBSUB CHANNELS a b',
    'pub> PUBSUB ShardChannels a b',
    'pub> PUBSUB NUMPAT x',
    'pub> PUBSUB HELP x',
    compared(pubsubLines, 'pub> INFO stats'),
    hangUp('a'),
  ]);

  define('a client that ends takes its subscriptions along', [
    framed('gone> SUBSCRIBE x', 1),
    framed('gone> PSUBSCRIBE *', 1),
    framed('gone> SSUBSCRIBE x', 1),
    closes('gone> QUIT'),
    framed('killed> SUBSCRIBE x', 1),
    'pub> PUBSUB NUMSUB x',
    'pub> CLIENT KILL TYPE pubsub',
    'pub> PUBLISH x nobody',
    'pub> PUBSUB NUMPAT',
    'pub> PUBSUB CHANNELS',
    receive('killed', 'close'),
  ]);

  define('CLIENT LIST and CLIENT KILL know subscribers', [
    framed('sub> SUBSCRIBE x y', 2),
    framed('sub> PSUBSCRIBE x*', 1),
    compared(subscriptionFields, 'pub> CLIENT LIST TYPE pubsub'),
    framed('sub> SSUBSCRIBE x y z', 3),
    compared(subscriptionFields, 'pub> CLIENT LIST TYPE pubsub'),
    framed('sub> UNSUBSCRIBE', 2, shape),
    framed('sub> PUNSUBSCRIBE', 1),
    compared(subscriptionFields, 'pub> CLIENT LIST TYPE pubsub'),
    framed('sub> SUNSUBSCRIBE', 3, shape),
    'pub> CLIENT LIST TYPE pubsub',
    compared(subscriptionFields, 'sub> CLIENT INFO'),
  ]);

  define('shard channels are not subscribed to in a transaction', [
    'sub> MULTI\nsub> SSUBSCRIBE s\nsub> SUNSUBSCRIBE s\nsub> EXEC\nPUBSUB SHARDNUMSUB s\nsub> GET k',
  ], { protocols: [2] });

  define('what a subscribed client of RESP2 may do', [
    framed('sub> SUBSCRIBE x', 1),
    'sub> GET k',
    'sub> config get maxmemory',
    'sub> MULTI',
    'sub> HELLO 3',
    'sub> CLIENT INFO',
    'sub> AUTH password',
    'sub> PUBLISH x m',
    'sub> PUBSUB CHANNELS',
    'sub> nonsense a b',
    'sub> GET',
    'sub> PING',
    'sub> PING hello',
    'sub> PING hello there',
    'sub> SSUBSCRIBE s',
    'sub> UNSUBSCRIBE',
    'sub> GET k',
    'sub> SUNSUBSCRIBE',
    'sub> PING',
    'sub> GET k',
    'sub> PSUBSCRIBE *',
    'sub> GET k',
    'sub> RESET',
    'sub> GET k',
    'pub> PUBLISH x nobody',
    'pub> PUBSUB NUMPAT',
    'sub> SUBSCRIBE x',
    closes('sub> QUIT'),
  ], { protocols: [2] });

  define('what a subscribed client of RESP3 may do', [
    'sub> SET k v',
    framed('sub> SUBSCRIBE x', 1),
    'sub> GET k',
    'sub> PING',
    'sub> PING hello',
    'sub> PUBLISH x m',
    'sub> PUBSUB CHANNELS',
    framed('sub> PSUBSCRIBE x*', 1),
    'sub> PUBLISH x m',
    compared(shape, 'sub> HELLO 2'),
    'pub> PUBLISH x m',
    hears('sub', 2),
    'sub> PING',
    'sub> GET k',
    'sub> HELLO 3',
    'sub> RESET',
    'sub> PING',
    'pub> PUBLISH x nobody',
  ], { protocols: [3] });

  define('a client that publishes to itself in a pipeline', [
    on('sub', raw(inline('SUBSCRIBE x', 'PING', 'PUBLISH x 1', 'PUBLISH x 2', 'PING a'), 4)),
    on('sub', raw(inline('PUBLISH x 3', 'UNSUBSCRIBE x', 'PUBLISH x 4'), 2)),
  ], { protocols: [3] });

  define('a subscriber in the middle of its pipeline', [
    framed('sub> SUBSCRIBE x', 1),
    on('pub', raw(inline('PUBLISH x 1', 'PUBLISH x 2', 'PING', 'PUBLISH y 3', 'PUBLISH x 4'), 5)),
    hears('sub', 3),
    send('sub> PING one'),
    hears('sub'),
    'pub> PUBLISH x 5',
    hears('sub'),
    send('sub> PING two'),
    hears('sub'),
  ]);

  define('in a transaction', [
    'a> MULTI',
    'a> SUBSCRIBE x',
    'a> PUBLISH x 1',
    'a> GET k',
    'a> UNSUBSCRIBE x',
    'a> PUBLISH x 2',
    'a> EXEC',
    'a> GET k',
    'a> MULTI',
    'a> SUBSCRIBE y z',
    'a> DISCARD',
    'b> PUBSUB CHANNELS',
    'b> MULTI',
    'b> SUBSCRIBE',
    'b> EXEC',
    framed('sub> SUBSCRIBE x', 1),
    'b> MULTI',
    'b> PUBLISH x 1',
    'b> SPUBLISH x 1',
    'b> PUBSUB NUMSUB x',
    'b> PUBLISH x 2',
    'b> EXEC',
    hears('sub', 2),
  ]);

  define('a transaction that leaves a subscriber', [
    on('a', raw(inline('MULTI', 'SUBSCRIBE x y', 'PSUBSCRIBE x*', 'PUBLISH x m', 'EXEC'), 5)),
    hears('a', 0),
    'b> PUBLISH x m',
  ]);

  define('CLIENT REPLY keeps no message back', [
    framed('b> SUBSCRIBE x', 1),
    send('a> CLIENT REPLY OFF'),
    framed('a> SUBSCRIBE x y', 2),
    'b> PING',
    'c> PUBLISH x m',
    hears('a'),
    hears('b'),
    send('a> PING'),
    send('a> SUBSCRIBE'),
    framed('a> UNSUBSCRIBE x', 1),
    framed('a> UNSUBSCRIBE y', 1),
    'a> CLIENT REPLY ON',
    'a> CLIENT INFO extra',
    send('a> CLIENT REPLY SKIP'),
    framed('a> SUBSCRIBE x', 1),
    'c> PUBLISH x m',
    hears('a'),
    hears('b'),
  ]);

  define('a client that publishes to itself without replies', [
    framed('a> SUBSCRIBE x', 1),
    on('a', raw(inline('CLIENT REPLY SKIP', 'PUBLISH x 1', 'PUBLISH x 2'), 1)),
    on('a', raw(inline('CLIENT REPLY OFF', 'PUBLISH x 1', 'GET k', 'CLIENT REPLY ON'), 1)),
  ], { protocols: [3] });

  define('a paused server lets subscriptions pass and keeps messages', [
    framed('sub> SUBSCRIBE x', 1),
    'a> CLIENT PAUSE 100000 WRITE',
    send('pub> PUBLISH x m'),
    send('pub2> SPUBLISH x m'),
    framed('sub> SUBSCRIBE y', 1),
    'a> CLIENT UNPAUSE',
    receive('pub'),
    receive('pub2'),
    hears('sub'),
  ]);

  define('a monitor may subscribe', [
    'mon> MONITOR',
    framed('mon> SUBSCRIBE x', 2, shape),
    'pub> PUBLISH x m',
    hears('mon', 2, shape),
    hangUp('mon'),
  ]);

  define('errors are counted', [
    'a> CONFIG RESETSTAT',
    framed('a> SUBSCRIBE x', 1),
    'a> GET k',
    compared(
      transformed('commandstats', (text) =>
        [...text.matchAll(/cmdstat_(get|subscribe).*/g)]
          .map(([line]) => line.replace(/usec[^,]*,/g, ''))
          .sort()
          .join(),
      ),
      'b> INFO commandstats',
    ),
  ], { protocols: [2] });

  define('the address of a subscriber can be told and killed', [
    capture('id', 'sub> CLIENT ID'),
    framed('sub> SUBSCRIBE x', 1),
    'a> CLIENT KILL ID $id TYPE normal',
    'a> CLIENT KILL ID $id TYPE pubsub',
    receive('sub', 'close'),
    'a> PUBLISH x nobody',
  ]);
});
