// client-output-buffer-limit: what a client gets whose replies exceed it, and what was done of its requests.

import { compareWithRedis } from '../support/comparison-suite.ts';
import { closes, framed, raw, receive, send } from '../support/script.ts';

compareWithRedis('Output limits', (define) => {
  define('a reply above the hard limit closes the client before any of it is sent', [
    `
      SET big "${'x'.repeat(200_000)}"
      CONFIG SET client-output-buffer-limit "normal 100000 0 0"
      b> GETRANGE big 0 90000
    `,
    closes('b> GET big'),
    'CONFIG SET client-output-buffer-limit "normal 0 0 0"\nGET big',
  ]);

  define('the first bytes of a reply do not count, as in Redis', [
    `
      SET small "${'x'.repeat(15_000)}"
      SET large "${'x'.repeat(20_000)}"
      CONFIG SET client-output-buffer-limit "normal 10000 0 0"
      b> GET small
    `,
    closes('b> GET large'),
    'CONFIG SET client-output-buffer-limit "normal 0 0 0"',
  ]);

  define(
    'nor is anything sent that was answered before in the same pipeline, and nothing runs after it',
    [
      `SET big "${'x'.repeat(200_000)}"\nCONFIG SET client-output-buffer-limit "normal 100000 0 0"\nb> PING`,
      { ...raw('INCR before\r\nGET big\r\nINCR after\r\n', 'close'), connection: 'b' },
      'CONFIG SET client-output-buffer-limit "normal 0 0 0"\nMGET before after',
    ],
  );

  define('many replies of one pipeline', [
    `SET part "${'x'.repeat(9_000)}"\nCONFIG SET client-output-buffer-limit "normal 100000 0 0"\nb> PING`,
    { ...raw('GET part\r\n'.repeat(40), 'close'), connection: 'b' },
    'CONFIG SET client-output-buffer-limit "normal 0 0 0"',
  ]);

  define('a transaction is run to its end', [
    `
      SET big "${'x'.repeat(200_000)}"
      CONFIG SET client-output-buffer-limit "normal 100000 0 0"
      b> MULTI
      b> INCR n
      b> GET big
      b> INCR n
      b> GET big
      b> SET last done
    `,
    closes('b> EXEC'),
    'CONFIG SET client-output-buffer-limit "normal 0 0 0"\nMGET n last',
  ]);

  define('messages', [
    'CONFIG SET client-output-buffer-limit "pubsub 100000 0 0"',
    framed('b> SUBSCRIBE x', 1),
    `PUBLISH x ${'m'.repeat(200_000)}`,
    receive('b', 'close'),
    'CONFIG SET client-output-buffer-limit "pubsub 33554432 8388608 60"',
  ]);

  define('the answer to one who waited', [
    'CONFIG SET client-output-buffer-limit "normal 100000 0 0"',
    send('b> BLMPOP 0 1 l LEFT COUNT 100000'),
    `RPUSH l ${'e'.repeat(200_000)}`,
    receive('b', 'close'),
    'EXISTS l\nCONFIG SET client-output-buffer-limit "normal 0 0 0"',
  ]);
});
