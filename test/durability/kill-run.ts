// A server that is killed again and again while clients of every kind work, and started again on what
// it left behind: everything that it had answered is there, and nothing in part. The clients go on
// with the same data.
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../support/random.ts';
import type { RawClient } from '../support/raw-client.ts';
import { isError, textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { type Actor, connectTo } from './actors.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';
import { ModelledClient } from './modelled-client.ts';
import { Process } from './process.ts';
import { EqualLists, WatchedNumbers } from './shared-keys.ts';
import { Queue, ShortLived } from './waiting-clients.ts';
import { Workload, workloadGrammars } from './workload.ts';

/** Databases of each modelled client; the others are of the clients that share keys. */
const OWN_DATABASES = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
];
/** How long clients work before a kill. */
const MIN_LOAD_MS = 10;
const MAX_LOAD_MS = 120;
/** In half of the cases the server dies so soon after something else was begun. */
const MAX_SOON_MS = 8;
/** How far a start may get that is cut off. */
const MAX_START_MS = 300;
/** Ends in good order, starts that are cut off, and FLUSHALL, for each kill. */
const STOP_SHARE = 0.05;
const INTERRUPT_SHARE = 0.1;
const FLUSH_SHARE = 0.05;
/** Lists become chunks now and then, and streams several blocks. */
const OPTIONS = [
  ...['--list-max-listpack-size', '4', '--databases', '16'],
  ...['--stream-node-max-entries', '10'],
];
/** The older part of long streams lies in files, which the oracle's does not. */
const OWN_OPTIONS = ['--stream-hot-max-bytes', '1kb'];

/** One series of kills. */
export interface KillOptions {
  readonly name: string;
  /** Flags of the server. */
  readonly options: readonly string[];
  readonly kills: number;
  readonly seed: number;
}

/** What several series came to: to see that the load was what it should be. */
export class KillTally {
  kills = 0;
  /** Commands that change data, and those that came up. */
  readonly writing = new Set<string>();
  readonly called = new Set<string>();
  /** Steps of the modelled clients whose replies were compared. */
  steps = 0;
  /** Transactions of `EqualLists`, and pops of `Queue`, that were answered. */
  transactions = 0;
  pops = 0;
  /** How often a short-lived key had expired when it was used, and had not. */
  expired = 0;
  alive = 0;
  /** How often each disturbance was begun. */
  readonly disturbances = new Map<string, number>();
}

/**
 * Kills a server so many times, beginning without data, and adds to a tally what that came to.
 * @throws Error that tells what was lost and how to repeat it; the server's directory is left then
 */
export async function runKills(options: KillOptions, tally: KillTally): Promise<void> {
  const directory = temporaryDirectory();
  const oracleDirectory = temporaryDirectory();
  const oracle = await Process.start(oracleDirectory.path, [...OPTIONS, '--appendonly', 'no']);
  const run = new KillRun(options, directory.path, oracle.port);
  try {
    await run.all();
    run.addTo(tally);
    directory.remove();
  } catch (error) {
    const place = `kill ${run.kill} of ${options.name}, SYNAP_SEED=${options.seed}`;
    throw new Error(`${place}, ${directory.path}: ${error}`, { cause: error });
  } finally {
    await run.close();
    await oracle.kill();
    oracleDirectory.remove();
  }
}

class KillRun {
  /** Kills so far. */
  kill = 0;
  readonly #options: KillOptions;
  readonly #directory: string;
  readonly #oraclePort: number;
  readonly #random: Random;
  readonly #modelled: ModelledClient[] = [];
  readonly #lists: EqualLists;
  readonly #numbers: WatchedNumbers;
  readonly #queue: Queue;
  readonly #shortLived: ShortLived;
  readonly #disturbances: string[] = [];
  #writing: readonly string[] = [];
  #server: Process | undefined;

  constructor(options: KillOptions, directory: string, oraclePort: number) {
    this.#options = options;
    this.#directory = directory;
    this.#oraclePort = oraclePort;
    this.#random = new Random(options.seed);
    this.#lists = new EqualLists(this.#newRandom(), [9, 10, 11]);
    this.#queue = new Queue(this.#newRandom(), 12);
    this.#numbers = new WatchedNumbers(this.#newRandom(), 13);
    this.#shortLived = new ShortLived(this.#newRandom(), 14);
  }

