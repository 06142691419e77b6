#!/usr/bin/env bash
# redis-server 7.0.15 (Debian 12).
# Guess: RESET makes a connection as it was when it was new, CLIENT REPLY included, so it is always answered, and a
# pool may wait for the answer whatever the connection was used for.
# Seen: after CLIENT REPLY OFF it is answered, but after CLIENT REPLY SKIP its own reply is the one that is left out.
# Who waits for +RESET waits for ever, or takes the reply of the next command for it. Send CLIENT REPLY ON first: that
# is always answered.
# Output:
#   OFF: +RESET +PONG
#   SKIP: +PONG
#   SKIP, then ON: +OK +RESET +PONG
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

redis-server --version | grep -q 'v=7\.0\.15 '
cat >reset.mjs <<'JS'
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const free = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => free.once('listening', resolve));
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));
const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''];
const server = spawn('redis-server', args, { stdio: 'ignore' });
process.on('exit', () => server.kill());
await sleep(1000);

/** A connection that keeps what it receives. */
function open() {
  const socket = connect(port, '127.0.0.1');
  socket.received = '';
  socket.on('data', (bytes) => {
    socket.received += bytes;
  });
  return socket;
}

/** What the commands are answered within half a second. */
async function ask(socket, ...commands) {
  socket.received = '';
  socket.write(commands.map((command) => `${command}\r\n`).join(''));
  await sleep(500);
  return socket.received.trim().replaceAll('\r\n', ' ');
}

const modes = { OFF: ['OFF'], SKIP: ['SKIP'], 'SKIP, then ON': ['SKIP', 'ON'] };
for (const [name, words] of Object.entries(modes)) {
  const commands = [...words.map((word) => `CLIENT REPLY ${word}`), 'RESET', 'PING'];
  console.log(`${name}: ${await ask(open(), ...commands)}`);
}
process.exit();
JS
timeout 30 node reset.mjs | tee output
diff output - <<'TEXT'
OFF: +RESET +PONG
SKIP: +PONG
SKIP, then ON: +OK +RESET +PONG
TEXT
