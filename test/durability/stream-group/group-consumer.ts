// A consumer of a group that crashes now and then, with entries that it has not acknowledged, or without reading what
// became of its XACK. It comes back as the same one, and goes on with what it had, or as another one.
import { Random } from '../../support/random.ts';
import type { RawClient } from '../../support/raw-client.ts';
import { itemsOf, type Reply, textOf } from '../../support/reply-frames.ts';
import { connectTo, tryCommand } from '../actors.ts';
import type { EntryLedger } from './entry-ledger.ts';

export const KEY = 'events';
export const GROUP = 'workers';
const MAX_COUNT = 60;
const BLOCK_MS = '20';
/** Entries that nobody has acknowledged for so long may be claimed. */
const MIN_IDLE_MS = '300';
const CLAIM_SHARE = 0.05;
const CRASH_SHARE = 0.03;
/** Of the crashes: those that come behind an XACK, and those that come back as the same consumer. */
const LATE_SHARE = 0.5;
const SAME_SHARE = 0.5;

/** What all consumers have in common. */
export interface GroupState {
  readonly ledger: EntryLedger;
  /** Everything is done. */
  isDone: boolean;
  /** Consumers so far. */
  names: number;
  crashes: number;
  /** Entries that XAUTOCLAIM brought. */
  claimed: number;
}

/** The fields and values of an entry. */
export function fieldsOf(number: number): string[] {
  return ['number', String(number).padStart(16), 'negative', String(-number).padStart(16)];
}

/** The number of an entry. @throws Error when it has other fields than it was given */
export function readEntry(entry: Reply): number {
  const [id, fields] = itemsOf(entry);
  const number = Number.parseInt(textOf(id), 10);
  const found = [textOf(id), ...itemsOf(fields).map(textOf)].join();
  if (found === [`${number}-0`, ...fieldsOf(number)].join()) return number;
  throw new Error(`entry ${number} is ${found}`);
}

/** See the head of this file. */
export class GroupConsumer {
  readonly #state: GroupState;
  readonly #random: Random;
  #name = '';
  #cursor = '0-0';

  constructor(state: GroupState, seed: number) {
    this.#state = state;
    this.#random = new Random(seed);
  }

  /**
   * Works until everything is done, or the server has gone.
   * @throws Error when it gets what it should not
   */
  async work(port: number): Promise<void> {
    let outcome: 'crashed' | 'ended' = 'crashed';
    this.#name = '';
    while (outcome === 'crashed') {
      const client = await connectTo(port).catch(() => undefined);
      if (client === undefined) return;
      const isSame = this.#name !== '' && this.#random.chance(SAME_SHARE);
      if (!isSame) this.#name = `consumer:${this.#state.names++}`;
      outcome = await this.#live(client, isSame);
      await client.close();
    }
  }

  async #live(client: RawClient, hasEntries: boolean): Promise<'crashed' | 'ended'> {
    let entries = hasEntries ? await this.#readOwn(client) : [];
    while (entries !== undefined && !this.#state.isDone) {
      if (entries.length > 0) {
        if (this.#random.chance(CRASH_SHARE)) {
          this.#crash(client, entries);
          return 'crashed';
        }
        if (!(await this.#acknowledge(client, entries))) return 'ended';
      }
      const isToClaim = entries.length === 0 || this.#random.chance(CLAIM_SHARE);
      entries = isToClaim ? await this.#claim(client) : await this.#readNew(client);
      if (isToClaim && entries?.length === 0) entries = await this.#readNew(client);
    }
    return 'ended';
  }

  #crash(client: RawClient, entries: readonly number[]): void {
    this.#state.crashes++;
    if (!this.#random.chance(LATE_SHARE)) return;
    this.#state.ledger.acknowledging(entries);
    client.sendCommand(this.#xack(entries));
  }

  async #acknowledge(client: RawClient, entries: readonly number[]): Promise<boolean> {
    this.#state.ledger.acknowledging(entries);
    const reply = await tryCommand(client, ...this.#xack(entries));
    if (reply === undefined) return false;
    this.#state.ledger.answered(entries, numberOf(reply));
    return true;
  }

  #xack(entries: readonly number[]): string[] {
    return ['XACK', KEY, GROUP, ...entries.map((number) => `${number}-0`)];
  }

  /** New entries; undefined when the server has gone. */
  #readNew(client: RawClient): Promise<number[] | undefined> {
    const block = this.#random.chance(0.5) ? ['BLOCK', BLOCK_MS] : [];
    return this.#read(client, '>', block);
  }

  /** What this consumer had when it crashed, of which others may have claimed some. */
  async #readOwn(client: RawClient): Promise<number[] | undefined> {
    return this.#read(client, '0', []);
  }

  async #read(
    client: RawClient,
    from: '>' | '0',
    block: readonly string[],
  ): Promise<number[] | undefined> {
    const askedAt = this.#state.ledger.now();
    const count = String(this.#random.integer(1, MAX_COUNT));
    const head = ['XREADGROUP', 'GROUP', GROUP, this.#name, 'COUNT', count, ...block];
    const reply = await tryCommand(client, ...head, 'STREAMS', KEY, from);
    if (reply === undefined) return undefined;
    if (reply.type === '-') throw new Error(textOf(reply));
    const stream = itemsOf(reply).at(0);
    const entries = stream === undefined ? [] : itemsOf(itemsOf(stream)[1]);
    return this.#take(entries, askedAt, from === '>' ? 'new' : 'own');
  }

  async #claim(client: RawClient): Promise<number[] | undefined> {
    const askedAt = this.#state.ledger.now();
    const count = String(this.#random.integer(1, MAX_COUNT));
    const command = ['XAUTOCLAIM', KEY, GROUP, this.#name, MIN_IDLE_MS, this.#cursor];
    const reply = await tryCommand(client, ...command, 'COUNT', count);
    if (reply === undefined) return undefined;
    const [cursor, entries, deleted] = itemsOf(reply);
    if (itemsOf(deleted).length > 0) throw new Error(`XAUTOCLAIM: ${textOf(reply)}`);
    this.#cursor = textOf(cursor);
    this.#state.claimed += itemsOf(entries).length;
    return this.#take(itemsOf(entries), askedAt, 'claimed');
  }

  #take(
    entries: readonly Reply[],
    askedAt: number,
    kind: Parameters<EntryLedger['came']>[2],
  ): number[] {
    return entries.map((entry) => {
      const number = readEntry(entry);
      this.#state.ledger.came(number, askedAt, kind);
      return number;
    });
  }
}

function numberOf(reply: Reply): number {
  if (reply.type !== ':') throw new Error(textOf(reply));
  return Number(textOf(reply));
}
