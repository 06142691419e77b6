// Sizes up to which collections are kept in their compact forms.
import { section } from '../directive.ts';
import { INT_MAX, integer, LONG_MAX, memory } from '../kinds/numbers.ts';

const entries = () => integer({ min: 0, max: LONG_MAX });
const bytes = () => memory({ min: 0, max: LONG_MAX });

export const structures = section('structures', 'Data structures', {
  'hash-max-listpack-entries': {
    kind: entries(),
    default: '512',
    aliases: ['hash-max-ziplist-entries'],
    status: 'active',
    doc: 'Fields up to which a hash is kept as one block. One with fields that expire never is.',
  },
  'hash-max-listpack-value': {
    kind: bytes(),
    default: '64',
    aliases: ['hash-max-ziplist-value'],
    status: 'active',
    doc: 'Longest field or value of a hash that is kept as one block.',
  },
  'list-max-listpack-size': {
    kind: integer({ min: -2_147_483_648, max: INT_MAX }),
    default: '-2',
    aliases: ['list-max-ziplist-size'],
    status: 'active',
    doc: "Size of a list's blocks: elements when positive, or -1 to -5 for 4, 8, 16, 32 and 64 KiB.",
  },
  'list-compress-depth': {
    kind: integer({ min: 0, max: INT_MAX }),
    default: '0',
    status: 'later',
    doc: 'Blocks at either end of a list that are not compressed. `0` compresses none.',
  },
  'set-max-intset-entries': {
    kind: entries(),
    default: '512',
    status: 'active',
    doc: 'Members up to which a set of integers is kept as one sorted array.',
  },
  'set-max-listpack-entries': {
    kind: entries(),
    default: '0',
    status: 'active',
    doc: 'Members up to which a set is kept as one block, as Redis 7.2 does (`128`); Redis 7.0 does not read snapshots and payloads with such sets. `0`: none is.',
  },
  'set-max-listpack-value': {
    kind: bytes(),
    default: '64',
    status: 'active',
    doc: 'Longest member of a set that is kept as one block.',
  },
  'zset-max-listpack-entries': {
    kind: entries(),
    default: '128',
    aliases: ['zset-max-ziplist-entries'],
    status: 'active',
    doc: 'Members up to which a sorted set is kept as one block.',
  },
  'zset-max-listpack-value': {
    kind: bytes(),
    default: '64',
    aliases: ['zset-max-ziplist-value'],
    status: 'active',
    doc: 'Longest member of a sorted set that is kept as one block.',
  },
  'stream-node-max-bytes': {
    kind: bytes(),
    default: '4096',
    status: 'active',
    doc: "Size of a stream's blocks. `0` sets no limit.",
  },
  'stream-node-max-entries': {
    kind: integer({ min: 0, max: LONG_MAX }),
    default: '100',
    status: 'active',
    doc: "Entries of a stream's blocks. `0` sets no limit.",
  },
  'stream-hot-max-bytes': {
    kind: bytes(),
    default: '0',
    status: 'active',
    doc: 'Size of the newest part of each stream that stays in memory at least; what is older lies in files (`XTIER`). `0` keeps all in memory. Redis has no such directive.',
  },
  'stream-tombstone-grace-ms': {
    kind: integer({ min: 0, max: LONG_MAX }),
    default: '86400000',
    status: 'active',
    doc: 'How old a tombstone is at least, by its id, that `XCOMPACT` removes, in ms. Redis has no such directive.',
  },
  'hll-sparse-max-bytes': {
    kind: bytes(),
    default: '3000',
    status: 'active',
    doc: 'Size up to which a HyperLogLog is kept in its sparse form.',
  },
});
