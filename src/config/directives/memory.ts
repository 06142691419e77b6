// How much memory data may take, and how keys that expire or must go are found and freed.
import { section } from '../directive.ts';
import { INT_MAX, integer, LONG_MAX, memory as memorySize, ULONG_MAX } from '../kinds/numbers.ts';
import { oneOf, yesNo } from '../kinds/scalars.ts';

export const memory = section('memory', 'Memory, eviction and expiry', {
  maxmemory: {
    kind: memorySize({ min: 0, max: ULONG_MAX }),
    default: '0',
    status: 'active',
    doc: 'Most memory that data and buffers may take; beyond it `maxmemory-policy` decides. `0` sets no limit.',
  },
  'maxmemory-policy': {
    kind: oneOf(
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'noeviction',
    ),
    default: 'noeviction',
    status: 'active',
    doc: 'Which keys go when `maxmemory` is reached: the least recently used (`lru`), least frequently used (`lfu`), random ones or those nearest to expiry (`ttl`), among all keys or those that expire (`volatile`). `noeviction` refuses commands that need memory.',
  },
  'maxmemory-samples': {
    kind: integer({ min: 1, max: INT_MAX }),
    default: '5',
    status: 'active',
    doc: 'Keys that are compared to find one to evict. More are closer to the true order and slower.',
  },
  'maxmemory-eviction-tenacity': {
    kind: integer({ min: 0, max: 100 }),
    default: '10',
    status: 'active',
    doc: 'How long eviction may hold up clients: 0 is shortest, 100 goes on until memory is below the limit.',
  },
  'lfu-log-factor': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '10',
    status: 'active',
    doc: 'How slowly the counter of uses grows: with 10 it is full after about a million uses.',
  },
  'lfu-decay-time': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '1',
    status: 'active',
    doc: 'Minutes after which the counter of uses drops by one. `0` never drops it.',
  },
  'active-expire-effort': {
    kind: integer({ min: 1, max: 10 }),
    default: '1',
    status: 'active',
    doc: 'How much time may go to expired keys, and fields of hashes, that no client reads: while there are any, 1 ms (with 1) to 1.9 ms (with 10) at a time, with 2 ms for requests in between.',
  },
  'lazyfree-lazy-eviction': {
    kind: yesNo(),
    default: 'no',
    status: 'inapplicable',
    doc: 'Free the memory of evicted keys in the background. Here that of large values always is, in short slices.',
  },
  'lazyfree-lazy-expire': {
    kind: yesNo(),
    default: 'no',
    status: 'inapplicable',
    doc: 'Free the memory of expired keys in the background. Here that of large values always is, in short slices.',
  },
  'lazyfree-lazy-server-del': {
    kind: yesNo(),
    default: 'no',
    status: 'inapplicable',
    doc: 'Free in the background what a command replaces, as RENAME does with an existing target. Here the memory of large values always is freed so, in short slices.',
  },
  'lazyfree-lazy-user-del': {
    kind: yesNo(),
    default: 'no',
    status: 'inapplicable',
    doc: 'Make DEL free memory in the background, as UNLINK does. Here both free large values there, in short slices.',
  },
  'lazyfree-lazy-user-flush': {
    kind: yesNo(),
    default: 'no',
    status: 'active',
    doc: 'Make FLUSHALL and FLUSHDB free memory in the background unless they say SYNC.',
  },
  activerehashing: {
    kind: yesNo(),
    default: 'yes',
    status: 'inapplicable',
    doc: 'Spend idle time on growing tables. Here tables grow in small steps as they are used.',
  },
  'jemalloc-bg-thread': {
    kind: yesNo(),
    default: 'yes',
    status: 'inapplicable',
    doc: 'Let the memory allocator of Redis tidy up in a thread of its own.',
  },
  activedefrag: {
    kind: yesNo(),
    default: 'no',
    status: 'active',
    doc: 'Move data in the background to close gaps between it, and give the memory back.',
  },
  'active-defrag-cycle-max': {
    kind: integer({ min: 1, max: 99 }),
    default: '25',
    status: 'active',
    doc: 'Most effort of defragmentation, in percent of the time, at the upper threshold.',
  },
  'active-defrag-cycle-min': {
    kind: integer({ min: 1, max: 99 }),
    default: '1',
    status: 'active',
    doc: 'Least effort of defragmentation, in percent of the time, at the lower threshold.',
  },
  'active-defrag-ignore-bytes': {
    kind: memorySize({ min: 1, max: LONG_MAX }),
    default: '100mb',
    status: 'active',
    doc: 'With less lost memory defragmentation does not begin.',
  },
  'active-defrag-max-scan-fields': {
    kind: integer({ min: 1, max: LONG_MAX }),
    default: '1000',
    status: 'active',
    doc: 'Collections of more elements are moved in several steps, after all others.',
  },
  'active-defrag-threshold-lower': {
    kind: integer({ min: 0, max: 1000 }),
    default: '10',
    status: 'active',
    doc: 'Percentage of lost memory at which defragmentation begins.',
  },
  'active-defrag-threshold-upper': {
    kind: integer({ min: 0, max: 1000 }),
    default: '100',
    status: 'active',
    doc: 'Percentage of lost memory at which defragmentation works hardest.',
  },
});
