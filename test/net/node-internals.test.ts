// What is found of Node's internals, in this Node and in models of others: each differs from one that is
// known in one thing. What is not as known is missing; nothing is thrown, and nothing breaks later.

import { once } from 'node:events';
import net, { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Bind,
  findInternals,
  missingInternals,
  type NetModule,
  nodeInternals,
} from '../../src/net/node-internals.ts';

type Method = (...args: unknown[]) => unknown;
type Handle = Readonly<Record<string, Method>>;

/** What sockets of a model do with the handle and the options that they are given. */
interface Model {
  readonly write: (handle: Handle, bytes: Buffer, done: (error?: Error) => void) => void;
  readonly construct: (options: Options, socket: Record<string, unknown>) => void;
  readonly read: (handle: Handle) => void;
}

interface Options {
  readonly handle: Handle;
  readonly onread?: { readonly buffer: Buffer };
}

/** Node 20 and 22: the stream makes a request for every write. */
class OwnRequest {
  oncomplete = (): void => {};

  getAsyncId(): number {
    return -1;
  }
}

/** The same with something changed. */
class CallbackOfAnotherName {
  onend = (): void => {};

  getAsyncId(): number {
    return -1;
  }
}

const OLDER: Model = {
  write(handle, bytes, done) {
    if (handle.writeBuffer(new OwnRequest(), bytes) === 0) done();
    else done(new Error('write failed'));
  },
  construct({ handle, onread }, socket) {
    socket._handle = handle;
    if (onread !== undefined) handle.useUserBuffer(onread.buffer);
  },
  read: (handle) => void handle.readStart(),
};

/** Node 24 and 26: the handle makes one when it needs it. */
const NEWER: Model = {
  ...OLDER,
  write(handle, bytes, done) {
    const result = handle.writeBuffer(null, bytes);
    if (typeof result !== 'object' || result === null) done();
    else Object.assign(result, { oncomplete: () => done() });
  },
};

/** A class of sockets as a model has them. */
function socketsOf(model: Model): typeof Socket {
  class ModelSocket extends Duplex {
    constructor(options: Options) {
      super();
      model.construct(options, this as unknown as Record<string, unknown>);
      if (options.onread !== undefined) this.read(0);
    }

    get handle(): Handle | null | undefined {
      return (this as unknown as { _handle?: Handle | null })._handle;
    }

    override _read(): void {
      if (this.handle) model.read(this.handle);
    }

    override _write(bytes: Buffer, _: string, done: (error?: Error | null) => void): void {
      if (this.handle) model.write(this.handle, bytes, done);
      else done();
    }

    override _destroy(error: Error | null, done: (error: Error | null) => void): void {
      if (this.handle) this.handle.close(() => done(error));
      else done(error);
    }
  }
  return ModelSocket as unknown as typeof Socket;
}

/** What is found in a Node whose sockets are as a model says. */
function find(model: Model): { write: string; reads: boolean } {
  const { writeForm, readsInto } = findInternals({ Socket: socketsOf(model) });
  return { write: writeForm?.kind ?? 'missing', reads: readsInto };
}

test('this Node, as all that are tested, has everything', () => {
  expect(missingInternals(nodeInternals)).toEqual([]);
});

test('what is missing is named', () => {
  const nothing = { writeForm: undefined, readsInto: false, bind: undefined };
  expect(missingInternals(nothing)).toHaveLength(3);
});

