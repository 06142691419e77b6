// Streams in payloads that are made by hand, beside a Redis that checks everything: what older versions wrote, and what no
// stream has.
import { payloadOf, rdbString } from '../persistence/rdb/payloads.ts';
import {
  GROUP,
  NODE,
  rawId,
  type Stream,
  type StreamNode,
  streamOf,
} from '../persistence/rdb/stream-payloads.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, compared, type Script } from '../support/script.ts';
import { nearTimes, payloads } from '../support/stream-replies.ts';

const restore = (stream: Stream) =>
  command('RESTORE', 's', '0', payloadOf(streamOf(stream)), 'REPLACE');

/** Restores a stream, and looks at all of it. */
function looked(stream: Stream): Script {
  return [
    restore(stream),
    'XRANGE s - +\nXREVRANGE s + -\nXINFO STREAM s\nDEBUG DIGEST-VALUE s\nOBJECT ENCODING s',
    ...compared(nearTimes, 'XINFO STREAM s FULL COUNT 0\nXINFO GROUPS s'),
    compared(payloads, 'DUMP s'),
  ];
}

/** Nodes that are no nodes of streams. */
const NO_NODES: readonly (readonly [why: string, elements: StreamNode[1]])[] = [
  ['nothing in it', []],
  ['a count alone', [1]],
  ['a count that is too large', [3, 0, 1, 'a', 0, 2, 0, 0, 1, 4]],
  ['a count that is too small', [1, 0, 1, 'a', 0, 2, 0, 0, 1, 4, 2, 0, 1, 1, 4]],
  ['a count of deleted ones that is too large', [1, 1, 1, 'a', 0, 2, 0, 0, 1, 4]],
  ['a count that is negative', [-1, 0, 1, 'a', 0, 2, 0, 0, 1, 4]],
  ['a count that is a text', ['x', 0, 1, 'a', 0, 2, 0, 0, 1, 4]],
  ['too few fields', [1, 0, 2, 'a', 0, 2, 0, 0, 1, 4]],
  ['too many fields', [1, 0, 1, 'a', 'b', 0, 2, 0, 0, 1, 4]],
  ['no zero behind the fields', [1, 0, 1, 'a', 7, 2, 0, 0, 1, 4]],
  ['flags that are a text', [1, 0, 1, 'a', 0, 'x', 0, 0, 1, 4]],
  ['an id that is a text', [1, 0, 1, 'a', 0, 2, 'x', 0, 1, 4]],
  ['a length that is too large', [1, 0, 1, 'a', 0, 2, 0, 0, 1, 5]],
  ['a length that is too small', [1, 0, 1, 'a', 0, 2, 0, 0, 1, 3]],
  ['a length that is a text', [1, 0, 1, 'a', 0, 2, 0, 0, 1, 'x']],
  ['fields of its own that are too many', [1, 0, 1, 'a', 0, 0, 0, 0, 2, 'c', 5, 6]],
  ['fields of its own that are negative', [1, 0, 1, 'a', 0, 0, 0, 0, -1, 'c', 5, 6]],
  ['an entry without its value', [1, 0, 1, 'a', 0, 2, 0, 0]],
  ['something behind the last', [1, 0, 1, 'a', 0, 2, 0, 0, 1, 4, 9]],
  ['fields without an end', [1, 0, 100, 'a', 0, 2, 0, 0, 1, 4]],
];

