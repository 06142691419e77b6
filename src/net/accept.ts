// Sockets that read into one shared buffer. Node allocates a buffer for every read of an accepted
// socket (`net.createServer` ignores the option `onread` for them), which costs about a third of
// the CPU per command. A socket that is built around the accepted one's handle does take `onread`. Who
// receives may have the next bytes put elsewhere: a large argument goes to its place without a copy.
//
// Where the handle cannot be had (another runtime, a future Node), the socket is used as it is,
// with `data` events: slower, but the same to the caller.
import type { Socket } from 'node:net';
import { adoptHandle, handleOf, nodeInternals, releaseHandle } from './node-internals.ts';

/** Takes what a socket receives. */
export interface Receiver {
  /** Where the next bytes are to be put if possible; undefined for the buffer that all share. */
  readonly target: Buffer | undefined;
  /**
   * Takes received bytes, which are valid until it returns: [0, length) of `buffer`.
   * @returns false when no more are wanted until `socket.resume()`
   */
  receive(buffer: Buffer, length: number): boolean;
}

/**
 * Makes an accepted socket deliver what it receives.
 * @param accepted a socket from a server with `pauseOnConnect`, not yet read from
 * @param shared where all sockets read into
 * @param receiverOf makes the receiver of the socket that it is given
 * @returns the socket to use instead of `accepted`; reading begins at once
 */
export function receiveInto(
  accepted: Socket,
  shared: Buffer,
  receiverOf: (socket: Socket) => Receiver,
): Socket {
  const handle = nodeInternals.readsInto ? handleOf(accepted) : undefined;
  if (handle === undefined) {
    const receiver = receiverOf(accepted);
    accepted.on('data', (chunk: Buffer) => {
      if (!receiver.receive(chunk, chunk.length)) accepted.pause();
    });
    accepted.resume();
    return accepted;
  }
  // The accepted socket is destroyed, so that the listener does not wait for it when it closes.
  releaseHandle(accepted);
  accepted.destroy();
  let receiver: Receiver | undefined;
  let current = shared;
  const socket = adoptHandle(handle, {
    buffer: () => {
      const next = receiver?.target ?? shared;
      const isFirst = receiver === undefined;
      // Node goes on with the buffer that it has when it is given none.
      if (next === current && !isFirst) return undefined as unknown as Buffer;
      current = next;
      return next;
    },
    callback: (length: number) => receiver?.receive(current, length) ?? true,
  });
  receiver = receiverOf(socket);
  socket.resume();
  return socket;
}
