#!/usr/bin/env bash
# redis 6.3.1 with redis-server 7.0.15 (Debian 12).
# Guess: the client hides the protocol: scores are numbers with RESP2 too, though they come as strings there, so
# coordinates and distances are as well. A mapping of doubles to String, for all digits, reaches all of these with
# RESP3, and none with RESP2, which has no doubles.
# Seen: the mapping reaches scores and the coordinates of geoSearchWith with RESP2, too. What it does not reach, with
# either: scores of zScan, and geoDist. And geoPos, alone, answers strings with RESP2 and numbers with RESP3.
# Output:
#   RESP2: zScore number, zRangeWithScores number, zScan number, geoDist number, geoSearchWith number, geoPos string
#   RESP2, mapped: zScore string, zRangeWithScores string, zScan number, geoDist number, geoSearchWith string, geoPos string
#   RESP3: zScore number, zRangeWithScores number, zScan number, geoDist number, geoSearchWith number, geoPos number
#   RESP3, mapped: zScore string, zRangeWithScores string, zScan number, geoDist number, geoSearchWith string, geoPos string
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

redis-server --version | grep -q 'v=7\.0\.15 '
install redis@6.3.1
cat >doubles.mjs <<'JS'
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, RESP_TYPES } from 'redis';

const free = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => free.once('listening', resolve));
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));
const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''];
const server = spawn('redis-server', args, { stdio: 'ignore' });
process.on('exit', () => server.kill());
await sleep(1000);

const circle = { radius: 1, unit: 'km' };
/** How to get a double. */
const commands = {
  zScore: (client) => client.zScore('z', 'a'),
  zRangeWithScores: async (client) => (await client.zRangeWithScores('z', 0, 0))[0].score,
  zScan: async (client) => (await client.zScan('z', '0')).members[0].score,
  geoDist: (client) => client.geoDist('g', 'a', 'b'),
  geoSearchWith: async (client) =>
    (await client.geoSearchWith('g', 'a', circle, ['WITHCOORD']))[0].coordinates.longitude,
  geoPos: async (client) => (await client.geoPos('g', 'a'))[0].longitude,
};

/** Prints what type of value the client answers for each. */
async function show(name, client) {
  const types = [];
  for (const [command, run] of Object.entries(commands)) {
    types.push(`${command} ${typeof (await run(client))}`);
  }
  console.log(`${name}: ${types.join(', ')}`);
}

for (const RESP of [2, 3]) {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, RESP });
  await client.connect();
  await client.zAdd('z', { score: 1.1, value: 'a' });
  const [longitude, latitude] = [13.361389, 38.115556];
  await client.geoAdd('g', [
    { longitude, latitude, member: 'a' },
    { longitude: longitude + 1, latitude, member: 'b' },
  ]);
  await show(`RESP${RESP}`, client);
  await show(`RESP${RESP}, mapped`, client.withTypeMapping({ [RESP_TYPES.DOUBLE]: String }));
  client.destroy();
}
process.exit();
JS
timeout 30 node doubles.mjs | tee output
diff output - <<'TEXT'
RESP2: zScore number, zRangeWithScores number, zScan number, geoDist number, geoSearchWith number, geoPos string
RESP2, mapped: zScore string, zRangeWithScores string, zScan number, geoDist number, geoSearchWith string, geoPos string
RESP3: zScore number, zRangeWithScores number, zScan number, geoDist number, geoSearchWith number, geoPos number
RESP3, mapped: zScore string, zRangeWithScores string, zScan number, geoDist number, geoSearchWith string, geoPos string
TEXT
