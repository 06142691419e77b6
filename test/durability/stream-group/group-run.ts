// A stream that is written to its end while many consumers of one group read it (group-consumer.ts), and a server that
// is killed in between. What was answered of each entry is compared with what there is after each start.
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../support/random.ts';
import type { RawClient } from '../../support/raw-client.ts';
import { fieldOf, itemsOf, type Reply, textOf } from '../../support/reply-frames.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { connectTo } from '../actors.ts';
import { ask } from '../model.ts';
import { Process } from '../process.ts';
import { EntryLedger } from './entry-ledger.ts';
import {
  fieldsOf,
  GROUP,
  GroupConsumer,
  type GroupState,
  KEY,
  readEntry,
} from './group-consumer.ts';

const OPTIONS = ['--appendfsync', 'always', '--wal-max-size-mb', '16'];
const MAX_BURST = 500;
/** In so many of the kills, the log is being rewritten. */
const REWRITE_SHARE = 0.5;
const MAX_REWRITE_MS = 50;
const ASK_MS = 10;
/** Entries that are read at once, in the end. */
const PAGE = 1000;

/** What is run. */
export interface GroupLoad {
  readonly entries: number;
  readonly consumers: number;
  /** How often the server is killed before the end. */
  readonly kills: number;
  readonly seed: number;
}

/** What it came to. */
export interface GroupReport {
  readonly kills: number;
  readonly seconds: number;
  readonly consumers: number;
  readonly crashes: number;
  readonly claimed: number;
  /** What the replies to XACK come to, and ids of those that were not answered. */
  readonly acknowledged: number;
  readonly uncertain: number;
  /** Entries that were pending after each kill. */
  readonly pending: readonly number[];
}

/**
 * Runs it; see the head of this file.
 * @throws Error that says what was lost, or came again; the server's directory is left then
 */
export async function runGroup(load: GroupLoad): Promise<GroupReport> {
  const directory = temporaryDirectory();
  try {
    const report = await new GroupRun(load, directory.path).all();
    directory.remove();
    return report;
  } catch (error) {
    throw new Error(`SYNAP_SEED=${load.seed}, ${directory.path}: ${error}`, { cause: error });
  }
}

class GroupRun {
  readonly #load: GroupLoad;
  readonly #directory: string;
  readonly #random: Random;
  readonly #state: GroupState;
  readonly #consumers: readonly GroupConsumer[];
  readonly #pending: number[] = [];
  /** The last entry that was sent, and that was answered. */
  #sent = 0;
  #added = 0;

  constructor(load: GroupLoad, directory: string) {
    this.#load = load;
    this.#directory = directory;
    this.#random = new Random(load.seed);
    const ledger = new EntryLedger(load.entries);
    this.#state = { ledger, isDone: false, names: 0, crashes: 0, claimed: 0 };
    this.#consumers = Array.from(
      { length: load.consumers },
      () => new GroupConsumer(this.#state, this.#random.integer(0, 0x7fffffff)),
    );
  }

