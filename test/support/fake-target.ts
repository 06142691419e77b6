// Targets of MIGRATE that do what a test wants, wrong things mostly.

import { createServer, type Server, type Socket } from 'node:net';

const fakes: Server[] = [];

/** What a target of the test's own does with a connection. */
export type Behaviour = (socket: Socket, connection: number) => void;

/** Starts one on 127.0.0.1; returns its port. */
export function fakeTarget(behave: Behaviour): Promise<number> {
  let connections = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    behave(socket, ++connections);
  });
  fakes.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** Answers the first bytes that come, and perhaps closes then. */
export function answering(lines: readonly string[], closes = false): Behaviour {
  return (socket) => {
    socket.once('data', () => {
      const text = lines.map((line) => `${line}\r\n`).join('');
      if (closes) socket.end(text);
      else socket.write(text);
    });
  };
}

/** Has all of them listen no more. */
export function closeFakeTargets(): void {
  for (const fake of fakes.splice(0)) fake.close();
}
