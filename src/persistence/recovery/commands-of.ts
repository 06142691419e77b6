// Decodes the commands of a group to requests.

import { COMPLETE, RequestDecoder } from '../../protocol/decoder.ts';
import type { Request } from '../../protocol/request.ts';

const MAX_BULK_BYTES = 0x7fffffff;
const STAR = 42;

/** There is no whole command at a position of a group. */
export class NoCommandError extends Error {
  /** Where, from the group's first byte. */
  readonly at: number;

  constructor(at: number) {
    super(`there is no whole command at byte ${at} of a group`);
    this.at = at;
  }
}

/** Decodes groups one after another; one decoder for all, because a log has millions of them. */
export class CommandReader {
  readonly #decoder = new RequestDecoder();

  constructor() {
    this.#decoder.maxBulkBytes = MAX_BULK_BYTES;
  }

  /**
   * Calls `visit` with each command of a group, in order, and its position. The request is valid until it returns.
   * @returns how many there were
   * @throws NoCommandError when the bytes are not whole commands, which a verified group's always are
   */
  forEach(bytes: Buffer, visit: (request: Request, at: number) => void): number {
    const decoder = this.#decoder;
    decoder.reset(bytes, 0, bytes.length, undefined);
    let count = 0;
    for (let at = 0; at < bytes.length; at = decoder.position) {
      const isCommand = bytes[at] === STAR && decoder.next() === COMPLETE;
      if (!isCommand || decoder.request.count === 0) throw new NoCommandError(at);
      visit(decoder.request, at);
      count++;
    }
    return count;
  }
}
