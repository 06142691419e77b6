// Floods: one client that has the server keep more and more of one kind of state, as fast as it can, until
// it is refused, closed, or has sent all that it was to send. Beside it another client is answered.
import { connect, type Socket } from 'node:net';
import type { RawClient } from '../support/raw-client.ts';
import { isFullTier } from '../support/tier.ts';

/** How a flood ends. */
export type FloodOutcome = 'done' | 'refused' | 'closed';

/** What a flood consists of. */
interface Source {
  /** Settings that others make before. */
  readonly settings?: readonly (readonly string[])[];
  /** What the client sends first. */
  readonly opening?: string;
  /** What it sends in a round. */
  readonly round: (names: Names, round: number) => string | Buffer;
  readonly rounds: number;
  /** What the bystander does in a round. */
  readonly beside?: readonly string[];
  /** Whether it does not read what it is answered. */
  readonly isDeaf?: boolean;
  /** What others send before who read what comes. */
  readonly listeners?: readonly string[];
}

/** Names that did not occur before. */
class Names {
  #count = 0;

  next(prefix = 'name'): string {
    return `${prefix}:${String(this.#count++).padStart(10, '0')}`;
  }

  several(count: number, prefix?: string): string[] {
    return Array.from({ length: count }, () => this.next(prefix));
  }
}

function command(args: readonly string[]): string {
  let text = `*${args.length}\r\n`;
  for (const arg of args) text += `$${arg.length}\r\n${arg}\r\n`;
  return text;
}

function commands(count: number, args: () => readonly string[]): string {
  let text = '';
  for (let i = 0; i < count; i++) text += command(args());
  return text;
}

const MB = 1_000_000;
/** An argument from which no text can be made on such a heap. */
const HUGE_BYTES = (isFullTier ? 300 : 60) * MB;
/** Rounds of small commands: enough of them to exceed the heap if each name took 900 bytes of it. */
const ROUNDS = isFullTier ? 1000 : 150;

/** Names in one command. */
const NAMES = isFullTier ? 1_000_000 : 500_000;

/** Messages of one command: if each took 500 bytes of the heap, it were full. */
const MESSAGES = isFullTier ? 1_000_000 : 50_000;

