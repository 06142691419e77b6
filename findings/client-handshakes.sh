#!/usr/bin/env bash
# redis 6.3.1, ioredis 6.0.0 and iovalkey 0.4.0, beside a server that accepts and never answers.
# Guess: a client asks for its protocol first (HELLO), and sends the commands of its user when that was answered:
# the answer decides how replies are to be read.
# Seen: all differ. `redis` pipelines its whole handshake and the user's commands behind it before any reply;
# `ioredis` pipelines its handshake and keeps the user's commands back; `iovalkey` sends INFO alone.
# Output:
#   redis: HELLO, CLIENT SETINFO, CLIENT SETINFO, CLIENT MAINT_NOTIFICATIONS, GET
#   ioredis: HELLO, CLIENT SETINFO, CLIENT SETINFO
#   iovalkey: INFO
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install redis@6.3.1 ioredis@6.0.0 iovalkey@0.4.0
cat >handshake.mjs <<'JS'
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Ioredis from 'ioredis';
import Iovalkey from 'iovalkey';
import { createClient } from 'redis';

const ignore = () => {};

/** Prints the names of the commands that a client sends within a second of its start. */
async function show(name, start) {
  let sent = '';
  const server = createServer((socket) => {
    socket.on('error', ignore);
    socket.on('data', (bytes) => {
      sent += bytes;
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const client = start(server.address().port);
  client.on('error', ignore);
  client.get('early').catch(ignore);
  await sleep(1000);
  const commands = sent.split(/^\*\d+\r\n/m).slice(1);
  const names = commands.map((command) => {
    const words = command.split('\r\n').filter((_, line) => line % 2 === 1);
    return words.slice(0, /^client$/i.test(words[0]) ? 2 : 1).join(' ').toUpperCase();
  });
  console.log(`${name}: ${names.join(', ')}`);
}

await show('redis', (port) => {
  const client = createClient({ url: `redis://127.0.0.1:${port}` }).on('error', ignore);
  client.connect().catch(ignore);
  return client;
});
await show('ioredis', (port) => new Ioredis(port, '127.0.0.1'));
await show('iovalkey', (port) => new Iovalkey(port, '127.0.0.1'));
process.exit();
JS
timeout 30 node handshake.mjs | tee output
diff output - <<'TEXT'
redis: HELLO, CLIENT SETINFO, CLIENT SETINFO, CLIENT MAINT_NOTIFICATIONS, GET
ioredis: HELLO, CLIENT SETINFO, CLIENT SETINFO
iovalkey: INFO
TEXT
