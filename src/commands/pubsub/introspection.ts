// PUBSUB: the channels and their numbers of subscribers. A channel exists while it has subscribers; subscribers of
// patterns do not count.

import { wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { LOADING, PUBSUB, STALE } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import { globMatch } from '../../protocol/glob.ts';
import type { TopicTable } from '../../pubsub/topic-table.ts';

const FLAGS = PUBSUB | LOADING | STALE;

const HELP = [
  'CHANNELS [<pattern>]',
  "    Return the currently active channels matching a <pattern> (default: '*').",
  'NUMPAT',
  '    Return number of subscriptions to patterns.',
  'NUMSUB [<channel> ...]',
  '    Return the number of subscribers for the specified channels, excluding',
  '    pattern subscriptions(default: no channels).',
  'SHARDCHANNELS [<pattern>]',
  "    Return the currently active shard level channels matching a <pattern> (default: '*').",
  'SHARDNUMSUB [<shardchannel> ...]',
  '    Return the number of subscribers for the specified shard level channel(s)',
];

export const pubsubIntrospectionCommands: readonly CommandRow[] = [
  {
    name: 'pubsub',
    arity: -2,
    flags: 0,
    group: 'pubsub',
    since: '2.8.0',
    summary: 'Container of the commands about channels, patterns and their subscribers.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'channels',
        arity: -2,
        flags: FLAGS,
        group: 'pubsub',
        since: '2.8.0',
        summary: 'Lists the channels that have subscribers.',
        complexity:
          'O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)',
        syntax: '[pattern:pattern]',
        handler: (call) => listTopics(call, call.server.pubsub.channels),
      },
      {
        name: 'numsub',
        arity: -2,
        flags: FLAGS,
        group: 'pubsub',
        since: '2.8.0',
        summary: 'Counts the subscribers of channels.',
        complexity: 'O(N) for the NUMSUB subcommand, where N is the number of requested channels',
        syntax: '[channel:string...]',
        handler: (call) => countSubscribers(call, call.server.pubsub.channels),
      },
      {
        name: 'numpat',
        arity: 2,
        flags: FLAGS,
        group: 'pubsub',
        since: '2.8.0',
        summary: 'Counts the patterns that have subscribers.',
        complexity: 'O(1)',
        handler: ({ reply, server }) => reply.integer(server.pubsub.patterns.size),
      },
      {
        name: 'shardchannels',
        arity: -2,
        flags: FLAGS,
        group: 'pubsub',
        since: '7.0.0',
        summary: 'Lists the shard channels that have subscribers.',
        complexity:
          'O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).',
        syntax: '[pattern:pattern]',
        handler: (call) => listTopics(call, call.server.pubsub.shards),
      },
      {
        name: 'shardnumsub',
        arity: -2,
        flags: FLAGS,
        group: 'pubsub',
        since: '7.0.0',
        summary: 'Counts the subscribers of shard channels.',
        complexity:
          'O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels',
        syntax: '[shardchannel:string...]',
        handler: (call) => countSubscribers(call, call.server.pubsub.shards),
      },
      helpRow('pubsub', '6.2.0', HELP),
    ],
  },
];

/** [pattern] */
function listTopics({ request, reply }: Call, topics: TopicTable): void {
  if (request.count > 3) {
    reply.error(wrongSubcommandUse(request));
    return;
  }
  if (request.count < 3) {
    reply.array(topics.size);
    for (const { key } of topics.all()) reply.bulkLatin1(key);
    return;
  }
  const pattern = request.bytes(2);
  const found: string[] = [];
  for (const { key } of topics.all()) if (matches(pattern, key)) found.push(key);
  reply.array(found.length);
  for (const name of found) reply.bulkLatin1(name);
}

/** [channel …]: only the named channels are reported. */
function countSubscribers({ request, reply }: Call, topics: TopicTable): void {
  const { buffer, offsets, lengths, count } = request;
  reply.array((count - 2) * 2);
  for (let i = 2; i < count; i++) {
    reply.bulk(buffer, offsets[i], lengths[i]);
    reply.integer(topics.find(buffer, offsets[i], lengths[i])?.size ?? 0);
  }
}

function matches(pattern: Buffer, key: string): boolean {
  return globMatch(pattern, Buffer.from(key, 'latin1'), false);
}
