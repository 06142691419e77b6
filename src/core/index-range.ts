// The pair of indexes that many commands take: GETRANGE, LRANGE, LTRIM …
import type { Request } from '../protocol/request.ts';
import type { Call } from './call.ts';
import { NOT_AN_INTEGER } from './errors.ts';

/** Two indexes as they were given; negative ones count from the end. */
export class IndexRange {
  from = 0;
  to = 0;

  /** Reads arguments i and i + 1; false after answering an error. */
  read({ request, reply }: Call, i: number): boolean {
    this.from = request.integer(i);
    this.to = request.integer(i + 1);
    if (!Number.isNaN(this.from) && !Number.isNaN(this.to)) return true;
    reply.error(NOT_AN_INTEGER);
    return false;
  }

  /** Whether the first index, argument i, is the larger, though as doubles the two may be equal. */
  isReversed(request: Request, i: number): boolean {
    const { from, to } = this;
    if (from !== to || Number.isSafeInteger(from)) return from > to;
    return BigInt(request.latin1(i)) > BigInt(request.latin1(i + 1));
  }
}