  async all(): Promise<GroupReport> {
    const startMs = Date.now();
    let server = await this.#start();
    await withClient(server, (client) =>
      client.command('XGROUP', 'CREATE', KEY, GROUP, '0', 'MKSTREAM'),
    );
    const { entries, kills } = this.#load;
    for (let kill = 0; kill < kills; kill++) {
      const share = (kill + this.#random.next()) / kills;
      await this.#workUntilKill(server, Math.floor(0.9 * share * entries));
      server = await this.#start();
      this.#pending.push(await this.#verify(server));
    }
    await this.#workToEnd(server);
    await this.#verifyEnd(server);
    await server.stop();
    server = await this.#start();
    await this.#verifyEnd(server);
    await withClient(server, (client) => this.#verifyEntries(client));
    await server.stop();
    const { ledger, names, crashes, claimed } = this.#state;
    const seconds = Math.round((Date.now() - startMs) / 1_000);
    const acknowledged = { acknowledged: ledger.counted, uncertain: ledger.uncertain };
    const counts = { kills, seconds, consumers: names, crashes, claimed };
    return { ...counts, ...acknowledged, pending: this.#pending };
  }

  #start(): Promise<Process> {
    return Process.start(this.#directory, OPTIONS);
  }

  /** Resolves when the server has gone, or everything is done. */
  #work({ port }: Process): Promise<unknown> {
    return Promise.all([
      this.#produce(port),
      ...this.#consumers.map((consumer) => consumer.work(port)),
    ]);
  }

  async #workUntilKill(server: Process, acknowledged: number): Promise<void> {
    const working = this.#work(server);
    await Promise.race([working, this.#acknowledged(acknowledged)]);
    if (this.#random.chance(REWRITE_SHARE)) {
      await withClient(server, (client) => client.command('BGREWRITEAOF'));
      await sleep(this.#random.integer(0, MAX_REWRITE_MS));
    }
    await server.kill();
    await working;
  }

  async #acknowledged(count: number): Promise<void> {
    while (this.#state.ledger.acknowledged < count) await sleep(ASK_MS);
  }

  async #workToEnd(server: Process): Promise<void> {
    const working = this.#work(server);
    const isEmptied = async (client: RawClient) => {
      while (!(await this.#isEmptied(client))) await sleep(ASK_MS);
    };
    await withClient(server, (client) => Promise.race([working, isEmptied(client)]));
    this.#state.isDone = true;
    await working;
  }

  async #isEmptied(client: RawClient): Promise<boolean> {
    const [group] = itemsOf(await client.command('XINFO', 'GROUPS', KEY));
    const isRead = field(group, 'last-delivered-id') === `${this.#load.entries}-0`;
    return isRead && field(group, 'pending') === '0';
  }

  /** Adds the entries that are not there yet, in bursts; ends when the server has gone, too. */
  async #produce(port: number): Promise<void> {
    const client = await connectTo(port);
    const { entries } = this.#load;
    while (this.#sent < entries) {
      const count = Math.min(entries - this.#sent, this.#random.integer(1, MAX_BURST));
      for (let i = 0; i < count; i++) {
        const number = ++this.#sent;
        client.sendCommand(['XADD', KEY, `${number}-0`, ...fieldsOf(number)]);
      }
      const { replies, closed } = await client.read(count);
      for (const reply of replies) {
        this.#added++;
        if (textOf(reply) === `${this.#added}-0`) continue;
        throw new Error(`XADD of ${this.#added}: ${textOf(reply)}`);
      }
      if (closed) return;
    }
    await client.close();
  }

  /** Compares what there is after a kill with what is known; returns how many entries are pending. */
  async #verify(server: Process): Promise<number> {
    return withClient(server, async (client) => {
      const [stream, groups, range, summary, consumers] = await ask(client, [
        ['XINFO', 'STREAM', KEY],
        ['XINFO', 'GROUPS', KEY],
        ['XPENDING', KEY, GROUP, '-', '+', String(this.#load.entries)],
        ['XPENDING', KEY, GROUP],
        ['XINFO', 'CONSUMERS', KEY, GROUP],
      ]);
      const length = Number(field(stream, 'length'));
      if (length < this.#added || length > this.#sent) {
        throw new Error(`${length} entries: ${this.#added} answered, ${this.#sent} sent`);
      }
      expectField(stream, 'last-generated-id', `${length}-0`);
      expectField(stream, 'entries-added', String(length));
      this.#added = length;
      this.#sent = length;
      const [group] = itemsOf(groups);
      const last = Number.parseInt(field(group, 'last-delivered-id'), 10);
      const { lastNew } = this.#state.ledger;
      if (last < lastNew || last > length) throw new Error(`${last} is last, ${lastNew} came`);
      expectField(group, 'entries-read', String(last));
      expectField(group, 'lag', String(length - last));
      const pending = new Map<number, number>();
      for (const entry of itemsOf(range)) {
        const [id, , , deliveries] = itemsOf(entry).map(textOf);
        pending.set(Number.parseInt(id, 10), Number(deliveries));
      }
      this.#state.ledger.verify(last, pending);
      expectField(group, 'pending', String(pending.size));
      const ofConsumers = itemsOf(consumers).map((consumer) => Number(field(consumer, 'pending')));
      const counts = [
        textOf(itemsOf(summary)[0]),
        String(ofConsumers.reduce((sum, count) => sum + count, 0)),
      ];
      if (counts.some((count) => count !== String(pending.size))) {
        throw new Error(`${pending.size} entries are pending, and counted as ${counts}`);
      }
      return pending.size;
    });
  }

  /** Everything is there, and nothing is pending. */
  async #verifyEnd(server: Process): Promise<void> {
    const pending = await this.#verify(server);
    if (pending === 0 && this.#added === this.#load.entries) return;
    throw new Error(`${pending} are pending, of ${this.#added}`);
  }

  /** Each entry has its fields, and there are no others. */
  async #verifyEntries(client: RawClient): Promise<void> {
    let last = 0;
    for (;;) {
      const page = ['XRANGE', KEY, `(${last}-0`, '+', 'COUNT', String(PAGE)];
      const entries = itemsOf(await client.command(...page));
      if (entries.length === 0) break;
      for (const entry of entries) {
        if (readEntry(entry) !== ++last) throw new Error(`entry ${last} is not there`);
      }
    }
    if (last !== this.#load.entries) throw new Error(`there are ${last} entries`);
  }
}

async function withClient<T>(server: Process, use: (client: RawClient) => Promise<T>): Promise<T> {
  const client = await connectTo(server.port);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function field(reply: Reply, name: string): string {
  const value = fieldOf(reply, name);
  if (value === undefined) throw new Error(`there is no ${name}: ${textOf(reply)}`);
  return textOf(value);
}

function expectField(reply: Reply, name: string, expected: string): void {
  const found = field(reply, name);
  if (found !== expected) throw new Error(`${name} is ${found}, not ${expected}`);
}