const SOURCES = {
  MULTI: {
    opening: command(['MULTI']),
    round: (names) => commands(1000, () => ['SET', names.next('key'), 'a value of some length']),
    // A million commands.
    rounds: isFullTier ? 1000 : 200,
  },
  SUBSCRIBE: {
    round: (names) => commands(100, () => ['SUBSCRIBE', ...names.several(10)]),
    rounds: ROUNDS,
  },
  'SUBSCRIBE at once': {
    round: (names) => command(['SUBSCRIBE', ...names.several(NAMES)]),
    rounds: 1,
  },
  PSUBSCRIBE: {
    round: (names) => commands(50, () => ['PSUBSCRIBE', ...names.several(10, 'pattern*')]),
    rounds: ROUNDS,
  },
  SSUBSCRIBE: {
    round: (names) => commands(100, () => ['SSUBSCRIBE', ...names.several(10)]),
    rounds: ROUNDS,
  },
  WATCH: {
    round: (names) => commands(100, () => ['WATCH', ...names.several(10)]),
    rounds: ROUNDS * 2,
  },
  'WATCH at once': {
    round: (names) => command(['WATCH', ...names.several(NAMES)]),
    rounds: 1,
  },
  'BCAST prefixes': {
    opening: command(['HELLO', '3']),
    round: (names) => {
      const prefixes = names.several(1000).flatMap((name) => ['PREFIX', name]);
      return command(['CLIENT', 'TRACKING', 'on', 'BCAST', ...prefixes]);
    },
    rounds: ROUNDS * 2,
  },
  BLPOP: {
    round: (names) => command(['BLPOP', ...names.several(NAMES), '0']),
    rounds: 1,
  },
  'XREAD BLOCK': {
    round: (names) => {
      const keys = names.several(NAMES / 2);
      return command(['XREAD', 'BLOCK', '0', 'STREAMS', ...keys, ...keys.map(() => '$')]);
    },
    rounds: 1,
  },
  'XREADGROUP BLOCK': {
    settings: [['XGROUP', 'CREATE', 'stream', 'group', '$', 'MKSTREAM']],
    round: () => {
      const keys = Array.from({ length: NAMES / 2 }, () => 'stream');
      const head = ['XREADGROUP', 'GROUP', 'group', 'consumer', 'BLOCK', '0', 'STREAMS'];
      return command([...head, ...keys, ...keys.map(() => '>')]);
    },
    rounds: 1,
  },
  'giant XADD': {
    round: (names) => command(['XADD', 'giant', '*', ...names.several(NAMES)]),
    rounds: 3,
  },
  'giant XCLAIM': {
    settings: [['XGROUP', 'CREATE', 'claimed', 'group', '$', 'MKSTREAM']],
    round: (_, round) => {
      const ids = Array.from({ length: MESSAGES }, (_, i) => `${i + 1}-0`);
      if (round === 0) return ids.map((id) => command(['XADD', 'claimed', id, 'f', 'v'])).join('');
      return (
        command(['XCLAIM', 'claimed', 'group', 'consumer', '0', ...ids, 'FORCE']) +
        command(['XACK', 'claimed', 'group', ...ids])
      );
    },
    rounds: 2,
  },
  names: {
    round: () => command(['CLIENT', 'SETNAME', 'x'.repeat(HUGE_BYTES)]),
    rounds: 1,
  },
  'incomplete argument': {
    opening: '*1\r\n$450000000\r\n',
    round: () => 'x'.repeat(MB),
    rounds: isFullTier ? 400 : 40,
  },
  'incomplete arguments': {
    opening: '*50000000\r\n',
    round: () => '$1\r\na\r\n'.repeat(10_000),
    rounds: isFullTier ? 1000 : 200,
  },
  'unread replies': {
    settings: [['SET', 'big', 'x'.repeat(100_000)]],
    round: () => commands(10, () => ['GET', 'big']),
    rounds: 100,
    isDeaf: true,
  },
  'MONITOR unread': {
    opening: command(['MONITOR']),
    round: () => '',
    // The kernel's buffers take 10 MB of it and more.
    rounds: 600,
    beside: ['ECHO', 'x'.repeat(100_000)],
    isDeaf: true,
  },
  'subscriber unread': {
    opening: command(['SUBSCRIBE', 'channel']),
    round: () => '',
    rounds: 300,
    beside: ['PUBLISH', 'channel', 'x'.repeat(100_000)],
    isDeaf: true,
  },
  'slow log': {
    settings: [['CONFIG', 'SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '1000000000']],
    round: () => commands(20, () => ['DEL', ...Array.from({ length: 40 }, () => 'k'.repeat(150))]),
    rounds: ROUNDS,
  },
  'huge settings': {
    round: () => command(['CONFIG', 'SET', 'masteruser', 'x'.repeat(HUGE_BYTES)]),
    rounds: 1,
  },
  'many settings': {
    round: () => command(['CONFIG', 'SET', 'save', `${'1 1 '.repeat(2 * MB)}1 1`]),
    rounds: 3,
  },
  transactions: {
    round: (names) =>
      command(['MULTI']) + commands(100_000, () => ['SET', names.next(), 'v']) + command(['EXEC']),
    rounds: 3,
  },
  'huge subcommands': {
    round: () => command(['CLIENT', 'X'.repeat(HUGE_BYTES)]),
    rounds: 2,
  },
  // One command each that causes messages without number.
  'publishing transaction': {
    listeners: [
      command(['SUBSCRIBE', 'channel']),
      ...Array.from({ length: 8 }, (_, i) => command(['PSUBSCRIBE', `${'?'.repeat(i)}*`])),
    ],
    round: (names) =>
      command(['MULTI']) +
      commands(MESSAGES, () => ['PUBLISH', 'channel', names.next()]) +
      command(['EXEC']),
    rounds: 1,
  },
  'monitored transaction': {
    listeners: Array.from({ length: 4 }, () => command(['MONITOR'])),
    round: (names) =>
      command(['MULTI']) + commands(MESSAGES, () => ['SET', names.next(), 'v']) + command(['EXEC']),
    rounds: 1,
  },
  'tracked keys': {
    opening: command(['HELLO', '3']) + command(['CLIENT', 'TRACKING', 'on']),
    listeners: Array.from({ length: 3 }, () => {
      const keys = Array.from({ length: MESSAGES }, (_, i) => `tracked:${i}`);
      const tracking = command(['HELLO', '3']) + command(['CLIENT', 'TRACKING', 'on']);
      return tracking + command(['MGET', ...keys]);
    }),
    round: (_, round) => {
      const keys = Array.from({ length: MESSAGES }, (_, i) => `tracked:${i}`);
      if (round === 0) return command(['MGET', ...keys]);
      return command(['MSET', ...keys.flatMap((key) => [key, 'v'])]);
    },
    rounds: 2,
  },
  'followed keys': {
    opening: command(['HELLO', '3']) + command(['CLIENT', 'TRACKING', 'on', 'BCAST']),
    listeners: [command(['HELLO', '3']) + command(['CLIENT', 'TRACKING', 'on', 'BCAST'])],
    round: (names) =>
      command(['MULTI']) +
      commands(MESSAGES, () => ['SET', names.next('followed'), 'v']) +
      command(['EXEC']),
    rounds: 1,
  },
  'silent subscriptions': {
    opening: command(['CLIENT', 'REPLY', 'OFF']),
    round: (names) => command(['SUBSCRIBE', ...names.several(100_000)]),
    rounds: 1,
  },
} satisfies Record<string, Source>;

export type FloodKind = keyof typeof SOURCES;

async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** A client that sends something, and reads what comes, to forget it. Its first answer is there. */
async function openListener(port: number, opening: string): Promise<Socket> {
  const socket = await openSocket(port);
  socket.on('error', () => {});
  const isAnswered = new Promise((resolve) => socket.once('data', resolve));
  socket.write(opening);
  await isAnswered;
  socket.resume();
  return socket;
}

/** One flood; see the head of this file. */
export class Flood {
  readonly #source: Source;
  readonly #socket: Socket;
  #isClosed = false;
  #isRefused = false;
  #received = '';

  private constructor(source: Source, socket: Socket) {
    this.#source = source;
    this.#socket = socket;
    socket.on('close', () => {
      this.#isClosed = true;
    });
    // A reset always ends in 'close'.
    socket.on('error', () => {});
    if (source.isDeaf) return;
    socket.on('data', (chunk: Buffer) => {
      // A refusal may be cut in two.
      this.#received = this.#received.slice(-20) + chunk.toString('latin1');
      if (this.#received.includes('-OOM ')) this.#isRefused = true;
    });
  }

  /** Floods a server; resolves with how it ended. */
  static async run(
    kind: FloodKind,
    port: number,
    bystander: RawClient,
    rounds?: number,
  ): Promise<FloodOutcome> {
    const source: Source = SOURCES[kind];
    for (const setting of source.settings ?? []) await bystander.command(...setting);
    const listeners: Socket[] = [];
    for (const opening of source.listeners ?? []) listeners.push(await openListener(port, opening));
    const socket = await openSocket(port);
    const flood = new Flood(source, socket);
    try {
      return await flood.#run(bystander, rounds ?? source.rounds);
    } finally {
      for (const one of [socket, ...listeners]) one.destroy();
    }
  }

  async #run(bystander: RawClient, rounds: number): Promise<FloodOutcome> {
    const { opening, round, beside } = this.#source;
    const names = new Names();
    if (opening !== undefined) await this.#send(opening);
    for (let i = 0; i < rounds && this.#goesOn; i++) {
      await this.#send(round(names, i));
      if (beside !== undefined) await bystander.command(...beside);
      else if (i % 10 === 0) await bystander.command('PING');
    }
    // What was sent last may take a while.
    for (let i = 0; i < 20 && this.#goesOn; i++) {
      await bystander.command('PING');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (this.#isClosed || !(await this.#isListed(bystander))) return 'closed';
    return this.#isRefused ? 'refused' : 'done';
  }

  /** Whether the server still knows the client: one that does not read is not told when it is closed. */
  async #isListed(bystander: RawClient): Promise<boolean> {
    const { bytes } = await bystander.command('CLIENT', 'LIST');
    return bytes.includes(` addr=127.0.0.1:${this.#socket.localPort} `);
  }

  get #goesOn(): boolean {
    return !this.#isClosed && !this.#isRefused;
  }

  /** Resolves when the system has taken it, or the connection is closed. */
  #send(bytes: string | Buffer): Promise<void> {
    if (bytes.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => resolve());
      if (this.#isClosed) resolve();
    });
  }
}