  async all(): Promise<void> {
    await this.#createModelled();
    while (this.kill < this.#options.kills) await this.#round();
    const server = await this.#start();
    const control = await connectTo(server.port);
    await this.#verify(control);
    await control.close();
    await server.stop();
  }

  /** Adds what this run came to. */
  addTo(tally: KillTally): void {
    tally.kills += this.kill;
    for (const name of this.#writing) tally.writing.add(name);
    for (const { workload, compared } of this.#modelled) {
      for (const name of workload.called) tally.called.add(name);
      tally.steps += compared;
    }
    tally.transactions += this.#lists.answered;
    tally.pops += this.#queue.pops;
    tally.expired += this.#shortLived.expired;
    tally.alive += this.#shortLived.alive;
    for (const name of this.#disturbances) {
      tally.disturbances.set(name, (tally.disturbances.get(name) ?? 0) + 1);
    }
  }

  async close(): Promise<void> {
    await this.#server?.kill();
    for (const client of this.#modelled) await client.close();
  }

  get #actors(): readonly Actor[] {
    return [...this.#modelled, this.#lists, this.#queue, this.#numbers, this.#shortLived];
  }

  async #createModelled(): Promise<void> {
    const control = await connectTo(this.#oraclePort);
    const grammars = await workloadGrammars(control);
    await control.close();
    this.#writing = grammars.filter(({ flags }) => flags.has('write')).map(({ name }) => name);
    for (const databases of OWN_DATABASES) {
      const random = this.#newRandom();
      const workload = new Workload(random, grammars, databases);
      const client = await ModelledClient.create(this.#oraclePort, random, workload);
      this.#modelled.push(client);
    }
  }

  /** From a start to the next kill, or end. */
  async #round(): Promise<void> {
    const server = await this.#start();
    const control = await connectTo(server.port);
    await this.#verify(control);
    if (this.#random.chance(FLUSH_SHARE)) await this.#flush(control);
    await Promise.all(this.#actors.map((actor) => actor.begin(server.port)));
    await this.#disturb(control);
    if (this.#random.chance(STOP_SHARE)) {
      await server.stop();
    } else {
      await server.kill();
      this.kill++;
    }
    await Promise.all(this.#actors.map((actor) => actor.ended()));
    await control.close();
    while (this.#random.chance(INTERRUPT_SHARE)) {
      const afterMs = this.#random.integer(0, MAX_START_MS);
      await Process.interrupt(this.#directory, this.#allOptions, afterMs);
    }
  }

  get #allOptions(): string[] {
    return [...OPTIONS, ...OWN_OPTIONS, ...this.#options.options];
  }

  async #start(): Promise<Process> {
    this.#server = await Process.start(this.#directory, this.#allOptions);
    return this.#server;
  }

  async #verify(control: RawClient): Promise<void> {
    for (const actor of this.#actors) await actor.verify(control);
  }

  async #flush(control: RawClient): Promise<void> {
    await control.command('FLUSHALL');
    for (const actor of this.#actors) await actor.forget();
  }

  /** Waits for the moment to die, with something else begun before. */
  async #disturb(control: RawClient): Promise<void> {
    const disturbance = this.#random.pick(DISTURBANCES);
    const loadMs = this.#random.integer(MIN_LOAD_MS, MAX_LOAD_MS);
    const beforeMs = this.#random.integer(0, loadMs);
    await sleep(beforeMs);
    await this.#begin(disturbance, control);
    const isSoon = this.#random.chance(0.5);
    await sleep(isSoon ? this.#random.integer(0, MAX_SOON_MS) : loadMs - beforeMs);
  }

  async #begin({ name, commands }: Disturbance, control: RawClient): Promise<void> {
    for (const command of commands(this.#random)) {
      const reply = await control.command(...command);
      if (isError(reply)) throw new Error(`${command.join(' ')}: ${textOf(reply)}`);
    }
    this.#disturbances.push(name);
  }

  #newRandom(): Random {
    return new Random(this.#random.integer(0, 0x7fffffff));
  }
}
