// Handlers without a server: a call whose services are only those that a test gives, and a client
// without a socket that remembers what happened to it.

import { Call, type CallHost } from '../../src/core/call.ts';
import { Client, type ClientAddress, type ClientBuffers } from '../../src/core/client.ts';
import { ClientMemory } from '../../src/core/client-memory.ts';
import { ClientPause } from '../../src/core/client-pause.ts';
import { ClientRegistry } from '../../src/core/client-registry.ts';
import type { CommandRow, RunnableCommand } from '../../src/core/command-row.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { DebugSwitches } from '../../src/core/debug-switches.ts';
import type { Effects } from '../../src/core/effects.ts';
import { LoadState } from '../../src/core/load-state.ts';
import { ReplyBufferSettings } from '../../src/core/reply-buffer.ts';
import { Restrictions } from '../../src/core/restrictions.ts';
import type { Services } from '../../src/core/services.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import type { ValueType } from '../../src/keyspace/value-type.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { Reply } from '../../src/protocol/reply.ts';
import { Request } from '../../src/protocol/request.ts';
import { ServerStats } from '../../src/telemetry/server-stats.ts';
import { valueTypes } from '../../src/types/index.ts';

/** A client whose buffers are what a test says. */
export class TestClient extends Client {
  sizes: ClientBuffers = { query: 0, queryFree: 0, arguments: 0, output: 0 };
  /** What was sent to it besides replies. */
  sent = '';
  killed = false;

  override buffers(): ClientBuffers {
    return this.sizes;
  }

  override descriptor(): number {
    return 7;
  }

  override kill(): void {
    this.killed = true;
  }

  override send(bytes: Buffer): void {
    this.sent += bytes.toString('latin1');
  }
}

/** Nobody repeats what commands change. */
const NO_EFFECTS: Effects = {
  active: false,
  maxTransactionBytes: Number.POSITIVE_INFINITY,
  propagateAs: () => {},
  propagateWith: () => {},
  suppress: () => {},
  isInTransaction: false,
  propagateEncoded: () => {},
  together: (record) => record(),
  beginTransaction: () => {},
  endTransaction: () => {},
};

/** One server's worth of state for handlers. */
export class TestServer {
  readonly keyspace: Keyspace;
  readonly restrictions = new Restrictions();
  readonly clients = new ClientRegistry(this.restrictions);
  readonly clientMemory = new ClientMemory(this.clients, new ServerStats(), silentLogger());
  readonly reply = new Reply();
  readonly services: Services;
  readonly #commands: CommandTable;
  readonly #request = new Request();
  readonly #host: CallHost = {
    run: (call, id) => this.#commands.at(id).handler(call),
    block: neverWaits,
    defer: neverWaits,
  };

  /**
   * @param rows the commands that can be called
   * @param services what their handlers need beyond the keyspace, the clients and `run`
   * @param types the types of values that there are
   */
  constructor(
    rows: readonly CommandRow[],
    services: Partial<Services> = {},
    types: readonly ValueType[] = valueTypes,
  ) {
    this.keyspace = new Keyspace(types, 16);
    this.#commands = new CommandTable([rows]);
    const parts: Partial<Services> = {
      keyspace: this.keyspace,
      clients: this.clients,
      pause: new ClientPause(this.keyspace, this.restrictions),
      loading: new LoadState(this.restrictions),
      restrictions: this.restrictions,
      clientMemory: this.clientMemory,
      replyBuffers: new ReplyBufferSettings(),
      effects: NO_EFFECTS,
      debug: new DebugSwitches(),
      log: silentLogger(),
      ...services,
    };
    this.services = parts as Services;
  }

  connect(address: Partial<ClientAddress> = {}): TestClient {
    const client = new TestClient(
      this.clients.nextId(),
      { remote: '127.0.0.1:60866', local: '127.0.0.1:6379', unixSocket: false, ...address },
      this.keyspace.databases[0],
      this.keyspace.nowMs,
      true,
      this.clientMemory,
    );
    this.clients.add(client);
    return client;
  }

  /** Runs a command for the client, past all checks of dispatch; returns the encoded reply. */
  run(client: Client, ...args: (string | Buffer)[]): string {
    const request = this.#requestOf(args);
    const call = this.call(client, request);
    this.reply.resp3 = client.protocol === 3;
    const mark = this.reply.mark();
    this.command(request).handler(call);
    const answer = this.reply.copySince(mark).toString('latin1');
    this.reply.rewind(mark);
    return answer;
  }

  /** A view of arguments, as handlers get it: valid only until the next one. */
  #requestOf(args: readonly (string | Buffer)[]): Request {
    const request = this.#request;
    const buffers = args.map((arg) => (typeof arg === 'string' ? Buffer.from(arg) : arg));
    request.clear();
    request.reserve(args.length);
    request.buffer = Buffer.concat(buffers);
    let offset = 0;
    for (const bytes of buffers) {
      request.push(offset, bytes.length);
      offset += bytes.length;
    }
    return request;
  }

  /** Adds a command to the client's transaction, as dispatch does. */
  queue(client: Client, ...args: (string | Buffer)[]): void {
    const request = Request.of(args);
    client.queue(this.command(request), request);
  }

  /** The command that a request names. */
  command(request: Request): RunnableCommand {
    const command = this.#commands.find(request);
    const found = request.count > 1 ? command?.subcommands?.get(request.word(1)) : undefined;
    if (command === undefined) throw new Error(`no command ${request.latin1(0)}`);
    return found ?? command;
  }

  /** A call of a client, which runs what EXEC has queued and never waits. */
  call(client: Client, request: Request, host: CallHost = this.#host): Call {
    const call = new Call(this.reply, this.services, client, host);
    call.request = request;
    call.db = client.db;
    return call;
  }
}

function neverWaits(): never {
  throw new Error('nothing waits in this test');
}
