// Answers to commands that got none when they ran: encoded in the protocol that the client speaks by
// now, kept back where CLIENT REPLY says so, sent as a message (which waits for the log, as far as it
// has come), counted, and then the client goes on with its requests. The commands of other clients may
// be running meanwhile: the shared encoder is left as it was found.

import { Call, type CallHost, type Handler } from '../../core/call.ts';
import { type Client, REPLY_ON } from '../../core/client.ts';
import { advanceReplyMode } from '../../core/client-modes.ts';
import type { Command } from '../../core/command.ts';
import type { Services } from '../../core/services.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';

/** A command that is to be answered. */
export interface Unanswered {
  readonly client: Client;
  readonly db: Database;
  readonly command: Command;
  /** One that owns its bytes. */
  readonly request: Request;
  /** Time of the command that is counted already, in µs. */
  readonly tookUs: number;
}

/** What dispatch does with every command, for those that it does not see end. */
export interface CommandRunner {
  /** Whether requests of a client are being run: after each of them those who wait are served. */
  isRunning(): boolean;
  /** As CallHost. */
  run(call: Call, id: number): void;
  /** To be called when something is about to run on its own: a part of a command of the client, or nobody's. */
  begin(client: Client): void;
  /** Runs a part of a command, with everything that surrounds a handler: errors, effects. */
  invoke(call: Call, command: Command, handler: Handler): void;
  /** To be called afterwards: those who wait for keys that have become ready are served. */
  end(): void;
  /** A handler threw. */
  recover(error: unknown, command: Command): void;
  /** Counts the errors encoded since; returns whether there were any. */
  countErrors(errorsBefore: number): boolean;
  /** Counts the time of a command, of which `tookUs` is counted already, and reports it if it is long. */
  account(call: Call, command: Command, tookUs: number, totalUs: number): void;
}

/** See the head of this file. */
export class DeferredReplies {
  readonly #reply: Reply;
  readonly #server: Services;
  readonly #runner: CommandRunner;
  readonly #call: Call;

  constructor(
    reply: Reply,
    server: Services,
    detached: Client,
    runner: CommandRunner,
    host: CallHost,
  ) {
    this.#reply = reply;
    this.#server = server;
    this.#runner = runner;
    this.#call = new Call(reply, server, detached, host);
  }

  /**
   * Encodes an answer and sends it, unless `encode` returns that there is none yet.
   * @param waitedUs time to be counted as the command's, besides that of encoding, in µs
   * @returns whether there was one
   */
  give(unanswered: Unanswered, encode: (call: Call) => boolean, waitedUs = 0): boolean {
    const { client, command } = unanswered;
    const reply = this.#reply;
    const call = this.#callOf(unanswered);
    const errorsBefore = reply.errors;
    const startMs = performance.now();
    const mark = reply.mark();
    reply.resp3 = client.protocol === 3;
    let answered = true;
    reply.replyTarget = client;
    try {
      answered = encode(call);
    } catch (error) {
      this.#runner.recover(error, command);
    } finally {
      reply.replyTarget = undefined;
    }
    const isWanted = answered && client.replyMode === REPLY_ON;
    const parts = isWanted ? reply.takeSince(mark) : [];
    reply.rewind(mark);
    if (!answered) return false;
    if (isWanted) client.sendParts(parts);
    if (this.#runner.countErrors(errorsBefore)) command.stats.failed++;
    const { tookUs } = unanswered;
    const answeringUs = (performance.now() - startMs) * 1000;
    // Encoding may have had commands of others run, with the same call.
    const accounted = this.#callOf(unanswered);
    this.#runner.account(accounted, command, tookUs, tookUs + waitedUs + answeringUs);
    return true;
  }

  /** Lets an answered client go on. */
  release(client: Client): void {
    advanceReplyMode(client);
    // It was not idle, though it sent nothing.
    client.lastActiveMs = this.#server.keyspace.nowMs;
    client.unblock();
  }

  #callOf({ client, request, db }: Unanswered): Call {
    const call = this.#call;
    call.client = client;
    call.request = request;
    call.db = db;
    return call;
  }
}
