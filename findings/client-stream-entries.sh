#!/usr/bin/env bash
# redis 6.3.1, ioredis 6.0.0, iovalkey 0.4.0 and @valkey/valkey-glide 2.5.2 (with redis-server 7.0.15 of Debian 12).
# Guess: all give what the server sends, for a consumer that asks for its history after one of its two entries was
# deleted (the server sends its id, and a null for the fields), and for an entry whose fields are `10 a`, `9 b`,
# `__proto__ c`, `f 1` and `f 2`.
# Seen: the typed commands of `redis` throw for the whole reply where one entry of it was deleted: the other one is
# not returned either. Of the fields they keep the last of each name, put numbers first, and drop one that is called
# `__proto__`. The other three give all of it.
# Output:
#   redis: history TypeError; fields {"9":"b","10":"a","f":"2"}
#   ioredis: history 1-0 null, 2-0; fields ["10","a","9","b","__proto__","c","f","1","f","2"]
#   iovalkey: history 1-0 null, 2-0; fields ["10","a","9","b","__proto__","c","f","1","f","2"]
#   glide: history 1-0 null, 2-0; fields [["10","a"],["9","b"],["__proto__","c"],["f","1"],["f","2"]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

redis-server --version | grep -q 'v=7\.0\.15 '
install redis@6.3.1 ioredis@6.0.0 iovalkey@0.4.0 @valkey/valkey-glide@2.5.2
cat >entries.mjs <<'JS'
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GlideClient } from '@valkey/valkey-glide';
import Ioredis from 'ioredis';
import Iovalkey from 'iovalkey';
import { createClient } from 'redis';

const free = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => free.once('listening', resolve));
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));
const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''];
const server = spawn('redis-server', args, { stdio: 'ignore' });
process.on('exit', () => server.kill());
await sleep(1000);

const host = '127.0.0.1';
const redis = await createClient({ url: `redis://${host}:${port}` }).connect();
const ioredis = new Ioredis(port, host);
const iovalkey = new Iovalkey(port, host);
const glide = await GlideClient.createClient({ addresses: [{ host, port }] });

for (const line of [
  'XADD s 1-0 f v',
  'XADD s 2-0 f v',
  'XGROUP CREATE s g 0',
  'XREADGROUP GROUP g c STREAMS s >',
  'XDEL s 1-0',
  'XADD fields 1-0 10 a 9 b __proto__ c f 1 f 2',
]) {
  await redis.sendCommand(line.split(' '));
}

/** What a client's calls give, as one line; entries as pairs of an id and the fields. */
async function show(name, history, fields) {
  const entries = await history().then(
    (pairs) => pairs.map(([id, values]) => (values === null ? `${id} null` : id)).join(', '),
    (error) => error.constructor.name,
  );
  console.log(`${name}: history ${entries}; fields ${JSON.stringify(await fields())}`);
}

await show(
  'redis',
  async () => {
    const [{ messages }] = await redis.xReadGroup('g', 'c', { key: 's', id: '0' });
    return messages.map(({ id, message }) => [id, message]);
  },
  async () => (await redis.xRange('fields', '-', '+'))[0].message,
);
for (const [name, client] of Object.entries({ ioredis, iovalkey })) {
  await show(
    name,
    async () => (await client.xreadgroup('GROUP', 'g', 'c', 'STREAMS', 's', '0'))[0][1],
    async () => (await client.xrange('fields', '-', '+'))[0][1],
  );
}
await show(
  'glide',
  async () => Object.entries((await glide.xreadgroup('g', 'c', { s: '0' }))[0].value),
  async () => (await glide.xrange('fields', { value: '0' }, { value: '1-0' }))['1-0'],
);
process.exit();
JS
timeout 30 node entries.mjs | tee output
diff output - <<'TEXT'
redis: history TypeError; fields {"9":"b","10":"a","f":"2"}
ioredis: history 1-0 null, 2-0; fields ["10","a","9","b","__proto__","c","f","1","f","2"]
iovalkey: history 1-0 null, 2-0; fields ["10","a","9","b","__proto__","c","f","1","f","2"]
glide: history 1-0 null, 2-0; fields [["10","a"],["9","b"],["__proto__","c"],["f","1"],["f","2"]]
TEXT
