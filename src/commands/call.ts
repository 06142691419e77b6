// What a handler gets: the request, where to answer, who asks, the selected database, the server.
// There is one Call object a server; dispatch points it at one client after another.
import type { Database } from '../keyspace/database.ts';
import type { Reply } from '../protocol/reply.ts';
import { Request } from '../protocol/request.ts';
import { type Deferred, type Wait, waitBytes } from './blocking.ts';
import type { Client } from './client.ts';
import { HEAP_FULL } from './errors.ts';
import type { Services } from './services.ts';

/** The context of the command that runs. */
export class Call {
  request: Request = new Request();
  client: Client;
  db: Database;
  readonly reply: Reply;
  readonly server: Services;

  constructor(reply: Reply, server: Services, client: Client) {
    this.reply = reply;
    this.server = server;
    this.client = client;
    this.db = client.db;
  }

  /**
   * Whether the command may keep so many bytes more of the JavaScript heap for its client, as an upper
   * bound; answers an error if not.
   */
  mayKeep(heapBytes: number): boolean {
    if (this.server.clientMemory.admits(this.client, heapBytes)) return true;
    this.reply.error(HEAP_FULL);
    return false;
  }

  /**
   * Has the client wait for keys instead of answering it now, or answers an error if there is no memory
   * for that; to be called last.
   * @returns false where nobody may wait (`mayWait`): the command must answer itself then
   */
  block(wait: Wait): boolean {
    if (!this.mayWait) return false;
    const keys = wait.lastKey - wait.firstKey + 1;
    if (!this.mayKeep(waitBytes(this.request, keys))) return true;
    this.server.blocking.block(this, wait);
    return true;
  }

  /** Whether the command can be answered later: nothing waits in a transaction, or in a log. */
  get mayWait(): boolean {
    return this.client.transaction === undefined && !this.client.deniesBlocking;
  }

  /**
   * Has the client wait for its answer, which the caller owes it from now on; to be called last, and
   * only where `mayWait` says so. The client's next requests run after it. The command's row must
   * not call it quick (`quickUpTo`).
   */
  defer(): Deferred {
    return this.server.blocking.defer(this);
  }

  /**
   * Has the client wait until a promise settles, as `defer` does. A rejection is logged and answered
   * as an internal error, as what a handler throws.
   *
   * @param answer runs then, as the end of the command
   */
  deferUntil<T>(promise: Promise<T>, answer: (call: Call, value: T) => void): void {
    const deferred = this.defer();
    promise.then(
      (value) => deferred.answer((call) => answer(call, value)),
      (error: unknown) =>
        deferred.answer(() => {
          throw error;
        }),
    );
  }
}
