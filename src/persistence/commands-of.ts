// Goes through the commands of a group, as requests.

import { COMPLETE, RequestDecoder } from '../protocol/decoder.ts';
import type { Request } from '../protocol/request.ts';

const MAX_BULK_BYTES = 0x7fffffff;

/** Decodes groups one after another; one decoder for all, because a log has millions of them. */
export class CommandReader {
  readonly #decoder = new RequestDecoder();

  constructor() {
    this.#decoder.maxBulkBytes = MAX_BULK_BYTES;
  }

  /**
   * Calls `visit` with each command of a group, in order. The request lives until it returns.
   * @returns how many there were
   * @throws Error when the bytes are not whole commands, which a verified group's always are
   */
  forEach(bytes: Buffer, visit: (request: Request) => void): number {
    const decoder = this.#decoder;
    decoder.reset(bytes, 0, bytes.length, undefined);
    let count = 0;
    while (decoder.position < bytes.length) {
      if (decoder.next() !== COMPLETE) {
        throw new Error(`no whole command at byte ${decoder.position} of a group`);
      }
      visit(decoder.request);
      count++;
    }
    return count;
  }
}
