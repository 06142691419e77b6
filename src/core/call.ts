// What a handler gets: the request, where to answer, who asks, the selected database, the server.
// There is one Call object a server; dispatch points it at one client after another.
//
// A handler that finds nothing under its keys has its client wait for them (`Call.block`), and is called back
// for the key that has become ready. One whose work goes on outside the event loop's iteration (another server, a
// file) defers its answer (`Call.defer`), and gives it when the work is done.
import type { Database } from '../keyspace/database.ts';
import type { Reply } from '../protocol/reply.ts';
import { Request } from '../protocol/request.ts';
import type { Client } from './client.ts';
import { HEAP_FULL } from './errors.ts';
import type { Services } from './services.ts';
import { waitBytes } from './waiting.ts';

/** Runs a command: reads arguments from the call, changes the keyspace, writes one reply. */
export type Handler = (call: Call) => void;

/** What a client waits for. */
export interface Wait {
  /** The type of value (ValueType.id). */
  readonly type: number;
  /** What wakes the client: bits of key-signals.ts, all of them among those of the type (ValueType.wakes). */
  readonly events: number;
  /** The keys are the arguments from `firstKey` up to `lastKey`. */
  readonly firstKey: number;
  readonly lastKey: number;
  /** How long it waits at most, in ms; 0 for ever. */
  readonly timeoutMs: number;
  /**
   * Called when one of the events has happened to the key that is argument i, and there is a value of the type
   * (maybe another one, or nothing in it for this client): answers, as the command would have. Where KEY_GONE is
   * among the events, also when there is none any more. The call's request is a copy of the one that was to wait.
   * @returns false when there is nothing in it for this client, which goes on waiting
   */
  readonly serve: (call: Call, i: number) => boolean;
}

/** The answer that a command still owes its client. */
export interface Deferred {
  /**
   * Gives it: runs the handler as the end of the command. It may do all that a handler may: what it
   * changes is recorded as the effect of the command (its request, unless it says otherwise),
   * watched, told of, and serves those who wait. The call's request is a copy of the one that came.
   *
   * It runs, too, when the client is gone: only the reply is dropped then.
   *
   * To be called once, by the event loop (a timer, a promise, a socket) and not while requests are
   * run. @throws Error otherwise, which is a defect
   */
  answer(handler: Handler): void;
}

/** What dispatch does for a command that runs. */
export interface CallHost {
  /**
   * Runs the command with an id (`Command.id`), which passed all checks (EXEC runs its queue with it): handler,
   * statistics, slow log, monitors.
   */
  run(call: Call, id: number): void;
  /** Has the client of a call wait. */
  block(call: Call, wait: Wait): void;
  /** Has the client of a call wait for the answer to it. */
  defer(call: Call): Deferred;
}

/** The context of the command that runs. */
export class Call {
  request: Request = new Request();
  client: Client;
  db: Database;
  readonly reply: Reply;
  readonly server: Services;
  /** What dispatch does for it. */
  readonly host: CallHost;

  constructor(reply: Reply, server: Services, client: Client, host: CallHost) {
    this.reply = reply;
    this.server = server;
    this.host = host;
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
   * for that; to be called last, but for `Database.signalAt`.
   * @returns false where nobody may wait (`mayWait`): the command must answer itself then
   */
  block(wait: Wait): boolean {
    if (!this.mayWait) return false;
    const keys = wait.lastKey - wait.firstKey + 1;
    if (!this.mayKeep(waitBytes(this.request, keys))) return true;
    this.host.block(this, wait);
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
    return this.host.defer(this);
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
