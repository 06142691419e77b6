// What Node keeps to itself and Synap uses all the same, all in one place: the handle beneath a socket
// (reading into a buffer of ours, writing past the stream machinery) and binding at once. Releases
// change these things without notice, so each is tried once, when this file is loaded: Node is given a
// handle that only looks like one, and is watched. What does not behave as known counts as missing, and
// its user does with the public interface: slower, but the same to every client.
import net, { isIP, type OnReadOpts, Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** Node's request to write, while the kernel has not taken all of it. */
export interface WriteRequest {
  /** Called with 0, or a system error's negative number, when it is over. */
  oncomplete?: (status: number) => void;
  /** The status of a request that was over before `oncomplete` could be set; else null. */
  readonly writeStatus?: number | null;
  /** Keeps the bytes alive meanwhile; ours. */
  bytes?: Buffer;
  /** -1 for a request that is not under way. */
  getAsyncId?(): number;
}

/** A request that the caller makes. */
export type OwnRequest = WriteRequest & { getAsyncId(): number };
export type OwnRequestClass = new () => OwnRequest;

/** What is used of the handle beneath a connected socket. */
export interface SocketHandle {
  /**
   * Writes bytes, `request` as the form of writing demands.
   * @returns a system error's negative number; 0; or, where `request` was null, the request that Node
   *   made because the kernel has not taken all
   */
  writeBuffer(request: WriteRequest | null, bytes: Buffer): number | WriteRequest;
  useUserBuffer(buffer: Buffer): void;
  readonly fd?: number;
}

/**
 * How a handle is asked to write:
 * - `given`: with a request of the caller's, of this class (Node 20, 22, 24 before 24.22);
 * - `returned`: without one; Node makes it when it is needed, and returns it.
 */
export type WriteForm =
  | { readonly kind: 'given'; readonly requestClass: OwnRequestClass }
  | { readonly kind: 'returned' };

/** Makes a bound handle for `Server.listen`. @throws the system's error */
export type Bind = (address: string, port: number) => object;

/** What this Node has of all that; undefined or false is what its users must do without. */
export interface NodeInternals {
  readonly writeForm: WriteForm | undefined;
  /** Whether a socket that is made around another's handle reads into a buffer that it is given. */
  readonly readsInto: boolean;
  readonly bind: Bind | undefined;
}

/** Node's module, as far as it is looked at; a part of it may be missing. */
export interface NetModule {
  readonly Socket: typeof Socket;
  readonly BoundSocket?: unknown;
  readonly _createServerHandle?: unknown;
}

export const nodeInternals: NodeInternals = findInternals(net);

/** Looks for everything in a module that is Node's `net`, or once was. Throws nothing. */
export function findInternals(module: NetModule): NodeInternals {
  return {
    writeForm: orNothing(() => findWriteForm(module.Socket)),
    readsInto: orNothing(() => readsIntoBuffer(module.Socket)) ?? false,
    bind: orNothing(() => findBind(module)),
  };
}

/** What is missing, in words for the log; empty where everything is there. */
export function missingInternals(internals: NodeInternals): string[] {
  const missing: string[] = [];
  if (!internals.readsInto) missing.push('reading into one buffer');
  if (internals.writeForm === undefined) missing.push('writing through the handle');
  if (internals.bind === undefined) missing.push('listening elsewhere without a restart');
  return missing;
}

/** The handle of a socket, if it is as expected. */
export function handleOf(socket: Socket): SocketHandle | undefined {
  const handle = (socket as unknown as { _handle?: Partial<SocketHandle> | null })._handle;
  const isKnown =
    typeof handle?.writeBuffer === 'function' && typeof handle.useUserBuffer === 'function';
  return isKnown ? (handle as SocketHandle) : undefined;
}

/** Has a socket let go of its handle, so that it can neither read nor close it. */
export function releaseHandle(socket: Socket): void {
  (socket as unknown as { _handle: null })._handle = null;
}

/** Makes a socket around a handle; it reads as `onread` says. */
export function adoptHandle(handle: SocketHandle, onread: OnReadOpts): Socket {
  return makeSocket(Socket, { handle, onread, allowHalfOpen: true });
}

function makeSocket(SocketClass: typeof Socket, options: object): Socket {
  return new SocketClass(options as ConstructorParameters<typeof Socket>[0]);
}

/** Does to a socket what is being tried, and leaves nothing open. */
function trySocket<T>(socket: Socket, attempt: (socket: Socket) => T): T {
  socket.on('error', () => {
    // Another Node than expected: what was tried shows it, too.
  });
  try {
    return attempt(socket);
  } finally {
    socket.destroy();
  }
}

/** What a write through a socket's stream makes of its handle. */
function findWriteForm(SocketClass: typeof Socket): WriteForm | undefined {
  let request: unknown;
  const isTaken = writeTo(SocketClass, (given) => {
    request = given;
    return 0;
  });
  if (!isTaken) return undefined;
  if (request === null) return returnsRequests(SocketClass) ? { kind: 'returned' } : undefined;
  return givenForm(request);
}

/**
 * Writes a byte to a handle that answers as `answer` says, then does `after`.
 * @returns whether the stream is done with the byte
 */
function writeTo(
  SocketClass: typeof Socket,
  answer: (request: unknown) => unknown,
  after: () => void = () => {},
): boolean {
  const handle = {
    writeBuffer: answer,
    close(done?: () => void): void {
      done?.();
    },
  };
  const socket = makeSocket(SocketClass, { handle, writable: true, readable: false });
  return trySocket(socket, () => {
    socket.write(Buffer.of(0));
    after();
    return socket.writableLength === 0 && !socket.destroyed;
  });
}

/** Whether an object that `writeBuffer` returns is a write under way, and its `oncomplete` the end. */
function returnsRequests(SocketClass: typeof Socket): boolean {
  const request: { writeStatus: null; oncomplete?: unknown } = { writeStatus: null };
  let isUnderWay = false;
  const isOver = writeTo(
    SocketClass,
    () => request,
    () => {
      isUnderWay = typeof request.oncomplete === 'function';
      if (isUnderWay) (request as WriteRequest).oncomplete?.(0);
    },
  );
  return isUnderWay && isOver;
}

function givenForm(request: unknown): WriteForm | undefined {
  if (typeof request !== 'object' || request === null) return undefined;
  if (typeof (request as WriteRequest).oncomplete !== 'function') return undefined;
  const requestClass = request.constructor as OwnRequestClass;
  return new requestClass().getAsyncId() === -1 ? { kind: 'given', requestClass } : undefined;
}

/** Whether a handle can go from one socket to another that reads from it into a given buffer. */
function readsIntoBuffer(SocketClass: typeof Socket): boolean {
  let isClosed = false;
  let readStarts = 0;
  let bufferToUse: unknown;
  const handle = {
    useUserBuffer(given: unknown): void {
      bufferToUse = given;
    },
    readStart(): number {
      readStarts++;
      return 0;
    },
    readStop: () => 0,
    close(done?: () => void): void {
      isClosed = true;
      done?.();
    },
  };
  const buffer = Buffer.alloc(1);
  const onread = { buffer, callback: () => true };
  const socket = makeSocket(SocketClass, { handle, onread, allowHalfOpen: true });
  trySocket(socket, () => {
    socket.resume();
    releaseHandle(socket);
  });
  return bufferToUse === buffer && readStarts > 0 && !isClosed;
}

/** UV_TCP_IPV6ONLY: an IPv6 socket does not take IPv4 connections too. */
const IPV6_ONLY = 1;

/** The public way where there is one (24.22, 26); else what Node's cluster module binds with. */
function findBind({ BoundSocket, _createServerHandle: makeHandle }: NetModule): Bind | undefined {
  if (typeof BoundSocket === 'function') {
    const BoundClass = BoundSocket as new (options: object) => object;
    return (host, port) => new BoundClass({ host, port, ipv6Only: isIP(host) === 6 });
  }
  if (typeof makeHandle !== 'function') return undefined;
  return (address, port) => {
    const family = isIP(address);
    const handle: unknown = makeHandle(
      address,
      port,
      family,
      undefined,
      family === 6 ? IPV6_ONLY : 0,
    );
    if (typeof handle === 'object' && handle !== null) return handle;
    const code = typeof handle === 'number' ? getSystemErrorName(handle) : 'ENOTSUP';
    throw Object.assign(new Error(`listen ${code}: ${address}:${port}`), { code });
  };
}

function orNothing<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch {
    // Whatever it was, it does not work here.
    return undefined;
  }
}
