// What claiming entries puts into the log: for each entry who has it from now on, since when, and how often it was
// delivered, as an XCLAIM that gives it to nobody else. An entry that is no longer in the stream is told as a claim by
// the consumer who had it: run again, that finds it gone and drops it, too.
import type { Call } from '../../core/call.ts';
import type { EffectArgument } from '../../core/effects.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';

const lastId = new StreamId();

/**
 * Records the effects of the claims of one command, one after the other: there may be millions. They are repeated all or
 * none; a single one stands alone, as in Redis, so the first one is held back until there is a second.
 */
export class ClaimEffects {
  #count = 0;
  #first: EffectArgument[] | undefined;
  #lastId = '';

  /**
   * Runs what claims entries of a group.
   * @param isLastIdSet whether the group has got another last id, which each claim tells, too
   */
  record(call: Call, group: number, isLastIdSet: boolean, claim: () => void): void {
    const { db, server } = call;
    const { effects } = server;
    if (!effects.active) {
      claim();
      return;
    }
    const { groups } = streamsOf(db.entries);
    groups.loadLastId(group, lastId);
    this.#lastId = lastId.toString();
    this.#count = 0;
    try {
      effects.together(claim);
    } finally {
      if (isLastIdSet && this.#count === 0) this.#recordLastId(call, groups.entriesRead(group));
      if (this.#first !== undefined) effects.propagateAs(db, ...this.#first);
      this.#first = undefined;
    }
  }

  /**
   * An entry is a consumer's, or was until now.
   * @param id its id, as it was asked for
   * @param consumer the name
   */
  claimed(
    { db, request, server: { effects } }: Call,
    id: EffectArgument,
    consumer: Uint8Array,
    timeMs: number,
    deliveries: number,
  ): void {
    const effect = [
      ...['XCLAIM', request.bytes(1), request.bytes(2), consumer, '0', id],
      ...['TIME', String(timeMs), 'RETRYCOUNT', String(deliveries)],
      ...['FORCE', 'JUSTID', 'LASTID', this.#lastId],
    ];
    if (this.#count++ === 0) {
      this.#first = effect;
      return;
    }
    if (this.#first !== undefined) effects.propagateAs(db, ...this.#first);
    this.#first = undefined;
    effects.propagateAs(db, ...effect);
  }

  #recordLastId({ db, request, server }: Call, entriesRead: bigint): void {
    server.effects.propagateAs(
      db,
      ...['XGROUP', 'SETID', request.bytes(1), request.bytes(2)],
      ...[this.#lastId, 'ENTRIESREAD', String(entriesRead)],
    );
  }
}
