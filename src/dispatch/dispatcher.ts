// The way of every request from decoded arguments to its reply: the checks that all commands
// pass, in one place and in Redis's order (processCommand), then queueing or running, then counting.
// Handlers repeat none of it.
//
//   look up ─▶ arity ─▶ guarded ─▶ authenticated ─▶ allowed in MULTI ─▶ memory ─▶ saved, loaded ─▶ paused
//           ─▶ queued (MULTI)  or  run ─▶ statistics, slow log, latency, monitors
//           ─▶ those served who waited for its keys (blocking/)
import type { Handler } from '../core/call.ts';
import { Call } from '../core/call.ts';
import { type Client, REPLY_ON } from '../core/client.ts';
import { advanceReplyMode } from '../core/client-modes.ts';
import type { Command } from '../core/command.ts';
import type { RunnableCommand } from '../core/command-row.ts';
import type { CommandTable } from '../core/command-table.ts';
import { OUT_OF_MEMORY, wrongArity } from '../core/errors.ts';
import { ADMIN, FAST, READONLY, SKIP_MONITOR, SKIP_SLOWLOG, WRITE } from '../core/flags.ts';
import { feedMonitors } from '../core/monitor-feed.ts';
import { MONITORED, type Restrictions } from '../core/restrictions.ts';
import type { Services } from '../core/services.ts';
import { discardTransaction, execRefusal } from '../core/transaction.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { WaitList } from '../keyspace/waits.ts';
import type { Reply, ReplyMark } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import { unixTimeMsAt } from '../telemetry/wall-clock.ts';
import type { Tracking } from '../tracking/tracking.ts';
import { Admission } from './admission.ts';
import { BlockedClients } from './blocking/blocked-clients.ts';
import { CommandTimer } from './command-timer.ts';
import { CrossProtocolGuard } from './cross-protocol.ts';
import { Dependencies } from './dependencies.ts';
import type { EffectRecorder } from './effect-recorder.ts';
import { answerFailure, canCopy, canGather, noteHalfDone } from './failed-handlers.ts';
import { RequestPrefetcher } from './request-prefetcher.ts';
import {
  hasWrongArity,
  type MemoryGuard,
  type ProtectedCheck,
  RUN_IN_TRANSACTION,
} from './requirements.ts';
import { TrackedReads } from './tracked-reads.ts';
import { unknownCommand, unknownSubcommand } from './unknown-command.ts';

/** Checks and runs requests; see the head of this file. */
export class Dispatcher {
  /** What commands change, for those who repeat it. */
  readonly effects: EffectRecorder;
  /** Whether a request may run. */
  readonly admission: Admission;
  /** Counts and times what runs. */
  readonly timer: CommandTimer;
  /** The clients that wait for keys or answers. */
  readonly blocking: BlockedClients;
  /** What of the log must be safe before the replies of the client whose requests run may leave. */
  requiredOffset = 0;

  readonly #commands: CommandTable;
  readonly #call: Call;
  readonly #reply: Reply;
  readonly #server: Services;
  readonly #restrictions: Restrictions;
  readonly #keyspace: Keyspace;
  readonly #crossProtocol: CrossProtocolGuard;
  readonly #tracking: Tracking;
  readonly #waits: WaitList;
  readonly #trackedReads: TrackedReads;
  readonly #dependencies = new Dependencies();
  readonly #prefetch = new RequestPrefetcher();
  /** Whether requests are being run, of one client. */
  #isRunning = false;
  /** Whether the command that runs may be recorded when it has run. */
  #isWriting = false;
  /** `reply.errors` when errors were counted last. */
  #errorsCounted = 0;

