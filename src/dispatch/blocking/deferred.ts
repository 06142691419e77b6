// Commands whose answer is deferred (Call.defer): their work goes on while the event loop does, and
// their clients run no other request until it is done. Then the end of the command runs as its
// beginning did: as a handler with all that surrounds one, by itself.
//
//   command that defers ─▶ its client waits ─▶ the work is done ─▶ answered, goes on with its requests
//                              │                    ▲              in a later iteration of the event loop
//                              └──▶ gone: forgotten ┘  the end of the command runs all the same
//
// All of the time that it took is counted as the command's: somebody worked on it, unlike on one that
// waits for a key.

import type { Call, Deferred, Handler } from '../../core/call.ts';
import type { Client } from '../../core/client.ts';
import type { Command } from '../../core/command.ts';
import type { Services } from '../../core/services.ts';
import { copyBytesOf, waitBytes } from '../../core/waiting.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Request } from '../../protocol/request.ts';
import type { CommandRunner, DeferredReplies, Unanswered } from './deferred-replies.ts';

/** The commands that still owe an answer; see the head of this file. */
export class DeferredCommands {
  readonly #server: Services;
  readonly #runner: CommandRunner;
  readonly #answers: DeferredReplies;
  /** Of clients that are still there. */
  readonly #waiting = new Map<Client, DeferredCommand>();

  constructor(server: Services, runner: CommandRunner, answers: DeferredReplies) {
    this.#server = server;
    this.#runner = runner;
    this.#answers = answers;
  }

  get size(): number {
    return this.#waiting.size;
  }

  defer({ client, db, request }: Call): Deferred {
    const command = client.lastCommand;
    if (command === undefined) throw new Error('an answer is deferred without a command');
    if (client.transaction !== undefined || client.blocked || request.count <= command.quickUpTo) {
      throw new Error(`${command.fullName} cannot defer its answer here`);
    }
    const deferred = new DeferredCommand(client, db, command, request.clone(), (handler) =>
      this.#complete(deferred, handler),
    );
    this.#waiting.set(client, deferred);
    client.chargeWaiting(waitBytes(request, 0), copyBytesOf(request));
    client.block();
    return deferred;
  }

  /** Remembers how long the command ran before it began to wait. */
  noteDuration(client: Client, durationUs: number): void {
    const deferred = this.#waiting.get(client);
    if (deferred !== undefined) deferred.tookUs = durationUs;
  }

  /** Forgets a client that is gone, or about to go; whether it waited for an answer. */
  forget(client: Client): boolean {
    const deferred = this.#waiting.get(client);
    if (deferred === undefined) return false;
    this.#waiting.delete(client);
    const { request } = deferred;
    client.chargeWaiting(-waitBytes(request, 0), -copyBytesOf(request));
    return true;
  }

  #complete(deferred: DeferredCommand, handler: Handler): void {
    const { client, command, startedMs, tookUs } = deferred;
    const { tracking } = this.#server;
    const waitedUs = (performance.now() - startedMs) * 1000 - tookUs;
    this.#runner.begin(client);
    if (tracking.active) tracking.begin(client, false);
    const encode = (call: Call): boolean => {
      this.#runner.invoke(call, command, handler);
      return true;
    };
    this.#answers.give(deferred, encode, Math.max(0, waitedUs));
    if (tracking.active) tracking.end();
    if (this.forget(client)) this.#answers.release(client);
    this.#runner.end();
  }
}

/** One of them. */
class DeferredCommand implements Unanswered, Deferred {
  readonly client: Client;
  readonly db: Database;
  readonly command: Command;
  readonly request: Request;
  /** By performance.now(). */
  readonly startedMs = performance.now();
  tookUs = 0;
  #complete: ((handler: Handler) => void) | undefined;

  constructor(
    client: Client,
    db: Database,
    command: Command,
    request: Request,
    complete: (handler: Handler) => void,
  ) {
    this.client = client;
    this.db = db;
    this.command = command;
    this.request = request;
    this.#complete = complete;
  }

  answer(handler: Handler): void {
    const complete = this.#complete;
    if (complete === undefined) throw new Error(`${this.command.fullName} is answered twice`);
    this.#complete = undefined;
    complete(handler);
  }
}
