// One server under everything at once for a long time: a modelled client, whose replies and data are
// those of a real Redis that was sent the same; clients that send anything; five kinds that misbehave;
// and somebody who saves, rewrites and changes settings. The server is killed and started again now
// and then, and holds the same as before.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Pinger, startPinger } from '../../../bench/support/pinger.mjs';
import {
  type CommandGrammar,
  readCommandNames,
  readGrammars,
} from '../../support/command-grammar.ts';
import { Random } from '../../support/random.ts';
import type { RawClient } from '../../support/raw-client.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { connectTo } from '../actors.ts';
import { differences, stateOf } from '../model.ts';
import { ModelledClient } from '../modelled-client.ts';
import { Process } from '../process.ts';
import { workloadGrammars } from '../workload.ts';
import { CHAOS_DATABASES, ChaosClient, chaosGrammars } from './chaos-client.ts';
import { FlushingWorkload } from './flushing-workload.ts';
import { BALLAST_DATABASE, interfere } from './interference.ts';
import { MemoryWatch } from './memory-bound.ts';
import { MISBEHAVIOURS, MisbehavingClient } from './misbehaving-clients.ts';

const MODELLED_DATABASES = [9, 10, 11];
const CHAOS_CLIENTS = 2;
const ROUND_MS = 4_000;
const MAX_IDLE_MS = 400;
const OPTIONS = [
  ...['--databases', '16', '--auto-aof-rewrite-min-size', '4mb', '--wal-max-size-mb', '4'],
  ...['--maxmemory-clients', '64mb', '--proto-max-bulk-len', '512mb'],
  ...['--client-output-buffer-limit', 'normal', '32mb', '8mb', '10'],
  ...['--client-output-buffer-limit', 'pubsub', '32mb', '8mb', '10'],
];

/** How long a soak is, and how it begins. */
export interface SoakOptions {
  readonly seconds: number;
  /** From one kill to the next. */
  readonly secondsOfALife: number;
  readonly seed: number;
}

/** What a soak came to. */
export interface SoakReport {
  rounds: number;
  restarts: number;
  /** Steps of the modelled client whose replies were compared, and FLUSHALLs among them. */
  steps: number;
  flushes: number;
  bursts: number;
  damagedBursts: number;
  replies: number;
  misbehaving: Record<string, number>;
  interferences: Record<string, number>;
  /** Resident memory at the most, and what was allowed in that life, in bytes. */
  memory: { peakBytes: number; limitBytes: number }[];
  /** Of each life, in ms. */
  longestPingMs: number[];
}