  constructor(
    reply: Reply,
    server: Services,
    memory: MemoryGuard,
    isProtected: ProtectedCheck,
    detached: Client,
    commands: CommandTable,
    effects: EffectRecorder,
  ) {
    this.#commands = commands;
    this.effects = effects;
    this.#reply = reply;
    this.#server = server;
    this.#restrictions = server.restrictions;
    this.#keyspace = server.keyspace;
    this.#crossProtocol = new CrossProtocolGuard(server.log);
    this.#tracking = server.tracking;
    this.#waits = server.keyspace.waits;
    this.admission = new Admission(server, memory, isProtected);
    this.timer = new CommandTimer(server.stats);
    this.blocking = new BlockedClients(reply, server, detached, {
      isRunning: () => this.#isRunning,
      run: (call, id) => this.run(call, this.#commands.at(id)),
      begin: (client) => this.#beginPart(client),
      invoke: (call, command, handler) => this.#invoke(call, command, handler),
      end: () => this.#endPart(),
      recover: (error, command) => answerFailure(error, command, reply, this.#server),
      countErrors: (before) => this.#countErrors(before),
      account: (call, command, tookUs, totalUs) =>
        this.#accountUnblocked(call, command, tookUs, totalUs),
    });
    this.#trackedReads = new TrackedReads(server.tracking, commands);
    this.#call = new Call(reply, server, detached, this.blocking);
  }

  /** To be called when requests of a client are about to be run: sets the time they see. */
  begin(client: Client): void {
    this.#isRunning = true;
    this.requiredOffset = 0;
    this.timer.begin();
    const nowMs = unixTimeMsAt(this.timer.clockMs);
    this.#keyspace.tick(nowMs);
    client.lastActiveMs = nowMs;
    this.#reply.resp3 = client.protocol === 3;
    this.#keyspace.suspendTouch = client.noTouch;
  }

  /** To be called when they have been run. */
  end(): void {
    this.timer.settle();
    this.#isRunning = false;
    // By eviction, before a command that must wait itself (CLIENT PAUSE).
    if (this.#waits.ready !== 0) this.blocking.onReady();
  }

  /**
   * Runs one request, or queues it, or refuses it; the reply is encoded into the shared buffer.
   * @returns false when the request must wait (CLIENT PAUSE) and be given again later
   */
  execute(client: Client, request: Request): boolean {
    const command = this.#commands.find(request);
    client.lastCommand = command;
    if (
      command === undefined ||
      (command.restrictions | client.restrictions | this.#restrictions.bits) !== 0 ||
      hasWrongArity(command, request)
    ) {
      return this.#executeRestricted(client, request, command);
    }
    this.#runRequest(client, request, command);
    // It may have begun what holds for its own end.
    if ((client.restrictions | this.#restrictions.bits) !== 0) this.#endRestricted(client, request);
    if (this.#waits.ready !== 0) this.#serveReadyAfter(client);
    return true;
  }

  #runRequest(client: Client, request: Request, command: RunnableCommand): void {
    const call = this.#call;
    call.client = client;
    call.request = request;
    call.db = client.db;
    this.run(call, command);
  }

  /** As `execute`, where a bit says that something must be looked at. */
  #executeRestricted(
    client: Client,
    request: Request,
    found: RunnableCommand | undefined,
  ): boolean {
    const reply = this.#reply;
    if (this.#tracking.active) this.#beginTracked(client);
    const replied = client.replyMode === REPLY_ON ? undefined : reply.mark();
    const command = this.#resolve(client, request, found);
    if (command !== undefined) {
      const refusal = this.admission.refusal(client, command);
      if (refusal !== undefined) {
        this.#reject(client, request, command, refusal);
      } else if (this.admission.mustWait(client, command)) {
        this.#server.pause.suspended.add(client);
        if (this.#tracking.active) this.#tracking.end();
        return false;
      } else if (client.transaction !== undefined && !RUN_IN_TRANSACTION.has(command.fullName)) {
        this.#queue(client, command, request);
      } else {
        this.#runRequest(client, request, command);
      }
    }
    this.#endRestricted(client, request, replied);
    if (this.#waits.ready !== 0) this.#serveReadyAfter(client);
    return true;
  }

  /** @param replied where its reply begins, if it may not be sent */
  #endRestricted(client: Client, request: Request, replied?: ReplyMark): void {
    if (replied !== undefined || client.replyMode !== REPLY_ON) {
      const reply = this.#reply;
      if (client.replyMode !== REPLY_ON && replied !== undefined) reply.rewind(replied);
      if (client.pendingPushes !== undefined) client.addPendingPushesTo(reply);
      // One who waits is answered, or not, later.
      if (!client.blocked) advanceReplyMode(client);
    }
    if (!this.#tracking.active) return;
    this.#endTracked(client, request);
    // What it invalidated itself comes before the next reply, though its own was kept back.
    if (client.pendingPushes !== undefined) client.addPendingPushesTo(this.#reply);
  }

  #beginTracked(client: Client): void {
    this.#tracking.limitKeys();
    // Inside the reply of a transaction nothing else may stand.
    this.#tracking.begin(client, client.transaction !== undefined);
  }

  #endTracked(client: Client, request: Request): void {
    this.#trackedReads.endCaching(client, request);
    this.#tracking.end();
  }

  /** Serves those who waited for keys of the command of a client that is over. */
  #serveReadyAfter(client: Client): void {
    if (this.#server.loading.isActive) return;
    this.#serveReady();
    if (client.pendingPushes !== undefined) client.addPendingPushesTo(this.#reply);
  }

  #serveReady(): void {
    this.blocking.serveReady();
    if (this.effects.active) this.#dependencies.noteAny(this.effects.offset);
  }

  /** A part of a client's command runs by itself: the end of one whose answer was deferred. */
  #beginPart(client: Client): void {
    if (this.#isRunning) throw new Error('a command is answered while requests are run');
    this.begin(client);
  }

  #endPart(): void {
    if (this.#waits.ready !== 0 && !this.#server.loading.isActive) this.#serveReady();
    this.end();
  }

  /** Runs a command that passed the checks, and counts it. */
  run(call: Call, command: RunnableCommand): void {
    const reply = this.#reply;
    const { timer } = this;
    const { client, request } = call;
    const errorsBefore = reply.errors;
    if (request.large !== undefined && !canGather(request, command, this.#server)) {
      this.#reject(client, request, command, OUT_OF_MEMORY);
      return;
    }
    // What may take long is timed by itself, from here on.
    const isQuick = request.count <= command.quickUpTo;
    if (!isQuick) timer.settle();
    const startMs = timer.clockMs;
    if (request.count > command.keyPlan.severalAbove) {
      this.#prefetch.keysOf(call.db, request, command.keyPlan);
    }
    this.#invoke(call, command, command.handler);
    if (client.tracker !== undefined && (command.flags & READONLY) !== 0) {
      this.#trackedReads.remember(client.tracker, command, call.request);
    }
    if (reply.errors !== errorsBefore && this.#countErrors(errorsBefore)) command.stats.failed++;
    if (
      (this.#restrictions.bits & MONITORED) !== 0 &&
      (command.flags & (SKIP_MONITOR | ADMIN)) === 0
    ) {
      feedMonitors(this.#server, client, call.request);
    }
    if (isQuick) {
      if (timer.ran(command)) this.#observe(call, command, timer.settle());
    } else {
      this.#endTimed(call, command, startMs);
    }
  }

  /** The end of a command that is timed by itself. */
  #endTimed(call: Call, command: Command, startMs: number): void {
    const { client } = call;
    this.timer.count(command);
    const durationUs = this.timer.end(startMs);
    if (client.blocked) {
      command.stats.totalUs += durationUs;
      this.blocking.noteDuration(client, durationUs);
      return;
    }
    this.timer.account(command, durationUs);
    this.#observe(call, command, durationUs);
  }

  /**
   * Runs a handler: that of a command, or the end of one that was deferred. Its changes become an
   * effect, and what it throws an error.
   */
  #invoke(call: Call, command: Command, handler: Handler): void {
    const { effects } = this;
    const reply = this.#reply;
    const keyspace = this.#keyspace;
    const changesBefore = keyspace.dirty;
    const usedBefore = keyspace.arena.usedBytes;
    if (effects.active) {
      effects.begin();
      this.#isWriting = (command.flags & WRITE) !== 0;
    }
    const chunks = reply.chunks.length;
    const { position } = reply;
    try {
      handler(call);
    } catch (error) {
      // Half a reply would be taken for the beginning of the next one.
      reply.rewind({ chunks, position });
      answerFailure(error, command, reply, this.#server);
      const hasChanged =
        keyspace.dirty !== changesBefore || keyspace.arena.usedBytes !== usedBefore;
      if (effects.active && hasChanged) noteHalfDone(command, effects, this.#server);
    }
    if (effects.active) {
      this.#recordEffect(call, command, changesBefore);
      this.#isWriting = false;
    }
  }

  /**
   * What must be safe before a message may leave that tells of what happens now: as a command that
   * writes is not recorded yet while it runs, whatever there will be.
   */
  get requiredByMessages(): number {
    const { effects } = this;
    if (!effects.active) return 0;
    const isUnsafe = this.#isWriting || effects.offset > effects.durableOffset;
    return isUnsafe ? Number.POSITIVE_INFINITY : 0;
  }

  /** Records what a command changed, and what its reply depends on. */
  #recordEffect(call: Call, command: Command, changesBefore: number): void {
    const { effects } = this;
    if (this.#keyspace.dirty !== changesBefore) {
      effects.end(call.db, call.request);
      this.#dependencies.note(call, command, effects.offset);
      this.requiredOffset = effects.offset;
    } else if (effects.offset > effects.durableOffset) {
      this.requiredOffset = Math.max(this.requiredOffset, this.#dependencies.of(call, command));
    }
  }

  /** Counts a command that waited, at its end: `tookUs` is counted already of the time it took. */
  #accountUnblocked(call: Call, { stats }: Command, tookUs: number, totalUs: number): void {
    this.timer.accountUnblocked(stats, tookUs, totalUs);
    this.#server.slowLog.recordIfSlow(call.client, call.request, totalUs);
  }

  /** The command that is asked for, subcommand included; undefined after answering an error. */
  #resolve(
    client: Client,
    request: Request,
    found: RunnableCommand | undefined,
  ): RunnableCommand | undefined {
    let command = found;
    if (command === undefined) {
      if (!this.#crossProtocol.refuses(client, request)) {
        this.#reject(client, request, undefined, unknownCommand(request));
      }
      return undefined;
    }
    if (command.subcommands !== undefined && request.count > 1) {
      const subcommand = command.subcommands.get(request.word(1));
      client.lastCommand = subcommand;
      if (subcommand === undefined) {
        this.#reject(client, request, undefined, unknownSubcommand(command, request));
        return undefined;
      }
      command = subcommand;
    }
    if (hasWrongArity(command, request)) {
      this.#reject(client, request, command, wrongArity(command.fullName));
      return undefined;
    }
    return command;
  }

  #queue(client: Client, command: Command, request: Request): void {
    const { transaction } = client;
    if (transaction === undefined) return;
    // A transaction that EXEC will not run anyway takes no memory.
    const isSpoilt = transaction.aborted || client.dirty;
    if (isSpoilt || canCopy(() => client.queue(command, request), command, this.#server)) {
      this.#reply.simple('QUEUED');
    } else {
      this.#reject(client, request, command, OUT_OF_MEMORY);
    }
  }

  /** Answers an error instead of running; a transaction is spoilt by it. */
  #reject(client: Client, request: Request, command: Command | undefined, error: string): void {
    if (command !== undefined) command.stats.rejected++;
    const errorsBefore = this.#reply.errors;
    if (command?.fullName === 'exec') {
      discardTransaction(this.#server, client);
      this.#reply.error(execRefusal(error));
      // Monitors saw the MULTI that it ends.
      if ((this.#restrictions.bits & MONITORED) !== 0) feedMonitors(this.#server, client, request);
    } else {
      if (client.transaction !== undefined) client.transaction.aborted = true;
      this.#reply.error(error);
    }
    this.#countErrors(errorsBefore);
  }

  /**
   * Counts the errors encoded since, by code, once: EXEC's inner commands count their own.
   * @returns whether there were any to count
   */
  #countErrors(errorsBefore: number): boolean {
    const reply = this.#reply;
    if (reply.errors === errorsBefore || this.#errorsCounted >= reply.errors) return false;
    this.#errorsCounted = reply.errors;
    this.#server.stats.countError(reply.lastError);
    return true;
  }

  /** Reports a command that took long. */
  #observe(call: Call, command: Command, durationUs: number): void {
    const { slowLog, latency } = this.#server;
    if ((command.flags & SKIP_SLOWLOG) === 0) {
      slowLog.recordIfSlow(call.client, call.request, durationUs);
    }
    if (latency.thresholdMs > 0) {
      latency.add((command.flags & FAST) === 0 ? 'command' : 'fast-command', durationUs / 1000);
    }
  }
}
