// Publish/subscribe: SUBSCRIBE, PUBLISH and their relatives for patterns and shard channels, which
// without a cluster are separate from channels. Delivery is done by PubSub; this file parses and replies.
//
// The answer to a subscription is a message like those that follow it: one for each name, a push in
// RESP3, and not suppressed by CLIENT REPLY. Permissions for channels belong into `subscribe` and
// `publish` below, which all commands that name channels go through.

import type { Call } from '../../core/call.ts';
import { REPLY_ON } from '../../core/client.ts';
import type { CommandRow } from '../../core/command-row.ts';
import {
  FAST,
  LOADING,
  MAY_REPLICATE,
  NOSCRIPT,
  PUBSUB,
  STALE,
  SUBSCRIBER,
} from '../../core/flags.ts';
import { keyAt, keyRange } from '../../core/key-specs.ts';
import { subscriptionBytes } from '../../pubsub/pubsub.ts';
import type { Subscriber, TopicKind } from '../../pubsub/subscriber.ts';

const SUBSCRIBE = PUBSUB | NOSCRIPT | LOADING | STALE | SUBSCRIBER;
const PUBLISH = PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE;

export const pubsubCommands: readonly CommandRow[] = [
  {
    name: 'subscribe',
    arity: -2,
    flags: SUBSCRIBE,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Subscribes the client to channels.',
    complexity: 'O(N) where N is the number of channels to subscribe to.',
    syntax: 'channel:string...',
    handler: (call) => subscribe(call, 'channels', 'subscribe'),
  },
  {
    name: 'unsubscribe',
    arity: -1,
    flags: SUBSCRIBE,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Ends subscriptions to channels: to those named, or to all.',
    complexity: 'O(N) where N is the number of clients already subscribed to a channel.',
    syntax: '[channel:string...]',
    handler: (call) => unsubscribe(call, 'channels', 'unsubscribe'),
  },
  {
    name: 'psubscribe',
    arity: -2,
    flags: SUBSCRIBE,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Subscribes the client to all channels whose names match patterns.',
    complexity: 'O(N) where N is the number of patterns the client is already subscribed to.',
    syntax: 'pattern={ pattern:pattern }...',
    handler: (call) => subscribe(call, 'patterns', 'psubscribe'),
  },
  {
    name: 'punsubscribe',
    arity: -1,
    flags: SUBSCRIBE,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Ends subscriptions to patterns: to those named, or to all.',
    complexity:
      'O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client).',
    syntax: '[pattern:pattern...]',
    handler: (call) => unsubscribe(call, 'patterns', 'punsubscribe'),
  },
  {
    name: 'ssubscribe',
    arity: -2,
    flags: SUBSCRIBE,
    keys: [keyRange(1, -1, 1, 'not_key')],
    group: 'pubsub',
    since: '7.0.0',
    summary: 'Subscribes the client to shard channels.',
    complexity: 'O(N) where N is the number of shard channels to subscribe to.',
    syntax: 'shardchannel:string...',
    handler: (call) => subscribe(call, 'shards', 'ssubscribe'),
  },
  {
    name: 'sunsubscribe',
    arity: -1,
    flags: SUBSCRIBE,
    keys: [keyRange(1, -1, 1, 'not_key')],
    group: 'pubsub',
    since: '7.0.0',
    summary: 'Ends subscriptions to shard channels: to those named, or to all.',
    complexity: 'O(N) where N is the number of clients already subscribed to a shard channel.',
    syntax: '[shardchannel:string...]',
    handler: (call) => unsubscribe(call, 'shards', 'sunsubscribe'),
  },
  {
    name: 'publish',
    arity: 3,
    flags: PUBLISH,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Sends a message to all subscribers of a channel.',
    complexity:
      'O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).',
    syntax: 'channel:string message:string',
    handler: publish,
  },
  {
    name: 'spublish',
    arity: 3,
    flags: PUBLISH,
    keys: [keyAt(1, 'not_key')],
    group: 'pubsub',
    since: '7.0.0',
    summary: 'Sends a message to all subscribers of a shard channel.',
    complexity: 'O(N) where N is the number of clients subscribed to the receiving shard channel.',
    syntax: 'shardchannel:string message:string',
    handler: publishToShard,
  },
];

function publish({ request, reply, server }: Call): void {
  const { buffer, offsets, lengths } = request;
  reply.integer(
    server.pubsub.publishBytes(buffer, offsets[1], lengths[1], buffer, offsets[2], lengths[2]),
  );
}

function publishToShard({ request, reply, server }: Call): void {
  reply.integer(server.pubsub.publishToShard(request.bytes(1), request.bytes(2)));
}

function subscribe(call: Call, kind: TopicKind, word: string): void {
  const { request, reply, client, server } = call;
  // A transaction may subscribe, but not to shard channels.
  if (!call.mayWait && (client.transaction === undefined || kind === 'shards')) {
    reply.error(`ERR ${word.toUpperCase()} isn't allowed for a DENY BLOCKING client`);
    return;
  }
  let bytes = 0;
  for (let i = 1; i < request.count; i++) bytes += subscriptionBytes(kind, request.lengths[i]);
  if (!call.mayKeep(bytes)) return;
  for (let i = 1; i < request.count; i++) {
    const name = request.latin1(i);
    server.pubsub.subscribe(kind, client, name);
    confirm(call, kind, word, name);
  }
}

/** Ends the subscriptions that are named, or all of the kind. */
function unsubscribe(call: Call, kind: TopicKind, word: string): void {
  const { request, client, server } = call;
  for (let i = 1; i < request.count; i++) {
    const name = request.latin1(i);
    server.pubsub.unsubscribe(kind, client, name);
    confirm(call, kind, word, name);
  }
  if (request.count > 1) return;
  const topics = client.subscriptions?.[kind];
  if (topics === undefined || topics.size === 0) confirm(call, kind, word, undefined);
  for (const name of topics?.keys() ?? []) {
    server.pubsub.unsubscribe(kind, client, name);
    confirm(call, kind, word, name);
  }
}

/** Replies with the action, the name, and the number of remaining subscriptions. */
function confirm(call: Call, kind: TopicKind, word: string, name: string | undefined): void {
  const { reply, client } = call;
  const start = client.replyMode === REPLY_ON ? undefined : reply.mark();
  reply.push(3);
  reply.bulkText(word);
  if (name === undefined) reply.null();
  else reply.bulkLatin1(name);
  reply.integer(countOf(client, kind));
  if (start === undefined) return;
  const message = reply.copySince(start);
  reply.rewind(start);
  client.send(message);
}

/** Channels and patterns count together, shard channels by themselves. */
function countOf({ subscriptions }: Subscriber, kind: TopicKind): number {
  if (subscriptions === undefined) return 0;
  const { channels, patterns, shards } = subscriptions;
  return kind === 'shards' ? shards.size : channels.size + patterns.size;
}
