// What claiming entries puts into the log: for each entry who has it from now on, since when, and how often it was
// delivered, as an XCLAIM that gives it to nobody else. An entry that is no longer in the stream is told as a claim by
// the consumer who had it: run again, that finds it gone and drops it, too.
import type { Call } from '../../core/call.ts';
import type { EffectArgument } from '../../core/effects.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';

const lastId = new StreamId();

/** The effects of the claims of one command; `record` hands them on. */
export class ClaimEffects {
  readonly #effects: EffectArgument[][] = [];
  #lastId = '';

  /** Begins with a group. */
  begin({ db, server }: Call, group: number): void {
    this.#effects.length = 0;
    if (!server.effects.active) return;
    streamsOf(db.entries).groups.loadLastId(group, lastId);
    this.#lastId = lastId.toString();
  }

  /**
   * An entry is a consumer's, or was until now.
   * @param id its id, as it was asked for
   * @param consumer the name
   */
  claimed(
    { request, server }: Call,
    id: EffectArgument,
    consumer: Uint8Array,
    timeMs: number,
    deliveries: number,
  ): void {
    if (!server.effects.active) return;
    this.#effects.push([
      ...['XCLAIM', request.bytes(1), request.bytes(2), consumer, '0', id],
      ...['TIME', String(timeMs), 'RETRYCOUNT', String(deliveries)],
      ...['FORCE', 'JUSTID', 'LASTID', this.#lastId],
    ]);
  }

  /** The group has another last id, which no claim tells. */
  lastIdSet({ db, request, server }: Call, group: number): void {
    if (!server.effects.active || this.#effects.length > 0) return;
    const read = String(streamsOf(db.entries).groups.entriesRead(group));
    this.#effects.push([
      ...['XGROUP', 'SETID', request.bytes(1), request.bytes(2)],
      ...[this.#lastId, 'ENTRIESREAD', read],
    ]);
  }

  /** Records all of them, to be repeated all or none. */
  record({ db, server }: Call): void {
    const { effects } = server;
    const all = this.#effects;
    if (all.length === 1) {
      effects.propagateAs(db, ...all[0]);
    } else if (all.length > 1) {
      effects.together(() => {
        for (const effect of all) effects.propagateAs(db, ...effect);
      });
    }
    all.length = 0;
  }
}