describe('writing and reading', () => {
  test('as Node 20 does it', () => {
    expect(find(OLDER)).toEqual({ write: 'given', reads: true });
    const { writeForm } = findInternals({ Socket: socketsOf(OLDER) });
    expect(writeForm).toEqual({ kind: 'given', requestClass: OwnRequest });
  });

  test('as Node 26 does it', () => {
    expect(find(NEWER)).toEqual({ write: 'returned', reads: true });
  });

  const fails = (): never => {
    throw new TypeError('this is not there any more');
  };
  /** With a request that is none of those that are known. */
  const given = (request: () => unknown): Model['write'] => {
    return (handle, bytes, done) => {
      handle.writeBuffer(request(), bytes);
      done();
    };
  };

  test.each<[name: string, write: Model['write']]>([
    ['calls nothing', (_, __, done) => done()],
    ['calls another method', (handle, bytes) => void handle.writeBytes(bytes)],
    ['throws', fails],
    ['fails', (_, __, done) => done(new Error('no such handle'))],
    ['fails later', (_, __, done) => void setImmediate(() => done(new Error('no such handle')))],
    ['never ends', (handle, bytes) => void handle.writeBuffer(new OwnRequest(), bytes)],
    ['gives nothing', given(() => undefined)],
    [
      'gives the bytes only',
      (handle, bytes, done) => {
        handle.writeBuffer(bytes);
        done();
      },
    ],
    ['gives a request without a callback', given(() => new CallbackOfAnotherName())],
    [
      'gives a request that does not say whether it is under way',
      given(() => ({ oncomplete() {} })),
    ],
    ['takes no notice of a request that is returned', given(() => null)],
    [
      'wants another callback',
      (handle, bytes, done) => {
        const result = handle.writeBuffer(null, bytes);
        if (typeof result === 'object') Object.assign(result ?? {}, { onend: () => done() });
        else done();
      },
    ],
    [
      'does not end when the callback is called',
      (handle, bytes, done) => {
        const result = handle.writeBuffer(null, bytes);
        if (typeof result === 'object') Object.assign(result ?? {}, { oncomplete() {} });
        else done();
      },
    ],
  ])('a Node whose write %s is not written to in a way of its own', (_, write) => {
    expect(find({ ...NEWER, write })).toEqual({ write: 'missing', reads: true });
  });

  test.each<[name: string, changes: Partial<Model>]>([
    [
      'does not take a buffer to read into',
      {
        construct: ({ handle }, socket) => {
          socket._handle = handle;
        },
      },
    ],
    [
      'reads into a buffer of its own',
      {
        construct: ({ handle, onread }, socket) => {
          socket._handle = handle;
          if (onread !== undefined) handle.useUserBuffer(Buffer.alloc(1));
        },
      },
    ],
    [
      'calls what it reads into otherwise',
      {
        construct: ({ handle, onread }, socket) => {
          socket._handle = handle;
          if (onread !== undefined) handle.setBuffer(onread.buffer);
        },
      },
    ],
    ['does not read', { read: () => {} }],
    ['throws when it reads', { read: fails }],
    [
      'keeps its handle to itself',
      {
        construct: ({ handle, onread }, socket) => {
          Object.defineProperty(socket, '_handle', { get: () => handle });
          if (onread !== undefined) handle.useUserBuffer(onread.buffer);
        },
      },
    ],
    [
      'has another handle beside it',
      {
        construct: ({ handle, onread }, socket) => {
          Object.defineProperty(socket, '_handle', { get: () => handle, set: () => {} });
          if (onread !== undefined) handle.useUserBuffer(onread.buffer);
        },
      },
    ],
  ])('a Node that %s is read from with data events', (_, changes) => {
    expect(find({ ...OLDER, ...changes })).toEqual({ write: 'given', reads: false });
  });

  test.each<[name: string, construct: Model['construct']]>([
    ['takes no handle', fails],
    ['does not look at the handle', () => {}],
  ])('a Node that %s has neither', (_, construct) => {
    expect(find({ ...OLDER, construct })).toEqual({ write: 'missing', reads: false });
  });

  test('nothing of it breaks later', async () => {
    // An exception in one of these callbacks is an error of this test file.
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('binding at once', () => {
  const { _createServerHandle, BoundSocket } = net as unknown as NetModule;
  /** Of these this Node has the first, the second or both. */
  const ways = [
    { name: 'what cluster binds with', module: { _createServerHandle } },
    { name: 'net.BoundSocket', module: { BoundSocket } },
  ].filter(({ module }) => Object.values(module)[0] !== undefined);

  function bindOf(module: Partial<NetModule>): Bind | undefined {
    return findInternals({ Socket, ...module }).bind;
  }

  /** Binds and listens; the port at which it does. */
  async function listen(bind: Bind | undefined, address: string, port: number): Promise<number> {
    const server = createServer((socket) => socket.end());
    onTestFinished(() => void server.close());
    server.listen(bind?.(address, port), 10);
    expect(server.listening).toBe(true);
    const bound = server.address() as AddressInfo;
    const client = connect(bound.port, address);
    await once(client, 'connect');
    client.destroy();
    return bound.port;
  }

  test.each(ways)('with $name', async ({ module }) => {
    const bind = bindOf(module);
    const port = await listen(bind, '127.0.0.1', 0);
    expect(await listen(bind, '127.0.0.2', port)).toBe(port);
    expect(() => bind?.('203.0.113.77', port)).toThrow(
      expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
    );
  });

  test('is not possible without either, or where it gives no handle', () => {
    expect(bindOf({})).toBeUndefined();
    expect(bindOf({ _createServerHandle: 1, BoundSocket: {} })).toBeUndefined();
    const bind = bindOf({ _createServerHandle: () => undefined });
    expect(() => bind?.('127.0.0.1', 1)).toThrow(/ENOTSUP/);
  });
});
