// The way of every request from decoded arguments to its reply: the checks that all commands
// pass, in one place and in Redis's order (processCommand), then queueing or running, then counting.
// Handlers repeat none of it.
//
//   look up ─▶ arity ─▶ guarded ─▶ authenticated ─▶ allowed in MULTI ─▶ memory ─▶ saved, loaded ─▶ paused
//           ─▶ queued (MULTI)  or  run ─▶ statistics, slow log, latency, monitors
//           ─▶ those served who waited for its keys (blocking/)
import { performance } from 'node:perf_hooks';
import { needsPassword } from '../core/authentication.ts';
import type { Handler } from '../core/call.ts';
import { Call } from '../core/call.ts';
import { type Client, REPLY_ON } from '../core/client.ts';
import { advanceReplyMode } from '../core/client-modes.ts';
import { PAUSE_ALL, PAUSE_NONE } from '../core/client-pause.ts';
import type { Command } from '../core/command.ts';
import type { RunnableCommand } from '../core/command-row.ts';
import type { CommandTable } from '../core/command-table.ts';
import {
  AUTHENTICATION_REQUIRED,
  LOADING_DATA,
  notWhileSubscribed,
  OUT_OF_MEMORY,
  SNAPSHOT_FAILED,
  wrongArity,
} from '../core/errors.ts';
import {
  ADMIN,
  FAST,
  MAY_REPLICATE,
  NO_AUTH,
  NO_MULTI,
  NOT_IN_MULTI,
  PAUSES,
  PROTECTED,
  READONLY,
  SKIP_MONITOR,
  SKIP_SLOWLOG,
  SUBSCRIBER,
  WRITE,
} from '../core/flags.ts';
import { feedMonitors } from '../core/monitor-feed.ts';
import type { Services } from '../core/services.ts';
import type { Snapshots } from '../core/snapshots.ts';
import { discardTransaction, execRefusal } from '../core/transaction.ts';
import type { WaitList } from '../keyspace/waits.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import { unixTimeMsAt } from '../telemetry/wall-clock.ts';
import type { Tracking } from '../tracking/tracking.ts';
import { BlockedClients } from './blocking/blocked-clients.ts';
import { CrossProtocolGuard } from './cross-protocol.ts';
import { Dependencies } from './dependencies.ts';
import { EffectRecorder } from './effect-recorder.ts';
import { answerFailure, canCopy, canGather, noteHalfDone } from './failed-handlers.ts';
import { RequestPrefetcher } from './request-prefetcher.ts';
import {
  allFlags,
  changesData,
  hasWrongArity,
  type MemoryGuard,
  needsMemory,
  type ProtectedCheck,
  RUN_IN_TRANSACTION,
  runsWhileLoading,
} from './requirements.ts';
import { TrackedReads } from './tracked-reads.ts';
import { unknownCommand, unknownSubcommand } from './unknown-command.ts';

/**
 * Reading the clock costs as much as a tenth of a GET. Commands that are quick whatever the data
 * (`Command.quickUpTo`) are therefore timed together, up to so many, when they come in a pipeline.
 */
const MAX_TIMED_TOGETHER = 16;

/** What a monitor must not use: Redis takes it for a kind of replica. */
const TOUCHES_KEYS = WRITE | READONLY | MAY_REPLICATE;

/** Checks and runs requests; see the head of this file. */
export class Dispatcher {
  /** What commands change, for those who repeat it. */
  readonly effects = new EffectRecorder();
  /** Why the log cannot be written, so that writes are refused; undefined while it can. */
  logFailure: string | undefined = undefined;
  /** What of the log must be safe before the replies of the client whose requests run may leave. */
  requiredOffset = 0;
  readonly #dependencies = new Dependencies();
  /** Whether requests are being run, of one client. */
  #isRunning = false;
  /** Whether the command that runs may be recorded when it has run. */
  #isWriting = false;
  /** Whether commands' durations go into histograms (`latency-tracking`). */
  latencyTracking = true;

  /** The clients that wait for keys or answers. */
  readonly blocking: BlockedClients;

