// Five kinds of clients that no server wants: each keeps one or a few connections at a time, for a
// few seconds, and goes without a word. What a server keeps for them is bounded by its limits.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeCommand } from '../../support/command-line.ts';
import type { Random } from '../../support/random.ts';

const MiB = 1024 * 1024;
const MIN_STAY_MS = 200;
const MAX_STAY_MS = 3_000;
const CHURN = 20;

/** A way to misbehave: sends what it likes over an open connection that is cut soon. */
export interface Misbehaviour {
  readonly name: string;
  /** How many connections at a time. */
  readonly connections: number;
  readonly reads: boolean;
  send(socket: Socket, random: Random): void;
}

/** All five. */
export const MISBEHAVIOURS: readonly Misbehaviour[] = [
  { name: 'asks and never reads', connections: 1, reads: false, send: askMuch },
  { name: 'sends half of large requests', connections: 2, reads: true, send: sendHalf },
  { name: 'has the server keep state', connections: 2, reads: true, send: hoard },
  { name: 'comes with nonsense and goes', connections: CHURN, reads: false, send: sendNonsense },
  { name: 'follows everything and never reads', connections: 2, reads: false, send: follow },
];

/** Misbehaves until it is stopped. */
export class MisbehavingClient {
  readonly kind: Misbehaviour;
  /** Connections that were opened. */
  connections = 0;
  readonly #random: Random;
  #stopped = false;

  constructor(kind: Misbehaviour, random: Random) {
    this.kind = kind;
    this.#random = random;
  }

  async work(port: number): Promise<void> {
    while (!this.#stopped) {
      const sockets: Socket[] = [];
      for (let i = 0; i < this.kind.connections; i++) sockets.push(this.#open(port));
      await sleep(this.#random.integer(MIN_STAY_MS, MAX_STAY_MS));
      for (const socket of sockets) socket.resetAndDestroy();
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  #open(port: number): Socket {
    this.connections++;
    const socket = connect({ port, host: '127.0.0.1' });
    // That the server closes it, in any way, is what it should do.
    socket.on('error', () => {});
    if (this.kind.reads) socket.resume();
    else socket.pause();
    socket.once('connect', () => this.kind.send(socket, this.#random));
    return socket;
  }
}

function askMuch(socket: Socket, random: Random): void {
  const value = Buffer.alloc(random.integer(1, 256) * 1024, 'v');
  const question = random.chance(0.5)
    ? encodeCommand(['ECHO', value])
    : encodeCommand(['COMMAND', 'DOCS']);
  for (let i = random.integer(50, 200); i > 0; i--) socket.write(question);
}

function sendHalf(socket: Socket, random: Random): void {
  const head = random.pick([
    '*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$500000000\r\n',
    '*1000000\r\n$3\r\nDEL\r\n',
    '*2\r\n$4\r\nECHO\r\n$100000000\r\n',
    '*1000\r\n$4\r\nMGET\r\n',
    'SET inline ',
  ]);
  socket.write(head);
  socket.write(Buffer.alloc(random.integer(1, 4 * MiB), 'x'));
}

/** Each way begins some thousands of things that last as long as the connection. */
function hoard(socket: Socket, random: Random): void {
  const count = random.integer(1_000, 20_000);
  const name = (i: number) => `kept:${i}:${'n'.repeat(i % 50)}`;
  const names = Array.from({ length: count }, (_, i) => name(i));
  const way = random.integer(0, 5);
  if (way === 0) {
    socket.write(encodeCommand(['MULTI']));
    for (const key of names) socket.write(encodeCommand(['SET', key, key]));
  } else if (way === 1) socket.write(encodeCommand(['SUBSCRIBE', ...names]));
  else if (way === 2) socket.write(encodeCommand(['PSUBSCRIBE', ...names.map((n) => `*${n}*`)]));
  else if (way === 3) socket.write(encodeCommand(['WATCH', ...names]));
  else if (way === 4) socket.write(encodeCommand(['BLPOP', ...names, '0']));
  else {
    // No prefix may begin with another one: PREFIX is refused then.
    const prefixes = names.slice(0, 1_000).flatMap((_, i) => ['PREFIX', `p${i}:`]);
    socket.write(encodeCommand(['HELLO', '3']));
    socket.write(encodeCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', ...prefixes]));
  }
}

function sendNonsense(socket: Socket, random: Random): void {
  const nonsense = random.pick([
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    '*-5\r\n*9999999999\r\n',
    '*1\r\n$-7\r\n',
    '\r\n\r\n\r\n',
    '"unbalanced\r\n',
    '',
  ]);
  socket.write(Buffer.from(nonsense, 'latin1'));
  const noise = Buffer.alloc(random.integer(1, 2_000));
  for (let i = 0; i < noise.length; i++) noise[i] = random.integer(0, 255);
  socket.write(noise);
}

function follow(socket: Socket, random: Random): void {
  const ways = [['MONITOR'], ['PSUBSCRIBE', '*'], ['SUBSCRIBE', '__keyevent@0__:set']];
  socket.write(encodeCommand(['HELLO', '3']));
  if (random.chance(0.5)) socket.write(encodeCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST']));
  socket.write(encodeCommand(random.pick(ways)));
}