/**
 * Soaks a server.
 * @throws Error that says what was wrong; the server's directory is left then
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const directory = temporaryDirectory();
  const oracleDirectory = temporaryDirectory();
  const flags = ['--databases', '16', '--appendonly', 'no'];
  const oracle = await Process.startRedis(oracleDirectory.path, flags);
  const run = new Soak(options, directory.path);
  try {
    const report = await run.all(oracle.port);
    directory.remove();
    return report;
  } catch (error) {
    const place = `SYNAP_SEED=${options.seed}, ${directory.path}`;
    throw new Error(`${place}: ${error}\n${run.serverOutput}`, { cause: error });
  } finally {
    await run.close();
    await oracle.kill();
    oracleDirectory.remove();
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #directory: string;
  readonly #random: Random;
  readonly #report: SoakReport = {
    ...{ rounds: 0, restarts: 0, steps: 0, flushes: 0, bursts: 0, damagedBursts: 0, replies: 0 },
    ...{ misbehaving: {}, interferences: {}, memory: [], longestPingMs: [] },
  };
  #grammars: CommandGrammar[] = [];
  #server: Process | undefined;
  #modelled: ModelledClient | undefined;
  #workload: FlushingWorkload | undefined;

  constructor(options: SoakOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#random = new Random(options.seed);
  }

  get serverOutput(): string {
    return this.#server?.output.slice(-4_000) ?? '';
  }

  async all(oraclePort: number): Promise<SoakReport> {
    const endMs = Date.now() + this.#options.seconds * 1_000;
    let server = await this.#start();
    await this.#prepare(server, oraclePort);
    for (;;) {
      await this.#live(server, Math.min(endMs, Date.now() + this.#options.secondsOfALife * 1_000));
      server = await this.#restart(server);
      if (Date.now() >= endMs) break;
    }
    await server.stop();
    this.#report.steps = this.#modelled?.compared ?? 0;
    this.#report.flushes = this.#workload?.flushes ?? 0;
    return this.#report;
  }

  async close(): Promise<void> {
    await this.#modelled?.close();
    await this.#server?.kill();
  }

  async #start(): Promise<Process> {
    this.#server = await Process.start(this.#directory, OPTIONS);
    return this.#server;
  }

  async #prepare(server: Process, oraclePort: number): Promise<void> {
    const control = await connectTo(server.port);
    this.#grammars = await readGrammars(control, await readCommandNames(control));
    const valid = await workloadGrammars(control);
    await control.close();
    this.#workload = new FlushingWorkload(this.#newRandom(), valid, MODELLED_DATABASES);
    this.#modelled = await ModelledClient.create(oraclePort, this.#newRandom(), this.#workload);
  }

  /** From a start until shortly before the kill. */
  async #live(server: Process, endMs: number): Promise<void> {
    const memory = new MemoryWatch(server.pid);
    const pinger = await startPinger(server.port);
    const grammars = chaosGrammars(this.#grammars);
    const chaos = Array.from(
      { length: CHAOS_CLIENTS },
      () => new ChaosClient(this.#newRandom(), grammars),
    );
    const misbehaving = MISBEHAVIOURS.map((kind) => new MisbehavingClient(kind, this.#newRandom()));
    const others = [...chaos, ...misbehaving];
    const working = Promise.all(others.map((client) => client.work(server.port)));
    try {
      await Promise.race([this.#rounds(server, endMs), working]);
    } finally {
      for (const client of others) client.stop();
      await working;
      memory.stop();
    }
    await this.#judge(server, memory, pinger);
    for (const client of chaos) {
      this.#report.bursts += client.bursts;
      this.#report.damagedBursts += client.damaged;
      this.#report.replies += client.replies;
    }
    for (const { kind, connections } of misbehaving) {
      add(this.#report.misbehaving, kind.name, connections);
    }
  }

  async #judge(server: Process, memory: MemoryWatch, pinger: Pinger): Promise<void> {
    const control = await connectTo(server.port);
    const { maxMs } = await pinger.report();
    await pinger.stop();
    const limitBytes = await memory.limitBytes(control);
    this.#report.memory.push({ peakBytes: memory.peakBytes, limitBytes });
    this.#report.longestPingMs.push(maxMs);
    await control.close();
  }

  /** Has the modelled client work, and compares, again and again. */
  async #rounds(server: Process, endMs: number): Promise<void> {
    const modelled = this.#modelled;
    if (modelled === undefined) throw new Error('not prepared');
    const control = await connectTo(server.port);
    const operator = await connectTo(server.port);
    await operator.command('SELECT', String(BALLAST_DATABASE));
    while (Date.now() < endMs) {
      await modelled.begin(server.port);
      const roundEndMs = Date.now() + ROUND_MS;
      while (Date.now() < roundEndMs) {
        await sleep(this.#random.integer(0, MAX_IDLE_MS));
        add(this.#report.interferences, await interfere(operator, this.#random), 1);
      }
      // Everything that it had run until now is all that it will have.
      await control.command('CLIENT', 'KILL', 'ID', String(modelled.connectionId));
      await modelled.ended();
      await modelled.verify(control);
      this.#report.rounds++;
    }
    await operator.close();
    await control.close();
  }

  /** Kills the server and starts it again: it holds the same. */
  async #restart(server: Process): Promise<Process> {
    const before = await this.#wholeState(server);
    await server.kill();
    const next = await this.#start();
    this.#report.restarts++;
    const lines = differences(before, await this.#wholeState(next));
    if (lines.length > 0) throw new Error(`after a restart: ${lines.slice(0, 8).join('; ')}`);
    return next;
  }

  async #wholeState(server: Process): ReturnType<typeof stateOf> {
    const control: RawClient = await connectTo(server.port);
    const chaos = await stateOf(control, CHAOS_DATABASES, 'most');
    const modelled = await stateOf(control, MODELLED_DATABASES);
    await control.close();
    return new Map([...chaos, ...modelled]);
  }

  #newRandom(): Random {
    return new Random(this.#random.integer(0, 0x7fffffff));
  }
}

function add(counts: Record<string, number>, name: string, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}
