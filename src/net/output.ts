// Where a connection's replies leave. Two ways to the same end:
//
// - Through the socket's handle: what `socket.write` does at the bottom, without the stream
//   machinery above it, which costs as much as a GET does. Replies nearly always fit into the
//   kernel's buffer, so the write is over when the call returns and nothing needs to be kept.
// - Through `socket.write`, where the handle is not what it is expected to be.
//
// In both, bytes that were not taken at once stay with the output until they are, and must not be
// changed by the caller any more.
import { Socket } from 'node:net';

/** Takes the bytes to send of one connection. */
export interface Output {
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly unsentBytes: number;
  /** Sends bytes. They are free again at once if `unsentBytes` is 0 afterwards. */
  write(bytes: Buffer): void;
}

/** Node's request to write, as its handles take it. */
interface WriteRequest {
  oncomplete?: (status: number) => void;
  /** Keeps the bytes alive while the kernel has not taken them. */
  bytes?: Buffer;
}

/** The part of Node's TCP and pipe handles that is used here. */
interface StreamHandle {
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  readonly writeQueueSize: number;
}

type WriteRequestClass = new () => WriteRequest;

const writeRequestClass = findWriteRequestClass();
/** The request for the next write: used up only by a write that does not end at once. */
let spareRequest: WriteRequest | undefined = writeRequestClass && new writeRequestClass();

/**
 * The output of a socket.
 * @param drained called whenever `unsentBytes` gets back to 0
 */
export function openOutput(socket: Socket, drained: () => void): Output {
  const { _handle: handle } = socket as unknown as { _handle?: Partial<StreamHandle> | null };
  if (writeRequestClass !== undefined && isStreamHandle(handle)) {
    return new HandleOutput(socket, handle, writeRequestClass, drained);
  }
  return new SocketOutput(socket, drained);
}

/** Writes through the handle; see the head of this file. */
class HandleOutput implements Output {
  unsentBytes = 0;
  readonly #socket: Socket;
  readonly #handle: StreamHandle;
  readonly #requestClass: WriteRequestClass;
  readonly #drained: () => void;

  constructor(
    socket: Socket,
    handle: StreamHandle,
    requestClass: WriteRequestClass,
    drained: () => void,
  ) {
    this.#socket = socket;
    this.#handle = handle;
    this.#requestClass = requestClass;
    this.#drained = drained;
  }

  write(bytes: Buffer): void {
    if (this.#socket.destroyed) return;
    spareRequest ??= new this.#requestClass();
    const request = spareRequest;
    const error = this.#handle.writeBuffer(request, bytes);
    if (error !== 0) this.#fail(error);
    else if (this.#handle.writeQueueSize > 0) this.#await(request, bytes);
  }

  #await(request: WriteRequest, bytes: Buffer): void {
    spareRequest = undefined;
    request.bytes = bytes;
    this.unsentBytes += bytes.length;
    request.oncomplete = (status) => {
      this.unsentBytes -= bytes.length;
      if (status < 0) this.#fail(status);
      else if (this.unsentBytes === 0) this.#drained();
    };
  }

  #fail(status: number): void {
    if (!this.#socket.destroyed) this.#socket.destroy(new Error(`write failed (${status})`));
  }
}

/** Writes through the socket's stream. */
class SocketOutput implements Output {
  readonly #socket: Socket;

  constructor(socket: Socket, drained: () => void) {
    this.#socket = socket;
    socket.on('drain', drained);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }
}

function isStreamHandle(handle: Partial<StreamHandle> | null | undefined): handle is StreamHandle {
  return typeof handle?.writeBuffer === 'function' && typeof handle.writeQueueSize === 'number';
}

/** The class of Node's write requests, which it does not export: taken from a write to nowhere. */
function findWriteRequestClass(): WriteRequestClass | undefined {
  let found: WriteRequestClass | undefined;
  const nowhere = {
    writeBuffer(request: WriteRequest): number {
      if (request.constructor.name === 'WriteWrap') {
        found = request.constructor as WriteRequestClass;
      }
      return 0;
    },
    close(done?: () => void): void {
      done?.();
    },
  };
  const options = { handle: nowhere, writable: true, readable: false };
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
  socket.on('error', () => {
    // Another Node than expected: `found` stays undefined, and `socket.write` is used.
  });
  socket.write(Buffer.of(0));
  socket.destroy();
  return found;
}