compareWithRedis(
  'streams in payloads',
  (define) => {
    define('of 7.0 and of versions before', [
      ...looked({}),
      ...looked({ groups: [GROUP] }),
      ...looked({ type: 15 }),
      ...looked({ type: 15, groups: [GROUP, { name: 'h', last: [2, 0] }, { name: 'i' }] }),
      ...looked({
        groups: [
          { ...GROUP, entriesRead: 100 },
          { name: '', last: [9, 9] },
        ],
      }),
      ...looked({ last: [99, 5], added: 50, maxDeleted: [77, 0], first: [1, 1] }),
      'XADD s 99-4 f v\nXADD s 99-6 f v\nXLEN s\nXINFO STREAM s\nXDEL s 1-1\nXINFO STREAM s\nDUMP s',
    ]);

    define('several nodes, and none', [
      ...looked({
        nodes: [
          NODE,
          [
            [2, 5],
            [1, 0, 1, 'a', 0, 2, 0, 0, 1, 4],
          ],
          [
            [3, 0],
            [2, 1, 1, 'a', 0, 3, 0, 0, 1, 4, 2, 0, 1, 2, 4, 2, 5, 0, 3, 4],
          ],
        ],
        length: 5,
        last: [8, 0],
      }),
      'XDEL s 2-5 3-1\nXADD s 9-0 a 1\nXTRIM s MAXLEN 2\nXRANGE s - +\nXINFO STREAM s\nDUMP s',
      ...looked({ nodes: [], length: 0, first: [0, 0], groups: [GROUP] }),
      'XADD s 2-0 a b\nXADD s 2-1 a b\nXLEN s\nXINFO STREAM s',
      // Of these, Redis tells the largest id for the first one, until there is one.
      restore({ type: 15, nodes: [], length: 0, last: [0, 0], groups: [{ name: 'h' }] }),
      'XADD s 0-1 a b\nXINFO STREAM s',
    ]);

    define('pending entries of deleted and unknown entries', [
      ...looked({
        groups: [
          {
            name: 'g',
            last: [99, 0],
            entriesRead: 3,
            pending: [
              { id: [1, 1], timeMs: 1_700_000_000_000, deliveries: 0 },
              { id: [1, 2], timeMs: 0, deliveries: 1 },
              { id: [50, 0], timeMs: 1_700_000_000_000, deliveries: 100_000 },
            ],
            consumers: [
              [
                'a',
                [
                  [1, 1],
                  [50, 0],
                ],
              ],
              ['b', [[1, 2]]],
            ],
          },
        ],
      }),
      'XREADGROUP GROUP g a STREAMS s 0\nXREADGROUP GROUP g b STREAMS s 0',
      ...compared(nearTimes, 'XAUTOCLAIM s g c 0 0\nXPENDING s g - + 10\nXINFO STREAM s FULL'),
    ]);

    define('nodes that no stream has', [
      ...NO_NODES.map(([, elements]) => restore({ nodes: [[[1, 1], elements]], length: 1 })),
      'EXISTS s',
    ]);

    define('values that no stream has', [
      restore({ nodes: [], length: 2 }),
      restore({ nodes: [NODE, NODE], length: 4 }),
      restore({ groups: [GROUP, GROUP] }),
      restore({ groups: [{ ...GROUP, pending: [] }] }),
      restore({ groups: [{ ...GROUP, consumers: [] }] }),
      restore({ groups: [{ ...GROUP, consumers: [['a', [[1, 1]]]] }] }),
      restore({ groups: [{ ...GROUP, consumers: [...(GROUP.consumers ?? []), ['a', []]] }] }),
      restore({
        groups: [{ ...GROUP, pending: [...(GROUP.pending ?? []), ...(GROUP.pending ?? [])] }],
      }),
      command('RESTORE', 's', '0', payloadOf(streamOf({}).subarray(0, -1))),
      command('RESTORE', 's', '0', payloadOf(streamOf({ groups: [GROUP] }).subarray(0, -3))),
      command('RESTORE', 's', '0', payloadOf(Buffer.from([19]))),
      command(
        'RESTORE',
        's',
        '0',
        payloadOf(Buffer.concat([Buffer.from([19, 1]), rdbString('x')])),
      ),
      command(
        'RESTORE',
        's',
        '0',
        payloadOf(Buffer.concat([Buffer.from([19, 1]), rdbString(rawId([1, 1])), rdbString('x')])),
      ),
      'EXISTS s',
    ]);
  },
  { config: { 'sanitize-dump-payload': 'yes' } },
);
