// `client-output-buffer-limit`: when a client that does not read its replies is disconnected. At
// the hard limit that is at once; at the soft limit, once it has been there without a break for
// longer than so many seconds.
import type { BufferLimit, BufferLimits } from '../config/kinds/lists.ts';

/** The limits by class of client: the value of the directive. */
export type OutputLimits = BufferLimits;

/** Watches one client's unsent output; see the head of this file. */
export class OutputLimit {
  /** Unix time at which the soft limit was reached, in ms; 0 while it is not. */
  #softSinceMs = 0;

  /** Whether the soft limit is reached, so that time counts against the client. */
  get counting(): boolean {
    return this.#softSinceMs !== 0;
  }

  /**
   * Whether the client must be disconnected. To be asked again whenever what is pending changes,
   * and while `counting`, as time passes.
   * @param limit of the client's class; a size of 0 bytes is no limit
   * @param pendingBytes replies that are not sent yet
   */
  exceeded(limit: BufferLimit, pendingBytes: number, nowMs: number): boolean {
    if (limit.hardBytes > 0 && pendingBytes >= limit.hardBytes) return true;
    if (limit.softBytes === 0 || pendingBytes < limit.softBytes) {
      this.#softSinceMs = 0;
      return false;
    }
    if (this.#softSinceMs === 0) {
      this.#softSinceMs = nowMs;
      return false;
    }
    return nowMs - this.#softSinceMs > limit.softSeconds * 1000;
  }
}
