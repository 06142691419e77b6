// What the requests of all connections share.
import type { ClientMemory } from '../core/client-memory.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Logger } from '../logging/logger.ts';
import type { RequestDecoder } from '../protocol/decoder.ts';
import type { Reply } from '../protocol/reply.ts';
import type { ServerStats } from '../telemetry/server-stats.ts';
import type { IterationBudget } from './iteration-budget.ts';
import type { OutputLimits } from './output-limits.ts';
import type { Pace } from './pace.ts';
import type { ReplyQueue } from './reply-queue.ts';
import type { RequestBatch } from './request-batch.ts';

/** What clients may have in their buffers. */
export interface BufferLimits {
  /** `client-query-buffer-limit`, in bytes. */
  queryBytes: number;
  /** `client-output-buffer-limit` by class. */
  output: OutputLimits;
}

/** What the requests of all connections share. */
export interface PipelineHost {
  readonly decoder: RequestDecoder;
  readonly batch: RequestBatch;
  readonly dispatcher: Dispatcher;
  readonly reply: Reply;
  readonly replies: ReplyQueue;
  readonly budget: IterationBudget;
  readonly pace: Pace;
  readonly limits: BufferLimits;
  readonly clientMemory: ClientMemory;
  readonly keyspace: Keyspace;
  readonly stats: ServerStats;
  readonly log: Logger;
}
