// The key that a request of a pipeline looked up last. Where the next request names the same one, as those do that
// work on one collection, its entry is known without looking it up: as long as the table has found nothing else since,
// and has not changed (BytesTable.foundRef). It may be the table of another database by now; the entry would not be
// what that one found last then.
import type { Request } from '../protocol/request.ts';
import type { BytesTable } from '../structures/bytes-table.ts';

/** See the head of this file. */
export class RepeatedKey {
  #request: Request | undefined;
  #ref = 0;

  /** Other requests begin; the objects of those before are used for them again. */
  forget(): void {
    this.#request = undefined;
  }

  /** Notes the entry that looking argument 1 of a request up has found, 0 if there is none. */
  note(request: Request, ref: number): void {
    this.#request = request;
    this.#ref = ref;
  }

  /** The entry of a request's argument 1, if it is known to be what the table found last; else 0: look it up. */
  of(request: Request, table: BytesTable): number {
    const { sameKeyAs } = request;
    if (sameKeyAs === undefined || sameKeyAs !== this.#request) return 0;
    if (this.#ref !== table.foundRef) return 0;
    this.#request = request;
    return this.#ref;
  }
}
