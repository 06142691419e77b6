// Stands between a client and a server, and keeps what goes through: each connection's requests and
// replies, whole ones, in their order.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { parseReply, type Reply } from './reply-frames.ts';

/** What went through one connection so far. */
export class RecordedConnection {
  sent: Buffer = Buffer.alloc(0);
  received: Buffer = Buffer.alloc(0);
  /** How much the client had sent when the server first answered. */
  sentBytesBeforeReply = 0;

  /** The words of each request; none of them may be inline. */
  get requests(): string[][] {
    return requestsIn(this.sent);
  }

  /** Those that were sent without waiting for a reply. */
  get requestsBeforeReply(): string[][] {
    return requestsIn(this.sent.subarray(0, this.sentBytesBeforeReply));
  }

  get replies(): Reply[] {
    return framesOf(this.received);
  }
}

export class RecordingProxy {
  readonly port: number;
  /** In the order in which they were made. */
  readonly connections: RecordedConnection[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Opens a proxy to a port of 127.0.0.1, on a free port there. */
  static async open(targetPort: number): Promise<RecordingProxy> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new RecordingProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.#join(client, targetPort));
    return proxy;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, targetPort: number): void {
    const record = new RecordedConnection();
    this.connections.push(record);
    const server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.#sockets.add(from);
      from.on('data', (bytes: Buffer) => {
        if (from === client) record.sent = Buffer.concat([record.sent, bytes]);
        else {
          if (record.received.length === 0) record.sentBytesBeforeReply = record.sent.length;
          record.received = Buffer.concat([record.received, bytes]);
        }
        to.write(bytes);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroySoon();
      });
    }
  }
}

/** A request is an array of bulk strings, as a reply may be, too. */
function requestsIn(bytes: Buffer): string[][] {
  return framesOf(bytes).map(({ items }) =>
    (items ?? []).map(({ payload }) => payload?.toString('latin1') ?? ''),
  );
}

function framesOf(bytes: Buffer): Reply[] {
  const frames: Reply[] = [];
  let at = 0;
  for (let next = parseReply(bytes, at); next !== undefined; next = parseReply(bytes, at)) {
    frames.push(next.reply);
    at = next.end;
  }
  return frames;
}
