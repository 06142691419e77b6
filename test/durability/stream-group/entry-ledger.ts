// What clients know of each entry of a stream that a group reads: whether it came to one of them, and whether they have
// acknowledged it. An XACK whose reply never came may have counted, or not.

/** Entries have the numbers from 1 on. Moments are numbers that only grow. */
export class EntryLedger {
  /** Entries that an answered XACK was about. */
  acknowledged = 0;
  /** The last entry that came as a new one. */
  lastNew = 0;
  /** Ids in answered XACKs that the server had not known as acknowledged, and ids in those not answered. */
  counted = 0;
  uncertain = 0;
  readonly #isNew: Uint8Array;
  readonly #deliveries: Uint8Array;
  readonly #isSent: Uint8Array;
  /** The moment at which an XACK was answered; 0 for none. */
  readonly #answeredAt: Uint32Array;
  #moment = 0;

  /** @param entries the largest number of an entry */
  constructor(entries: number) {
    this.#isNew = new Uint8Array(entries + 1);
    this.#deliveries = new Uint8Array(entries + 1);
    this.#isSent = new Uint8Array(entries + 1);
    this.#answeredAt = new Uint32Array(entries + 1);
  }

  /** This moment, which is none of before. */
  now(): number {
    return ++this.#moment;
  }

  /**
   * An entry came.
   * @param askedAt when its command was sent
   * @param kind 'new' comes once, 'own' is an entry of the consumer's, which others may have, too
   * @throws Error when it cannot have come
   */
  came(number: number, askedAt: number, kind: 'new' | 'claimed' | 'own'): void {
    const answeredAt = this.#answeredAt[number];
    if (answeredAt !== 0 && answeredAt < askedAt) {
      throw new Error(`entry ${number} came (${kind}) though it had been acknowledged`);
    }
    if (kind === 'own') return;
    this.#deliveries[number]++;
    if (kind === 'claimed') return;
    if (this.#isNew[number] === 1) throw new Error(`entry ${number} came as a new one twice`);
    this.#isNew[number] = 1;
    this.lastNew = Math.max(this.lastNew, number);
  }

  /** An XACK is sent. */
  acknowledging(numbers: readonly number[]): void {
    for (const number of numbers) this.#isSent[number] = 1;
    this.uncertain += numbers.length;
  }

  /**
   * It was answered.
   * @throws Error when fewer counted than must, or more than there are
   */
  answered(numbers: readonly number[], count: number): void {
    const at = this.now();
    if (!(count <= numbers.length)) throw new Error(`XACK of ${numbers.length}: ${count}`);
    for (const number of numbers) {
      if (this.#answeredAt[number] !== 0) continue;
      this.#answeredAt[number] = at;
      this.acknowledged++;
    }
    this.counted += count;
    this.uncertain -= numbers.length;
  }

  /**
   * Compares entries with what is pending now that no XACK is on its way.
   * @param last the last entry that was given to the group
   * @param pending how often each pending entry was delivered, by the server
   * @throws Error that names the first one that differs
   */
  verify(last: number, pending: ReadonlyMap<number, number>): void {
    for (let number = 1; number < this.#isSent.length; number++) {
      const deliveries = pending.get(number);
      const isPending = deliveries !== undefined;
      if (isPending && this.#answeredAt[number] !== 0) {
        throw new Error(`entry ${number} is pending though it was acknowledged`);
      }
      if (isPending !== number <= last && this.#isSent[number] === 0) {
        throw new Error(`entry ${number} of ${last} ${isPending ? 'is' : 'is not'} pending`);
      }
      if (isPending && deliveries < this.#deliveries[number]) {
        throw new Error(
          `entry ${number}: ${deliveries} deliveries, not ${this.#deliveries[number]}`,
        );
      }
    }
  }
}
