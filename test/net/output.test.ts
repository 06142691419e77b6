// What leaves through a socket, what is counted until the kernel has taken it, and who is told then: through
// the handle, as this Node has it, and through the stream. (The forms of other Nodes: output-forms.test.ts.)

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { NodeInternals } from '../../src/net/node-internals.ts';
import { openOutput } from '../../src/net/output.ts';

/** What the Node of a test has. */
const node = vi.hoisted(() => ({ lacks: {} as Partial<NodeInternals> }));

vi.mock(import('../../src/net/node-internals.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    nodeInternals: new Proxy(original.nodeInternals, {
      get: (target, name) => Reflect.get({ ...target, ...node.lacks }, name),
    }),
  };
});

beforeEach(() => {
  node.lacks = {};
});

/** Both ends of a connection. Nothing is read from either until it is told to. */
async function connection(): Promise<{ socket: Socket; peer: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = await accepted;
  peer.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  return { socket, peer };
}

describe.each([
  { name: 'the handle', lacks: {} },
  { name: 'the stream', lacks: { writeForm: undefined } },
])('through $name', ({ lacks }) => {
  beforeEach(() => {
    node.lacks = lacks;
  });

  test('all is sent, and a little that is left over is counted and reported as much does', async () => {
    const { socket, peer } = await connection();
    const drained = vi.fn();
    const output = openOutput(socket, drained);
    const piece = Buffer.alloc(4096, 'abc\n');
    let sent = 0;
    while (output.unsentBytes === 0) {
      output.write(piece);
      sent += piece.length;
    }
    expect(output.unsentBytes).toBeLessThanOrEqual(piece.length);
    expect(drained).not.toHaveBeenCalled();
    let received = 0;
    peer.on('data', (bytes) => {
      received += bytes.length;
    });
    await vi.waitFor(() => expect(drained).toHaveBeenCalledTimes(1), { timeout: 10_000 });
    expect(output.unsentBytes).toBe(0);
    await vi.waitFor(() => expect(received).toBe(sent), { timeout: 10_000 });
    output.write(piece);
    await vi.waitFor(() => expect(received).toBe(sent + piece.length), { timeout: 10_000 });
    expect(drained).toHaveBeenCalledTimes(1);
  });

  test('nothing is sent through a socket that is gone', async () => {
    const { socket } = await connection();
    const output = openOutput(socket, () => {});
    socket.destroy();
    output.write(Buffer.from('x'));
    expect(output.unsentBytes).toBe(0);
  });

  test('a peer that is gone ends the socket', async () => {
    const { socket, peer } = await connection();
    const output = openOutput(socket, () => {});
    const failed = once(socket, 'error');
    peer.resetAndDestroy();
    await once(peer, 'close');
    await vi.waitFor(
      () => {
        output.write(Buffer.alloc(1024));
        expect(socket.destroyed).toBe(true);
      },
      { timeout: 10_000, interval: 1 },
    );
    expect(await failed).toHaveLength(1);
  });
});

test('this Node is written to through the handle', async () => {
  const { socket } = await connection();
  const write = vi.spyOn(socket, 'write');
  openOutput(socket, () => {}).write(Buffer.from('x'));
  expect(write).not.toHaveBeenCalled();
});
