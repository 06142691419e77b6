// What connections share and need of the server around them.
import type { Client } from '../core/client.ts';
import type { ClientMemory } from '../core/client-memory.ts';
import type { BlockedClients } from '../dispatch/blocking/blocked-clients.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Logger } from '../logging/logger.ts';
import type { RequestDecoder } from '../protocol/decoder.ts';
import type { Reply } from '../protocol/reply.ts';
import type { PubSub } from '../pubsub/pubsub.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';
import type { OutputLimits } from './output-limits.ts';
import type { Pace } from './pace.ts';
import type { ReplyQueue } from './reply-queue.ts';
import type { RequestBatch } from './request-batch.ts';
import type { Turn } from './turn.ts';

/** The server as connections see it. */
export interface ConnectionHost {
  readonly decoder: RequestDecoder;
  readonly batch: RequestBatch;
  readonly reply: Reply;
  readonly replies: ReplyQueue;
  readonly turn: Turn;
  readonly pace: Pace;
  readonly dispatcher: Dispatcher;
  readonly blocking: BlockedClients;
  readonly keyspace: Keyspace;
  readonly pubsub: PubSub;
  readonly stats: ServerStats;
  readonly log: Logger;
  /** `client-output-buffer-limit` by class. */
  readonly outputLimits: OutputLimits;
  /** `client-query-buffer-limit`, in bytes. */
  readonly queryLimitBytes: number;
  readonly clientMemory: ClientMemory;
  /** Whether a new client needs no password. */
  trustsNewClients(): boolean;
  /** Whether a held client may go on (no pause concerns it). */
  mayRun(client: Client): boolean;
  /** Drops everything that is kept for a client who is gone. */
  releaseState(client: Client): void;
  connectionFailed(client: Client, error: Error): void;
  connectionClosed(client: Client): void;
}
