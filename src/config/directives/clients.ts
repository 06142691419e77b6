// How many clients there may be, and how much memory they may take.
import { section } from '../directive.ts';
import { bufferLimits } from '../kinds/lists.ts';
import { integer, LONG_MAX, memory, memoryOrPercent, UINT_MAX } from '../kinds/numbers.ts';

export const clients = section('clients', 'Clients', {
  maxclients: {
    kind: integer({ min: 1, max: UINT_MAX }),
    default: '10000',
    status: 'active',
    doc: 'Most clients connected at a time; further ones are answered with an error and closed.',
  },
  'maxmemory-clients': {
    kind: memoryOrPercent(),
    default: '0',
    status: 'active',
    doc: 'Most memory that all clients take together: buffers, queued commands, subscriptions, watched keys and all else that is kept for them. Beyond it the largest are disconnected, except those with `CLIENT NO-EVICT`. `0` sets no limit; half of the JavaScript heap, and half of the memory of the machine, are never exceeded.',
  },
  'client-query-buffer-limit': {
    kind: memory({ min: 1_048_576, max: LONG_MAX }),
    default: '1gb',
    status: 'active',
    doc: 'Most bytes of a request that is not yet complete; a client that sends more is disconnected.',
  },
  'client-output-buffer-limit': {
    kind: bufferLimits(),
    default: 'normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60',
    status: 'active',
    doc: 'When a client that does not read its replies is disconnected: beyond the hard limit at once, beyond the soft limit when it stays there for as many seconds. `0` sets no limit. A setting changes the classes that it names.',
  },
});