  readonly #commands: CommandTable;
  readonly #call: Call;
  readonly #reply: Reply;
  readonly #server: Services;
  readonly #memory: MemoryGuard;
  readonly #isProtected: ProtectedCheck;
  readonly #crossProtocol: CrossProtocolGuard;
  readonly #tracking: Tracking;
  readonly #snapshots: Snapshots;
  readonly #waits: WaitList;
  readonly #trackedReads: TrackedReads;
  /** When the clock was read last, by performance.now(): where the next command's time begins. */
  #clockMs = 0;
  readonly #prefetch = new RequestPrefetcher();
  /** Commands that ran since then. */
  readonly #untimed: Command[] = [];
  #untimedCount = 0;
  #timedTogether = MAX_TIMED_TOGETHER;
  /** `reply.errors` when errors were counted last. */
  #errorsCounted = 0;

  constructor(
    reply: Reply,
    server: Services,
    memory: MemoryGuard,
    isProtected: ProtectedCheck,
    nobody: Client,
    commands: CommandTable,
  ) {
    this.#commands = commands;
    this.#reply = reply;
    this.#server = server;
    this.#memory = memory;
    this.#isProtected = isProtected;
    this.#crossProtocol = new CrossProtocolGuard(server.log);
    this.#tracking = server.tracking;
    this.#snapshots = server.snapshots;
    this.#waits = server.keyspace.waits;
    this.blocking = new BlockedClients(reply, server, nobody, {
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
    this.#call = new Call(reply, server, nobody, this.blocking);
  }

  /** Whether every command is timed by itself: what short thresholds need (`slowlog-log-slower-than`). */
  set timesEach(value: boolean) {
    this.#timedTogether = value ? 1 : MAX_TIMED_TOGETHER;
  }

  /** When the clock was read last, by performance.now(): at the end of the requests run last. */
  get clockMs(): number {
    return this.#clockMs;
  }

  /** To be called when they have been run. */
  end(): void {
    this.#settle();
    this.#isRunning = false;
  }

  /** To be called when requests of a client are about to be run: sets the time they see. */
  begin(client: Client): void {
    this.#isRunning = true;
    this.requiredOffset = 0;
    this.#clockMs = performance.now();
    const nowMs = unixTimeMsAt(this.#clockMs);
    this.#server.keyspace.tick(nowMs);
    client.lastActiveMs = nowMs;
    this.#reply.resp3 = client.protocol === 3;
    this.#server.keyspace.suspendTouch = client.noTouch;
  }

  /**
   * Runs one request, or queues it, or refuses it; the reply is encoded into the shared buffer.
   * @returns false when the request must wait (CLIENT PAUSE) and be given again later
   */
  execute(client: Client, request: Request): boolean {
    const reply = this.#reply;
    if (this.#tracking.active) this.#beginTracked(client);
    const replied = client.replyMode === REPLY_ON ? undefined : reply.mark();
    const command = this.#resolve(client, request);
    if (command !== undefined) {
      if (!this.#admit(client, command)) {
        // Refused, and answered.
      } else if (this.#mustWait(client, command)) {
        this.#server.pause.suspended.add(client);
        if (this.#tracking.active) this.#tracking.end();
        return false;
      } else if (client.transaction !== undefined && !RUN_IN_TRANSACTION.has(command.fullName)) {
        this.#queue(client, command, request);
      } else {
        const call = this.#call;
        call.client = client;
        call.request = request;
        call.db = client.db;
        this.run(call, command);
      }
    }
    if (replied !== undefined || client.replyMode !== REPLY_ON) {
      if (client.replyMode !== REPLY_ON && replied !== undefined) reply.rewind(replied);
      if (client.pendingPushes !== undefined) client.addPendingPushesTo(reply);
      // One who waits is answered, or not, later.
      if (!client.blocked) advanceReplyMode(client);
    }
    if (this.#tracking.active) this.#endTracked(client, request);
    if (this.#waits.ready !== 0 && !this.#snapshots.isLoading) {
      this.#serveReady();
      if (client.pendingPushes !== undefined) client.addPendingPushesTo(reply);
    }
    return true;
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

  /** Serves those who waited for keys of the command that is over. */
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
    if (this.#waits.ready !== 0) this.#serveReady();
    this.end();
  }

  /** Runs a command that passed the checks, and counts it. */
  run(call: Call, command: RunnableCommand): void {
    const reply = this.#reply;
    const server = this.#server;
    const client = call.client;
    const errorsBefore = reply.errors;
    const { request } = call;
    if (request.large !== undefined && !canGather(request, command, server)) {
      this.#reject(client, command, OUT_OF_MEMORY);
      return;
    }
    // What may take long is timed by itself, from here on.
    const isQuick = request.count <= command.quickUpTo;
    if (!isQuick) this.#settle();
    const startMs = this.#clockMs;
    if (request.count > command.keyPlan.severalAbove) {
      this.#prefetch.keysOf(call.db, request, command.keyPlan);
    }
    this.#invoke(call, command, command.handler);
    if (client.tracker !== undefined && (command.flags & READONLY) !== 0) {
      this.#trackedReads.remember(client.tracker, command, call.request);
    }
    command.stats.calls++;
    server.stats.commandsProcessed++;
    if (reply.errors !== errorsBefore && this.#countErrors(errorsBefore)) command.stats.failed++;
    if (server.clients.monitors.size > 0 && (command.flags & (SKIP_MONITOR | ADMIN)) === 0) {
      feedMonitors(server, client, call.request);
    }
    if (isQuick) {
      this.#untimed[this.#untimedCount++] = command;
      if (this.#untimedCount === this.#timedTogether) this.#observe(call, command, this.#settle());
    } else {
      // The commands that this one ran (EXEC) count for themselves and as a part of it.
      this.#settle();
      this.#clockMs = performance.now();
      const durationUs = (this.#clockMs - startMs) * 1000;
      if (client.blocked) {
        command.stats.totalUs += durationUs;
        this.blocking.noteDuration(client, durationUs);
        return;
      }
      this.#account(command, durationUs);
      this.#observe(call, command, durationUs);
    }
  }

  /**
   * Runs a handler: that of a command, or the end of one that was deferred. Its changes become an
   * effect, and what it throws an error.
   */
  #invoke(call: Call, command: Command, handler: Handler): void {
    const { effects } = this;
    const reply = this.#reply;
    const { keyspace } = this.#server;
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
    if (this.#server.keyspace.dirty !== changesBefore) {
      effects.end(call.db, call.request);
      this.#dependencies.note(call, command, effects.offset);
      this.requiredOffset = effects.offset;
    } else if (effects.offset > effects.durableOffset) {
      this.requiredOffset = Math.max(this.requiredOffset, this.#dependencies.of(call, command));
    }
  }

  /**
   * Ends the timing of the commands that ran since the clock was last read: each took its share.
   * @returns that share, in µs
   */
  #settle(): number {
    const count = this.#untimedCount;
    if (count === 0) return 0;
    const endMs = performance.now();
    const shareUs = ((endMs - this.#clockMs) * 1000) / count;
    this.#clockMs = endMs;
    this.#untimedCount = 0;
    for (let i = 0; i < count; i++) this.#account(this.#untimed[i], shareUs);
    return shareUs;
  }

  #account({ stats }: Command, durationUs: number): void {
    stats.totalUs += durationUs;
    if (this.latencyTracking) stats.histogram.record(durationUs);
  }

  /** Counts a command that waited, at its end: `tookUs` is counted already of the time it took. */
  #accountUnblocked(call: Call, { stats }: Command, tookUs: number, totalUs: number): void {
    stats.totalUs += totalUs - tookUs;
    if (this.latencyTracking) stats.histogram.record(totalUs);
    this.#server.slowLog.recordIfSlow(call.client, call.request, totalUs);
  }

  /** The command that is asked for, subcommand included; undefined after answering an error. */
  #resolve(client: Client, request: Request): RunnableCommand | undefined {
    let command = this.#commands.find(request);
    client.lastCommand = command;
    if (command === undefined) {
      if (!this.#crossProtocol.refuses(client, request)) {
        this.#reject(client, undefined, unknownCommand(request));
      }
      return undefined;
    }
    if (command.subcommands !== undefined && request.count > 1) {
      const subcommand = command.subcommands.get(request.word(1));
      client.lastCommand = subcommand;
      if (subcommand === undefined) {
        this.#reject(client, undefined, unknownSubcommand(command, request));
        return undefined;
      }
      command = subcommand;
    }
    if (hasWrongArity(command, request)) {
      this.#reject(client, command, wrongArity(command.fullName));
      return undefined;
    }
    return command;
  }

  /** Checks whether the client may run the command now; answers an error if not. */
  #admit(client: Client, command: Command): boolean {
    const { flags } = command;
    if ((flags & PROTECTED) !== 0) {
      const error = this.#isProtected(client, command);
      if (error !== undefined) return this.#reject(client, command, error);
    }
    // Once there is no password any more, those who never gave it may go on too.
    if (!client.authenticated && (flags & NO_AUTH) === 0 && needsPassword(this.#server)) {
      return this.#reject(client, command, AUTHENTICATION_REQUIRED);
    }
    if (client.transaction !== undefined && (flags & (NO_MULTI | NOT_IN_MULTI)) !== 0) {
      return this.#reject(client, command, 'ERR Command not allowed inside a transaction');
    }
    if (this.#memory.limited) {
      const hasRoom = this.#memory.makeRoom();
      // What was evicted is told before what the command answers.
      this.#tracking.sendWithheld();
      if (!hasRoom && needsMemory(client, command)) {
        return this.#reject(client, command, OUT_OF_MEMORY);
      }
    }
    if (this.#snapshots.refusesWrites && changesData(client, command)) {
      return this.#reject(client, command, SNAPSHOT_FAILED);
    }
    if (this.logFailure !== undefined && changesData(client, command)) {
      const text = `MISCONF Errors writing to the AOF file: ${this.logFailure}`;
      return this.#reject(client, command, text);
    }
    if (client.subscriptions !== undefined && client.protocol === 2 && (flags & SUBSCRIBER) === 0) {
      return this.#reject(client, command, notWhileSubscribed(command.fullName));
    }
    if (this.#snapshots.isLoading && !runsWhileLoading(client, command)) {
      return this.#reject(client, command, LOADING_DATA);
    }
    if (client.monitor && (allFlags(client, command) & TOUCHES_KEYS) !== 0) {
      return this.#reject(client, command, "ERR Replica can't interact with the keyspace");
    }
    return true;
  }

  #mustWait(client: Client, command: Command): boolean {
    const { mode, isSuspendingWrites } = this.#server.pause;
    if (mode === PAUSE_NONE) return false;
    if (mode === PAUSE_ALL) return true;
    const waiting = isSuspendingWrites ? WRITE | MAY_REPLICATE | PAUSES : WRITE | MAY_REPLICATE;
    return (allFlags(client, command) & waiting) !== 0;
  }

  #queue(client: Client, command: Command, request: Request): void {
    const { transaction } = client;
    if (transaction === undefined) return;
    // A transaction that EXEC will not run anyway takes no memory.
    const isSpoilt = transaction.aborted || client.dirty;
    if (isSpoilt || canCopy(() => client.queue(command, request), command, this.#server)) {
      this.#reply.simple('QUEUED');
    } else {
      this.#reject(client, command, OUT_OF_MEMORY);
    }
  }

  /** Answers an error instead of running; a transaction is spoilt by it. Returns false. */
  #reject(client: Client, command: Command | undefined, error: string): false {
    if (command !== undefined) command.stats.rejected++;
    const errorsBefore = this.#reply.errors;
    if (command?.fullName === 'exec') {
      discardTransaction(this.#server, client);
      this.#reply.error(execRefusal(error));
    } else {
      if (client.transaction !== undefined) client.transaction.aborted = true;
      this.#reply.error(error);
    }
    this.#countErrors(errorsBefore);
    return false;
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
