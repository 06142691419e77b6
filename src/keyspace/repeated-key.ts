// The key that a request of a pipeline looked up last. Where the next request names the same one, as those do that
// work on one collection, its entry is known without looking it up: as long as the table has looked nothing else up
// since (BytesTable.finds), and has not changed (BytesTable.foundRef). That the table found the same block last would
// not do: the entry of another key may be in it by now.
import type { Request } from '../protocol/request.ts';
import type { BytesTable } from '../structures/bytes-table.ts';

/** See the head of this file. */
export class RepeatedKey {
  #request: Request | undefined;
  #table: BytesTable | undefined;
  #finds = 0;

  /** Other requests begin; the objects of those before are used for them again. */
  forget(): void {
    this.#request = undefined;
  }

  /** Notes that argument 1 of a request is what the table has just looked up. */
  note(request: Request, table: BytesTable): void {
    this.#request = request;
    this.#table = table;
    this.#finds = table.finds;
  }

  /** The entry of a request's argument 1, if it is known to be what the table found last; else 0: look it up. */
  of(request: Request, table: BytesTable): number {
    const { sameKeyAs } = request;
    if (sameKeyAs === undefined || sameKeyAs !== this.#request) return 0;
    if (table !== this.#table || table.finds !== this.#finds) return 0;
    this.#request = request;
    return table.foundRef;
  }
}
