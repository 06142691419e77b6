// Sockets that read into one shared buffer. Node allocates a buffer for every read of an accepted
// socket (`net.createServer` ignores the option `onread` for them), which costs about a third of
// the CPU per command. A socket that is built around the accepted one's handle does take `onread`.
//
// Where the handle cannot be had (another runtime, a future Node), the socket is used as it is,
// with `data` events: slower, but the same to the caller.
import type { Socket } from 'node:net';
import { adoptHandle, handleOf, nodeInternals, releaseHandle } from './node-internals.ts';

/** Takes received bytes, which are valid until it returns: [0, length) of `buffer`. */
export type Receiver = (buffer: Buffer, length: number) => void;

/**
 * Makes an accepted socket deliver what it receives to `receive`.
 * @param accepted a socket from a server with `pauseOnConnect`, not yet read from
 * @param shared where all sockets read into
 * @returns the socket to use instead of `accepted`; reading begins at once
 */
export function receiveInto(
  accepted: Socket,
  shared: Buffer,
  receive: (socket: Socket) => Receiver,
): Socket {
  const handle = nodeInternals.readsInto ? handleOf(accepted) : undefined;
  if (handle === undefined) {
    const receiver = receive(accepted);
    accepted.on('data', (chunk: Buffer) => receiver(chunk, chunk.length));
    accepted.resume();
    return accepted;
  }
  // The accepted socket is destroyed, so that the listener does not wait for it when it closes.
  releaseHandle(accepted);
  accepted.destroy();
  let receiver: Receiver | undefined;
  const socket = adoptHandle(handle, {
    buffer: shared,
    callback: (length: number) => {
      receiver?.(shared, length);
      return true;
    },
  });
  receiver = receive(socket);
  socket.resume();
  return socket;
}
