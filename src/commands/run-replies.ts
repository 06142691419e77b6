// Byte runs in replies.
import type { Reply } from '../protocol/reply.ts';
import type { ByteRuns } from '../structures/byte-runs.ts';

/** Answers run i as a bulk string. */
export function replyRun(reply: Reply, runs: ByteRuns, i: number): void {
  if (runs.isInteger(i)) reply.bulkInteger(runs.integer(i));
  else reply.bulk(runs.buffer(i), runs.offset(i), runs.length(i));
}
