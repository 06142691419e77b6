// Ports for programs that a test starts. Asking the system for a port and giving it back has it handed out once more
// before the program listens there, to another test: then one talks to the other's server. These lie below those that
// systems hand out, and no process of the tests uses one twice in a row.
import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 10_000;
/** Linux hands out ports from 32768 on, others from 49152. */
const COUNT = 22_000;

/** Each process begins elsewhere. */
let next = Math.floor(Math.random() * COUNT);

/** A port at which nobody listens on 127.0.0.1. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isFree(port)) return port;
  }
  throw new Error('there is no free port');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
