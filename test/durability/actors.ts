// What a part of the kill test's load is: clients that know what must be there after a crash.
import type { Random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import type { Reply } from '../support/reply-frames.ts';

/** Generous: a busy machine may take long for a reply. */
const TIMEOUT_MS = 60_000;

/** A part of the load; see the head of this file. */
export interface Actor {
  /** Connects and works from now on, until the server has gone. */
  begin(port: number): Promise<void>;
  /** Resolves when the server has gone and all that it had answered is known. */
  ended(): Promise<void>;
  /**
   * Compares what the server has after a restart with what may be there, and goes on from that.
   * @throws Error that tells what is missing or wrong
   */
  verify(client: RawClient): Promise<void>;
  /** Everything was deleted by FLUSHALL, and that was answered. */
  forget(): Promise<void>;
}

/** Opens a connection that waits long enough. */
export function connectTo(port: number): Promise<RawClient> {
  return RawClient.connect(port, TIMEOUT_MS);
}

/** How a client fills its pipeline. */
export interface Pipeline {
  /** Replies that may be outstanding. */
  readonly window: number;
  /** Sends something; returns how many replies it will get. */
  send(): number;
  onReply(reply: Reply): void;
}

/** Sends in bursts of irregular size and reads in between, until the server has gone. */
export async function pump(client: RawClient, random: Random, pipeline: Pipeline): Promise<void> {
  let outstanding = 0;
  for (;;) {
    for (let burst = random.integer(1, pipeline.window); burst > 0; burst--) {
      outstanding += pipeline.send();
    }
    const left = random.integer(0, pipeline.window);
    if (outstanding <= left) continue;
    const { replies, closed } = await client.read(outstanding - left);
    for (const reply of replies) pipeline.onReply(reply);
    outstanding -= replies.length;
    if (closed) return;
  }
}

/** Sends a command and gives its reply, or undefined when the server has gone. */
export async function tryCommand(
  client: RawClient,
  ...args: readonly string[]
): Promise<Reply | undefined> {
  client.sendCommand(args);
  const { replies } = await client.read(1);
  return replies.at(0);
}
