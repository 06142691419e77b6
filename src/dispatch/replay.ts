// Runs the commands of a log once more, when it is loaded: without replies, and so that nothing expires
// meanwhile: what had expired was recorded as deleted. A time that is relative counts from now, as in
// Redis. A command that answers an error is reported and counted, and the log goes on behind it; one
// that is no command of this server, or has a wrong number of arguments, is never run: there the log is
// damaged, or of another server.
//
//   look up ─▶ arity ─▶ queued (MULTI)  or  for a log at all? ─▶ run ─▶ failures counted

import { Call, type CallHost } from '../core/call.ts';
import type { Client, Transaction } from '../core/client.ts';
import { releaseState } from '../core/client-state.ts';
import type { Command } from '../core/command.ts';
import type { RunnableCommand } from '../core/command-row.ts';
import type { CommandTable } from '../core/command-table.ts';
import { DetachedClient } from '../core/detached-client.ts';
import { LOADING_DATA, OUT_OF_MEMORY, wrongArity } from '../core/errors.ts';
import { ADMIN, LOADING, PROTECTED, WRITE } from '../core/flags.ts';
import type { Services } from '../core/services.ts';
import { discardTransaction } from '../core/transaction.ts';
import { ArenaFullError } from '../memory/arena.ts';
import { quote } from '../protocol/quote.ts';
import { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import { RequestPrefetcher } from './request-prefetcher.ts';
import { hasWrongArity, type ProtectedCheck } from './requirements.ts';
import { unknownCommand, unknownSubcommand } from './unknown-command.ts';

/** As Redis says it. */
const FAILED =
  "== CRITICAL == This server is sending an error to its AOF-loading-client: '{error}' after processing the command '{command}'";
/** So many failures are reported one by one. */
const MAX_REPORTED = 20;
/** So much of a command is quoted. */
const QUOTED_ARGUMENTS = 3;
const QUOTED_BYTES = 64;
/** The beginning of the replies, which nobody gets. */
const NOTHING = { chunks: 0, position: 0 };

/** Replay runs EXEC itself, and nobody waits (`Client.deniesBlocking`). */
const IN_A_LOG: CallHost = { run: notInALog, block: notInALog, defer: notInALog };

/** The log cannot be run on: says where and why. */
export class ReplayError extends Error {}

/** What a replay needs of the server around it. */
export interface ReplayHost extends Services {
  readonly commands: CommandTable;
  readonly isProtected: ProtectedCheck;
}

/** Where commands come from. */
export interface ReplaySource {
  /** Name of the file. */
  readonly file: string;
  /** The position in the file of byte `at` of what is run. */
  positionOf(at: number): number;
}

/** A command that was answered with an error. */
export interface Failure {
  readonly file: string;
  readonly position: number;
  /** The command, as far as it is quoted, and the error. */
  readonly command: string;
  readonly error: string;
}

/** Runs the commands of a log; see the head of this file. */
export class Replay {
  /** Commands that were run, and those of them that were answered with an error. */
  commands = 0;
  failures = 0;
  /** Called with the first of these. */
  onFailure: (failure: Failure) => void;
  readonly #host: ReplayHost;
  /** Of its own: clients may be answered meanwhile, that data is being loaded. */
  readonly #reply = new Reply();
  readonly #call: Call;
  readonly #prefetch = new RequestPrefetcher();
  #client: Client;
  #source: ReplaySource = { file: '', positionOf: (at) => at };
  /** Where the queued commands of the transaction are. */
  #positions: number[] = [];

  constructor(host: ReplayHost) {
    this.#host = host;
    this.onFailure = (failure) => host.log.error({ ...failure }, FAILED);
    this.#client = this.#newClient();
    this.#call = new Call(this.#reply, host, this.#client, IN_A_LOG);
  }

  /** The database that is selected where the log ends. */
  get database(): number {
    return this.#client.db.index;
  }

  /** To be called before the commands of a group: each file begins in database 0, as for Redis. */
  begin(source: ReplaySource): void {
    if (source.file !== this.#source.file) {
      releaseState(this.#host, this.#client);
      this.#client = this.#newClient();
      this.#call.client = this.#client;
    }
    this.#source = source;
    const { keyspace } = this.#host;
    keyspace.tick(Date.now());
    keyspace.dueMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * To be called after them.
   * @throws ReplayError when they end within a transaction: what follows would be taken for a part of it
   */
  end(): void {
    this.suspend();
    if (this.#client.transaction === undefined) return;
    throw new ReplayError(`${this.#source.file}: a group ends within a transaction`);
  }

  /** To be called when nothing is run for a while, and when running has failed: keys expire again. */
  suspend(): void {
    const { keyspace } = this.#host;
    keyspace.dueMs = keyspace.nowMs;
  }

  /** To be called when all is run. */
  close(): void {
    releaseState(this.#host, this.#client);
  }

  /**
   * Runs a command, or queues it if it stands in a transaction.
   * @param at where it begins in what is run
   * @throws ReplayError
   */
  run(request: Request, at: number): void {
    const command = this.check(request, at);
    const { transaction } = this.#client;
    const position = this.#source.positionOf(at);
    if (transaction === undefined) {
      this.#run(command, request, position);
    } else if (command.fullName === 'exec') {
      this.#execute(transaction);
    } else if (command.fullName === 'discard' || command.fullName === 'reset') {
      this.#positions = [];
      this.#run(command, request, position);
    } else {
      this.#queue(command, request, position);
    }
  }

  /**
   * The command that is asked for, checked for what no log may have.
   * @throws ReplayError
   */
  check(request: Request, at: number): RunnableCommand {
    let command = this.#host.commands.find(request);
    if (command === undefined) throw this.#refusal(request, at, unknownCommand(request));
    if (command.subcommands !== undefined && request.count > 1) {
      const subcommand = command.subcommands.get(request.word(1));
      if (subcommand === undefined) {
        throw this.#refusal(request, at, unknownSubcommand(command, request));
      }
      command = subcommand;
    }
    if (hasWrongArity(command, request)) {
      throw this.#refusal(request, at, wrongArity(command.fullName));
    }
    return command;
  }

  #queue(command: Command, request: Request, position: number): void {
    try {
      this.#client.queue(command, request);
    } catch (error) {
      throw this.#broken(request, position, error);
    }
    this.#positions.push(position);
  }

  /** EXEC: runs what is queued, unless a watched key was modified. */
  #execute({ queue }: Transaction): void {
    const positions = this.#positions;
    this.#positions = [];
    const client = this.#client;
    if (!client.dirty) {
      const reader = queue.reader();
      for (let i = 0; i < positions.length; i++) {
        const command = this.#host.commands.at(reader.next());
        this.#run(command, reader.request, positions[i]);
      }
    }
    discardTransaction(this.#host, client);
    this.commands++;
  }

  #run(command: RunnableCommand, request: Request, position: number): void {
    const reply = this.#reply;
    const call = this.#call;
    call.request = request;
    call.db = this.#client.db;
    const errorsBefore = reply.errors;
    const problem = this.#problemOf(command);
    if (problem !== undefined) {
      reply.error(problem);
    } else {
      if (request.count > command.keyPlan.severalAbove) {
        this.#prefetch.keysOf(call.db, request, command.keyPlan);
      }
      try {
        command.handler(call);
      } catch (error) {
        throw this.#broken(request, position, error);
      }
    }
    if (this.#host.tracking.active) this.#host.tracking.end();
    // Nothing works in the background meanwhile: what a log replaces again and again would all be kept.
    if (this.#host.keyspace.isCrowded) this.#host.keyspace.reclaim(Number.MAX_VALUE);
    reply.rewind(NOTHING);
    this.commands++;
    if (reply.errors !== errorsBefore) this.#failed(request, position);
  }

  /** Why a command is not run from a log, though Redis runs some of these; see docs/compatibility.md. */
  #problemOf(command: Command): string | undefined {
    const { flags } = command;
    // SAVE and its like would keep the half of the data that there is yet; PFDEBUG changes data as others do.
    if ((flags & (ADMIN | LOADING | WRITE)) === ADMIN) return LOADING_DATA;
    return (flags & PROTECTED) === 0 ? undefined : this.#host.isProtected(this.#client, command);
  }

  #failed(request: Request, position: number): void {
    const { stats, config, log } = this.#host;
    const error = this.#reply.lastError;
    const { file } = this.#source;
    this.failures++;
    stats.unexpectedErrors++;
    stats.countError(error);
    if (config.values['propagation-error-behavior'] === 'panic') {
      throw this.#error(request, position, error);
    }
    if (this.failures <= MAX_REPORTED) {
      this.onFailure({ file, position, command: quoted(request), error });
    } else if (this.failures === MAX_REPORTED + 1) {
      log.error({ file, position }, 'More commands of the log failed: they are only counted');
    }
  }

  #refusal(request: Request, at: number, reason: string): ReplayError {
    return this.#error(request, this.#source.positionOf(at), reason);
  }

  /** A handler has thrown: what the command should have changed is not there. */
  #broken(request: Request, position: number, error: unknown): ReplayError {
    const reason = error instanceof ArenaFullError ? OUT_OF_MEMORY : String(error);
    return Object.assign(this.#error(request, position, reason), { cause: error });
  }

  #error(request: Request, position: number, reason: string): ReplayError {
    const place = `${this.#source.file}, byte ${position}`;
    return new ReplayError(`${place}: the log cannot be run at ${quoted(request)}: ${reason}`);
  }

  #newClient(): Client {
    const client = new DetachedClient(this.#host.keyspace);
    client.deniesBlocking = true;
    return client;
  }
}

function notInALog(): never {
  throw new Error('no handler asks for this while a log is run');
}

/** The beginning of a command. */
function quoted(request: Request): string {
  const words: string[] = [];
  for (let i = 0; i < Math.min(request.count, QUOTED_ARGUMENTS); i++) {
    words.push(quote(request.bytes(i).subarray(0, QUOTED_BYTES)));
  }
  if (request.count > QUOTED_ARGUMENTS) words.push('…');
  return words.join(' ');
}
