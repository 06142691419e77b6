// Clients that wait for keys: from the command that found nothing to its answer. They are served
// after the command or transaction that made keys ready, in Redis's order
// (handleClientsBlockedOnKeys): keys in the order in which they became ready; of each key those who
// wait, the longest waiting first, as long as something is there. Serving (BLMOVE) may make keys
// ready in turn; they come last. Keys become ready outside commands, too: they expire or are evicted in
// the background, or their time has come. Those who wait are served then as if a command of nobody's
// had ended.
//
//   command ─▶ finds nothing ─▶ blocked ─▶ served by another's command ──▶ answered, goes on with
//                                  │  └──▶ time is up, CLIENT UNBLOCK ──▶  its requests in a later
//                                  ▼                                       iteration of the event loop
//                                gone: forgotten before anything is given to it
//
// Also who waits for an answer that is deferred (deferred.ts): `forget` and `size` concern both.
//
// Where the effect of a served client is known is `#serve`, and nowhere else: a BLPOP that waited is
// an LPOP of that moment.

import type { Call, CallHost, Deferred, Wait } from '../../core/call.ts';
import { type Client, REPLY_ON } from '../../core/client.ts';
import type { Command } from '../../core/command.ts';
import type { Services } from '../../core/services.ts';
import { copyBytesOf, type WaitingClients, waitBytes } from '../../core/waiting.ts';
import type { Database } from '../../keyspace/database.ts';
import { KEY_GONE } from '../../keyspace/key-signals.ts';
import type { Waiter, WaitPlace, WaitQueue, WaitServer } from '../../keyspace/waits.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';
import { DeferredCommands } from './deferred.ts';
import { type CommandRunner, DeferredReplies } from './deferred-replies.ts';

/** Longest time that a timer takes, in ms: some 24.8 days. */
const MAX_TIMER_MS = 0x7fffffff;
const UNBLOCKED = 'UNBLOCKED client unblocked via CLIENT UNBLOCK';

/** Longest sleep until a key becomes ready by time, in ms: within that, a clock that was set is noticed. */
const MAX_SLEEP_MS = 1000;

/** The clients that wait; see the head of this file. */
export class BlockedClients implements WaitingClients, CallHost, WaitServer {
  /** How many of them have a limit. */
  limited = 0;

  readonly #reply: Reply;
  readonly #server: Services;
  readonly #detached: Client;
  readonly #runner: CommandRunner;
  readonly #answers: DeferredReplies;
  readonly #deferred: DeferredCommands;
  readonly #blocked = new Map<Client, BlockedClient>();
  /** Until those are served whose keys became ready outside commands. */
  #soon: NodeJS.Immediate | undefined;
  /** Until the first key becomes ready by time. */
  #keyTimer: NodeJS.Timeout | undefined;
  readonly #serveOne = (blocked: BlockedClient, i: number): void => this.#serve(blocked, i);

  constructor(reply: Reply, server: Services, detached: Client, runner: CommandRunner) {
    this.#reply = reply;
    this.#server = server;
    this.#detached = detached;
    this.#runner = runner;
    server.keyspace.waits.server = this;
    this.#answers = new DeferredReplies(reply, server, detached, runner, this);
    this.#deferred = new DeferredCommands(server, runner, this.#answers);
  }

  get size(): number {
    return this.#blocked.size + this.#deferred.size;
  }

  run(call: Call, id: number): void {
    this.#runner.run(call, id);
  }

  defer(call: Call): Deferred {
    return this.#deferred.defer(call);
  }

