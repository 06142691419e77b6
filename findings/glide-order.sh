#!/usr/bin/env bash
# @valkey/valkey-glide 2.5.2 (with redis-server 7.0 of Debian 12).
# Guess: commands that one client is given in one event-loop iteration reach the server in that order, as
# with any pipelining client.
# Seen: the first 51 do; commands 51 to 60 arrive later than commands given after them. All are executed. Whoever relies on the order has to await, or use a Batch.
# Output: 200 SETs arrive: 0 to 50 in order, then 61
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install @valkey/valkey-glide@2.5.2
cat >order.mjs <<'JS'
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GlideClient } from '@valkey/valkey-glide';

const free = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => free.once('listening', resolve));
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));
const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''];
const server = spawn('redis-server', args, { stdio: 'ignore' });
await sleep(1000);

let seen = '';
const monitor = connect(port, '127.0.0.1', () => monitor.write('MONITOR\r\n'));
monitor.on('data', (bytes) => {
  seen += bytes;
});
while (!seen.includes('+OK')) await sleep(10);

const client = await GlideClient.createClient({ addresses: [{ host: '127.0.0.1', port }] });
await Promise.all(Array.from({ length: 200 }, (_, i) => client.set(`k${i}`, 'v')));
while ((seen.match(/"SET"/g) ?? []).length < 200) await sleep(10);
client.close();
monitor.destroy();
server.kill();

const order = [...seen.matchAll(/"SET" "k(\d+)"/g)].map((match) => Number(match[1]));
const first = order.findIndex((index, place) => index !== place);
console.log(`${order.length} SETs arrive: 0 to ${first - 1} in order, then ${order[first]}`);
JS
timeout 30 node order.mjs | tee output
grep -qx '200 SETs arrive: 0 to 50 in order, then 61' output
