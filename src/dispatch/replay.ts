// Runs recorded effects once more, when a log is loaded: without the checks that they passed when they
// were requests, without replies, and before the time at which anything expires: what had expired
// was recorded as deleted.
import { Call } from '../commands/call.ts';
import type { Client } from '../commands/client.ts';
import type { Command } from '../commands/command.ts';
import type { Services } from '../commands/services.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';

/** A recorded command cannot be run: the log is of another server, or of a later version. */
export class ReplayError extends Error {}

/** Runs the commands of a log; see the head of this file. */
export class Replay {
  /** Commands that were run. */
  commands = 0;
  readonly #server: Services;
  readonly #reply: Reply;
  readonly #client: Client;
  readonly #call: Call;
  #nowMs = 0;

  /** @param client one without a connection, which selects databases and holds transactions */
  constructor(server: Services, reply: Reply, client: Client) {
    this.#server = server;
    this.#reply = reply;
    this.#client = client;
    this.#call = new Call(reply, server, client);
  }

  /** The database that is selected where the log ends. */
  get database(): number {
    return this.#client.db.index;
  }

  /** To be called before the commands of a group. */
  begin(): void {
    const { keyspace } = this.#server;
    this.#nowMs = keyspace.nowMs;
    keyspace.nowMs = 0;
  }

  /** To be called after them, and when one has failed. */
  end(): void {
    this.#server.keyspace.nowMs = this.#nowMs;
  }

  /**
   * Runs a command, or queues it if it stands in a transaction.
   * @throws ReplayError
   */
  run(request: Request): void {
    const command = this.#find(request);
    const client = this.#client;
    if (client.transaction !== undefined && command.fullName !== 'exec') {
      client.queue(command, request);
      return;
    }
    const call = this.#call;
    const reply = this.#reply;
    const errorsBefore = reply.errors;
    const chunks = reply.chunks.length;
    const { position } = reply;
    call.request = request;
    call.db = client.db;
    this.#server.run(call, command);
    // Clients may be answered meanwhile, that data is being loaded: what waits for them stays.
    reply.rewind({ chunks, position });
    this.commands++;
    if (reply.errors !== errorsBefore) throw failed(request, reply.lastError);
  }

  #find(request: Request): Command {
    const command = this.#server.commands.find(request);
    const subcommands = command?.subcommands;
    const found =
      subcommands === undefined || request.count < 2
        ? command
        : subcommands.get(request.latin1(1).toLowerCase());
    if (found === undefined) throw failed(request, 'there is no such command');
    return found;
  }
}

function failed(request: Request, reason: string): ReplayError {
  const words = [];
  for (let i = 0; i < Math.min(request.count, 3); i++) words.push(request.latin1(i).slice(0, 64));
  return new ReplayError(`the log cannot be run at '${words.join(' ')}': ${reason}`);
}