  block({ client, db, request }: Call, wait: Wait): void {
    const command = client.lastCommand;
    if (command === undefined) throw new Error('a client waits without a command');
    const keys = wait.lastKey - wait.firstKey + 1;
    const blocked = new BlockedClient(client, db, command, request.clone(), wait, this.#serveOne);
    blocked.heapBytes = waitBytes(request, keys);
    client.chargeWaiting(blocked.heapBytes, copyBytesOf(request));
    this.#blocked.set(client, blocked);
    const { keyspace } = this.#server;
    keyspace.wait(blocked, db, blocked.request, wait.firstKey, wait.lastKey);
    client.block();
    if (wait.timeoutMs === 0) return;
    this.limited++;
    blocked.deadlineMs = keyspace.nowMs + wait.timeoutMs;
    this.#arm(blocked);
  }

  /** Remembers how long the command ran before it began to wait. */
  noteDuration(client: Client, durationUs: number): void {
    const blocked = this.#blocked.get(client);
    if (blocked !== undefined) blocked.tookUs = durationUs;
    else this.#deferred.noteDuration(client, durationUs);
  }

  /** Serves those whose keys have become ready; nothing of a command is left to be done. */
  serveReady(): void {
    const { keyspace } = this.#server;
    const { suspendTouch, waits } = keyspace;
    const { resp3 } = this.#reply;
    for (let queue = waits.takeReady(); queue !== undefined; queue = waits.takeReady()) {
      serveQueue(queue, keyspace.databases[queue.database]);
    }
    this.#reply.resp3 = resp3;
    keyspace.suspendTouch = suspendTouch;
  }

  unblock(client: Client, withError: boolean): boolean {
    const blocked = this.#blocked.get(client);
    if (blocked === undefined) return false;
    const { resp3 } = this.#reply;
    this.#answer(blocked, () => {
      if (withError) this.#reply.error(UNBLOCKED);
      else this.#reply.nullArray();
      return true;
    });
    // It counts as failed either way, as in Redis.
    if (!withError) blocked.command.stats.failed++;
    this.#reply.resp3 = resp3;
    return true;
  }

  /** Forgets a client that is gone, or about to go. */
  forget(client: Client): void {
    const blocked = this.#blocked.get(client);
    if (blocked !== undefined) this.#remove(blocked);
    else if (!this.#deferred.forget(client)) return;
    client.blocked = false;
  }

  // ── Keys that become ready outside commands ─────────────────────────────────────────────────

  onReady(): void {
    if (!this.#runner.isRunning()) this.#soon ??= setImmediate(() => this.#serveApart());
  }

  onTimers(): void {
    clearTimeout(this.#keyTimer);
    this.#keyTimer = undefined;
    const { soonestMs } = this.#server.keyspace.waits;
    if (soonestMs === Number.POSITIVE_INFINITY) return;
    const leftMs = Math.max(1, Math.min(soonestMs - Date.now(), MAX_SLEEP_MS));
    this.#keyTimer = setTimeout(() => this.#checkKeyTimes(), leftMs);
    this.#keyTimer.unref();
  }

  #serveApart(): void {
    this.#soon = undefined;
    const { keyspace, loading } = this.#server;
    if (keyspace.waits.ready === 0 || loading.isActive) return;
    this.#runner.begin(this.#detached);
    this.#runner.end();
  }

  #checkKeyTimes(): void {
    this.#runner.begin(this.#detached);
    this.#server.keyspace.signalDue();
    this.#runner.end();
    this.onTimers();
  }

  #serve(blocked: BlockedClient, i: number): void {
    const { client } = blocked;
    const { keyspace, tracking } = this.#server;
    keyspace.suspendTouch = client.noTouch;
    if (tracking.active) tracking.begin(client, false);
    this.#answer(blocked, (call) => blocked.wait.serve(call, i));
    if (tracking.active) tracking.end();
  }

  /** Gives a client its answer, unless `encode` returns that there is none yet; then it goes on. */
  #answer(blocked: BlockedClient, encode: (call: Call) => boolean): void {
    if (!this.#answers.give(blocked, encode)) return;
    // Answering it may have ended it.
    if (this.#blocked.get(blocked.client) !== blocked) return;
    this.#remove(blocked);
    this.#answers.release(blocked.client);
  }

  #remove(blocked: BlockedClient): void {
    this.#blocked.delete(blocked.client);
    blocked.client.chargeWaiting(-blocked.heapBytes, -copyBytesOf(blocked.request));
    this.#server.keyspace.endWait(blocked);
    if (blocked.deadlineMs === Number.POSITIVE_INFINITY) return;
    this.limited--;
    clearTimeout(blocked.timer);
  }

  // ── Time ────────────────────────────────────────────────────────────────────────────────────

  #arm(blocked: BlockedClient): void {
    const leftMs = Math.max(1, Math.min(blocked.deadlineMs - Date.now(), MAX_TIMER_MS));
    blocked.timer = setTimeout(() => this.#checkTime(blocked), leftMs);
  }

  /** A timer has run out: the client's last one, or one of several. */
  #checkTime(blocked: BlockedClient): void {
    if (blocked.deadlineMs > Date.now()) {
      this.#arm(blocked);
      return;
    }
    const reply = this.#reply;
    const { client } = blocked;
    const mark = reply.mark();
    reply.resp3 = client.protocol === 3;
    reply.nullArray();
    const bytes = client.replyMode === REPLY_ON ? reply.copySince(mark) : undefined;
    reply.rewind(mark);
    if (bytes !== undefined) client.send(bytes);
    this.#remove(blocked);
    this.#answers.release(client);
  }
}

/** A client that waits, and what for. */
class BlockedClient implements Waiter {
  readonly client: Client;
  readonly db: Database;
  readonly command: Command;
  readonly request: Request;
  readonly wait: Wait;
  readonly places: WaitPlace[] = [];
  /** Unix time at which its wait ends, in ms. */
  deadlineMs = Number.POSITIVE_INFINITY;
  timer: NodeJS.Timeout | undefined;
  /** Time that its command took before it began to wait, in µs. */
  tookUs = 0;
  /** What the client was charged for waiting. */
  heapBytes = 0;
  readonly #serve: (blocked: BlockedClient, i: number) => void;

  constructor(
    client: Client,
    db: Database,
    command: Command,
    request: Request,
    wait: Wait,
    serve: (blocked: BlockedClient, i: number) => void,
  ) {
    this.client = client;
    this.db = db;
    this.command = command;
    this.request = request;
    this.wait = wait;
    this.#serve = serve;
  }

  get type(): number {
    return this.wait.type;
  }

  get events(): number {
    return this.wait.events;
  }

  serve(i: number): void {
    this.#serve(this, i);
  }
}

/**
 * Serves those who wait for a key and are woken by what has happened to it, while it has what they wait for. To
 * those who wait for its end it is gone when it is not there, or has a value of another type.
 */
function serveQueue(queue: WaitQueue, db: Database): void {
  const key = Buffer.from(queue.key, 'latin1');
  const ends = queue.takenEvents & KEY_GONE;
  for (let place = queue.first; place !== undefined; place = place.next) {
    const ref = db.find(key, 0, key.length);
    if (ref === 0 && (ends === 0 || queue.goneWaiters === 0)) return;
    const { waiter, argument } = place;
    // Serving another one may have ended its wait.
    if (waiter.places.length === 0) continue;
    const isThere = ref !== 0 && db.typeOf(ref) === waiter.type;
    if ((waiter.events & (isThere ? queue.takenEvents : ends)) !== 0) waiter.serve(argument);
  }
}
