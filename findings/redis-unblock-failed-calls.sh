#!/usr/bin/env bash
# redis-server 7.0.15 (Debian 12).
# Guess: `failed_calls` in INFO commandstats counts the calls of a command that were answered with an error, so
# a CLIENT UNBLOCK that is answered with 1 is none of them.
# Seen: with ERROR it counts as failed, since the error that it sends to the other client came up while it ran; that
# client's BLPOP counts as failed too. With TIMEOUT only BLPOP does, whose client gets no error at all.
# Output:
#   ERROR: replies :1 and -UNBLOCKED, failed: client|unblock 1, blpop 1
#   TIMEOUT: replies :1 and *-1, failed: client|unblock 0, blpop 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

redis-server --version | grep -q 'v=7\.0\.15 '
cat >unblock.mjs <<'JS'
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

const waiting = open();
const other = open();
const id = (await ask(waiting, 'CLIENT ID')).slice(1);
for (const reason of ['ERROR', 'TIMEOUT']) {
  await ask(other, 'CONFIG RESETSTAT');
  await ask(waiting, 'BLPOP list 0');
  const reply = await ask(other, `CLIENT UNBLOCK ${id} ${reason}`);
  const [first] = waiting.received.trim().split(' ');
  const stats = await ask(other, 'INFO commandstats');
  const failed = ['client|unblock', 'blpop'].map((command) => {
    const [line] = stats.split(' ').filter((word) => word.startsWith(`cmdstat_${command}:`));
    return `${command} ${/failed_calls=(\d+)/.exec(line)[1]}`;
  });
  console.log(`${reason}: replies ${reply} and ${first}, failed: ${failed.join(', ')}`);
}
process.exit();
JS
timeout 30 node unblock.mjs | tee output
diff output - <<'TEXT'
ERROR: replies :1 and -UNBLOCKED, failed: client|unblock 1, blpop 1
TIMEOUT: replies :1 and *-1, failed: client|unblock 0, blpop 1
TEXT
