// Where a connection's replies leave. Two ways to the same end:
//
// - Through the socket's handle: what `socket.write` does at the bottom, without the stream
//   machinery above it, which costs as much as a GET does. Replies nearly always fit into the
//   kernel's buffer, so the write is over when the call returns and nothing needs to be kept. Node's
//   releases have two forms of it (node-internals.ts).
// - Through `socket.write`, where the handle is not what it is expected to be.
//
// In all, bytes that were not taken at once stay with the output until they are, and must not be
// changed by the caller any more.
import type { Socket } from 'node:net';
import {
  handleOf,
  nodeInternals,
  type OwnRequest,
  type OwnRequestClass,
  type SocketHandle,
  type WriteRequest,
} from './node-internals.ts';

/** Takes the bytes to send of one connection. */
export interface Output {
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly unsentBytes: number;
  /** Sends bytes. They are free again at once if `unsentBytes` is 0 afterwards. */
  write(bytes: Buffer): void;
}

/**
 * The output of a socket.
 * @param drained called whenever `unsentBytes` gets back to 0
 */
export function openOutput(socket: Socket, drained: () => void): Output {
  const handle = handleOf(socket);
  const form = nodeInternals.writeForm;
  if (handle === undefined || form === undefined) return new SocketOutput(socket, drained);
  if (form.kind === 'returned') return new HandleOutput(socket, handle, drained);
  return new RequestOutput(socket, handle, drained, form.requestClass);
}

/** Writes through the handle, and is given the request of a write that does not end at once. */
class HandleOutput implements Output {
  unsentBytes = 0;
  readonly #socket: Socket;
  readonly #handle: SocketHandle;
  readonly #drained: () => void;

  constructor(socket: Socket, handle: SocketHandle, drained: () => void) {
    this.#socket = socket;
    this.#handle = handle;
    this.#drained = drained;
  }

  write(bytes: Buffer): void {
    if (this.#socket.destroyed) return;
    const result = this.#handle.writeBuffer(null, bytes);
    if (result !== 0) this.#goOn(result, bytes);
  }

  #goOn(result: number | WriteRequest, bytes: Buffer): void {
    if (typeof result === 'number') failWrite(this.#socket, result);
    else awaitWrite(this, this.#socket, result, bytes, this.#drained);
  }
}

/** The request for the next write: used up only by a write that does not end at once. */
let spareRequest: OwnRequest | undefined;

/** Writes through the handle, with requests of its own. */
class RequestOutput implements Output {
  unsentBytes = 0;
  readonly #socket: Socket;
  readonly #handle: SocketHandle;
  readonly #drained: () => void;
  readonly #requestClass: OwnRequestClass;

  constructor(
    socket: Socket,
    handle: SocketHandle,
    drained: () => void,
    requestClass: OwnRequestClass,
  ) {
    this.#socket = socket;
    this.#handle = handle;
    this.#drained = drained;
    this.#requestClass = requestClass;
  }

  write(bytes: Buffer): void {
    if (this.#socket.destroyed) return;
    spareRequest ??= new this.#requestClass();
    const request = spareRequest;
    const error = this.#handle.writeBuffer(request, bytes);
    if (error !== 0) failWrite(this.#socket, error as number);
    // The length of the handle's queue does not show it: a request whose bytes the kernel has taken at the
    // second try is still under way, and must not be used for another write.
    else if (request.getAsyncId() !== -1) {
      spareRequest = undefined;
      awaitWrite(this, this.#socket, request, bytes, this.#drained);
    }
  }
}

/** Counts the bytes of a write that is under way until it is over. */
function awaitWrite(
  output: { unsentBytes: number },
  socket: Socket,
  request: WriteRequest,
  bytes: Buffer,
  drained: () => void,
): void {
  const { writeStatus } = request;
  if (typeof writeStatus === 'number') {
    // Over already, within the call: nobody else will report it.
    if (writeStatus < 0) failWrite(socket, writeStatus);
    return;
  }
  request.bytes = bytes;
  output.unsentBytes += bytes.length;
  request.oncomplete = (status) => {
    output.unsentBytes -= bytes.length;
    if (status < 0) failWrite(socket, status);
    else if (output.unsentBytes === 0) drained();
  };
}

function failWrite(socket: Socket, status: number): void {
  if (!socket.destroyed) socket.destroy(new Error(`write failed (${status})`));
}

/** Writes through the socket's stream. */
class SocketOutput implements Output {
  readonly #socket: Socket;
  readonly #drained: () => void;
  /** `drained` is to be called: the stream's own event is for lengths above its limit only. */
  #isAwaited = false;
  readonly #written = (): void => {
    if (!this.#isAwaited || this.#socket.writableLength > 0) return;
    this.#isAwaited = false;
    if (!this.#socket.destroyed) this.#drained();
  };

  constructor(socket: Socket, drained: () => void) {
    this.#socket = socket;
    this.#drained = drained;
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(bytes, this.#written);
    if (this.#socket.writableLength > 0) this.#isAwaited = true;
  }
}
