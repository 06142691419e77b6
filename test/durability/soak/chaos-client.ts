// A client that sends anything: bursts of commands of the whole table, as valid as a random
// generator makes them, and in a third of them bytes that were changed, lost or doubled on the way.
// Nobody knows what its databases hold then; what it gets must be whole replies, always.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandGrammar } from '../../support/command-grammar.ts';
import { encodeCommand } from '../../support/command-line.ts';
import type { Random } from '../../support/random.ts';
import { CommandGenerator } from '../../support/random-commands.ts';
import { RawClient } from '../../support/raw-client.ts';

/** Its databases. */
export const CHAOS_DATABASES = [0, 1, 2];
const DAMAGED_SHARE = 0.3;
const MAX_BURST = 40;
const MAX_BURSTS = 40;
const MAX_PAUSE_MS = 20;
/** Longer than a connection lives: nothing here waits for a certain reply. */
const TIMEOUT_MS = 120_000;

/** Commands that are not sent, and why. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['shutdown', 'ends the server'],
  ['failover', 'needs other servers'],
  ['migrate', 'needs another server'],
  ['replicaof', 'needs another server'],
  ['slaveof', 'needs another server'],
  ['flushall', 'concerns the databases of others'],
  ['config|set', 'chosen values are set by the test itself'],
  ['config|rewrite', 'there is no configuration file'],
  ['client|kill', 'concerns the connections of others'],
  ['client|pause', 'stops those whose replies are waited for'],
  ['client|no-evict', 'clients that keep too much must be evictable'],
  ['monitor', 'has a client of its own'],
]);
/** Not in damaged bursts: a changed byte would lead to databases of others. */
const NAMES_DATABASES = new Set(['select', 'swapdb', 'move', 'copy']);

/** What this client may send. */
export function chaosGrammars(grammars: readonly CommandGrammar[]): CommandGrammar[] {
  return grammars.filter(({ name, words }) => !LEFT_OUT.has(name) && words[0] !== 'debug');
}

/** See the head of this file. */
export class ChaosClient {
  /** Bursts that were sent, and of these the damaged ones; replies that came. */
  bursts = 0;
  damaged = 0;
  replies = 0;
  readonly #random: Random;
  readonly #valid: CommandGenerator;
  readonly #damageable: CommandGenerator;
  #stopped = false;

  /** @param grammars of `chaosGrammars` */
  constructor(random: Random, grammars: readonly CommandGrammar[]) {
    this.#random = random;
    const alike = () => 1;
    const local = grammars.filter(({ name }) => !NAMES_DATABASES.has(name));
    this.#valid = new CommandGenerator(random, grammars, alike, CHAOS_DATABASES);
    this.#damageable = new CommandGenerator(random, local, alike, CHAOS_DATABASES);
  }

  /**
   * Works, with one connection after another, until it is stopped.
   * @throws Error when the server does not take a connection, or sends something that is no reply
   */
  async work(port: number): Promise<void> {
    while (!this.#stopped) {
      const client = await RawClient.connect(port, TIMEOUT_MS);
      const reading = client.read(Number.POSITIVE_INFINITY);
      for (let left = this.#random.integer(1, MAX_BURSTS); left > 0; left--) {
        if (client.closed || this.#stopped) break;
        client.send(this.#burst(), 'a burst');
        await sleep(this.#random.integer(0, MAX_PAUSE_MS));
      }
      await client.close();
      this.replies += (await reading).replies.length;
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  #burst(): Buffer {
    this.bursts++;
    const isDamaged = this.#random.chance(DAMAGED_SHARE);
    const generator = isDamaged ? this.#damageable : this.#valid;
    const count = this.#random.integer(1, MAX_BURST);
    const bytes = Buffer.concat(
      Array.from({ length: count }, () => encodeCommand(generator.next().args)),
    );
    if (!isDamaged) return bytes;
    this.damaged++;
    return this.#damage(bytes);
  }

  #damage(bytes: Buffer): Buffer {
    const at = this.#random.integer(0, bytes.length - 1);
    switch (this.#random.integer(0, 4)) {
      case 0:
        return bytes.subarray(0, at);
      case 1:
        bytes[at] ^= 1 << this.#random.integer(0, 7);
        return bytes;
      case 2:
        bytes[at] = this.#random.integer(0, 255);
        return bytes;
      case 3:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      default:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at / 2)]);
    }
  }
}
