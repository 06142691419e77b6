// Commands through all of dispatch without a server: a keyspace that has the stub type besides the server's own,
// whose commands are among all others, so that waiting meets MULTI, FLUSHALL, SWAPDB, expiry … as they are.
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Call } from '../../../src/core/call.ts';
import type { ClientPause } from '../../../src/core/client-pause.ts';
import type { CommandRow } from '../../../src/core/command-row.ts';
import { CommandTable } from '../../../src/core/command-table.ts';
import { WRITE } from '../../../src/core/flags.ts';
import { MEMORY_LIMITED, TRACKING } from '../../../src/core/restrictions.ts';
import type { Snapshots } from '../../../src/core/snapshots.ts';
import { Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import { EffectRecorder } from '../../../src/dispatch/effect-recorder.ts';
import type { MemoryGuard } from '../../../src/dispatch/requirements.ts';
import type { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { Request } from '../../../src/protocol/request.ts';
import { CommandStream } from '../../../src/replication/command-stream.ts';
import { LatencyMonitor } from '../../../src/telemetry/latency-monitor.ts';
import { ServerStats } from '../../../src/telemetry/server-stats.ts';
import { SlowLog } from '../../../src/telemetry/slow-log.ts';
import { Tracking } from '../../../src/tracking/tracking.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { type TestClient, TestServer } from '../../support/test-call.ts';
import { stubBlockingCommands } from '../../types/stub/blocking.ts';
import { stubCommands } from '../../types/stub/commands.ts';
import { stubType } from '../../types/stub/descriptor.ts';

/** A dispatcher with all around it; see the head of this file. */
export class DispatchedServer {
  readonly dispatcher: Dispatcher;
  readonly keyspace: Keyspace;
  readonly #snapshots = { emptied: () => {} };
  readonly #memory: MemoryGuard = { limited: false, makeRoom: () => true };
  readonly #server: TestServer;

  constructor() {
    const rows = [...families.flat(), ...stubCommands, ...stubBlockingCommands, this.#nested()];
    this.#server = new TestServer(
      rows,
      {
        config: loadConfig({ settings: [] }),
        snapshots: this.#snapshots as Partial<Snapshots> as Snapshots,
        stats: new ServerStats(),
        slowLog: new SlowLog(),
        latency: new LatencyMonitor(),
      },
      [...valueTypes, stubType],
    );
    const { services, reply, keyspace } = this.#server;
    this.keyspace = keyspace;
    keyspace.tick(Date.now());
    const tracking = new Tracking(keyspace.seed, {
      find: (id) => services.clients.get(id),
      observe: (observer) => keyspace.observe(observer),
      schedule: (task) => setImmediate(task),
      activated: (isActive) => services.restrictions.set(TRACKING, isActive),
    });
    Object.assign(services, { tracking });
    this.dispatcher = new Dispatcher(
      reply,
      services,
      this.#memory,
      () => undefined,
      this.connect(),
      new CommandTable([rows]),
      new EffectRecorder(new CommandStream()),
    );
    Object.assign(services, { blocking: this.dispatcher.blocking });
  }

  /** Data is being loaded, or no longer. */
  setLoading(isLoading: boolean): void {
    const { loading } = this.#server.services;
    if (isLoading) loading.begin();
    else loading.end();
  }

  /** Has room be made before each command. */
  limitMemory(makeRoom: () => void): void {
    this.#memory.limited = true;
    this.#memory.makeRoom = () => {
      makeRoom();
      return true;
    };
    this.#server.restrictions.set(MEMORY_LIMITED, true);
  }

  get pause(): ClientPause {
    return this.#server.services.pause;
  }

  connect(): TestClient {
    return this.#server.connect();
  }

  /** Runs one request as a connection does; returns the reply, encoded. What is sent later is `client.sent`. */
  run(client: TestClient, ...args: string[]): string {
    const { reply } = this.#server;
    this.dispatcher.begin(client);
    const mark = reply.mark();
    this.dispatcher.execute(client, Request.of(args));
    const answer = reply.copySince(mark).toString('latin1');
    reply.rewind(mark);
    this.dispatcher.end();
    return answer;
  }

  /** A client that has sent a request to which there is no answer yet. */
  waiting(...args: string[]): TestClient {
    const client = this.connect();
    const answer = this.run(client, ...args);
    if (answer !== '' || !client.blocked) throw new Error(`${args.join(' ')}: ${answer}`);
    return client;
  }

  /** NESTED command argument , command … runs commands as one, as a script does. */
  #nested(): CommandRow {
    const run = (call: Call): void => {
      const { request, reply, host } = call;
      const words = Array.from({ length: request.count - 1 }, (_, i) => request.latin1(i + 1));
      const mark = reply.mark();
      for (const line of words.join(' ').split(' , ')) {
        call.request = Request.of(line.split(' '));
        host.run(call, this.#server.command(call.request).id);
      }
      call.request = request;
      reply.rewind(mark);
      reply.ok();
    };
    return {
      name: 'nested',
      arity: -2,
      flags: WRITE,
      group: 'scripting',
      since: '0.0.0',
      summary: 'For tests.',
      complexity: 'O(N)',
      handler: run,
    };
  }
}
