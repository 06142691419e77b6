#!/usr/bin/env bash
# redis 6.3.1 and ioredis 6.0.0 with redis-server 7.0.15 (Debian 12).
# Guess: a score is rounded to a double, but one without a fraction comes back as digits, as in JavaScript below 1e21.
# What reads milliseconds and microseconds with parseInt or BigInt then reads nanoseconds too, some hundreds off.
# Seen: from 1e17 on Redis writes an exponent, in RESP2 and RESP3. `redis` makes a number of it, `ioredis` hands the
# text on: parseInt makes 1 of it, without an error, and BigInt throws. Scores of nanoseconds are past 1e17 since 1973.
# Output:
#   microseconds: ioredis '1796055395697123', parseInt 1796055395697123, BigInt 1796055395697123n, redis 1796055395697123
#   nanoseconds: ioredis '1.7960553956971231e+18', parseInt 1, BigInt SyntaxError, redis 1796055395697123000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

redis-server --version | grep -q 'v=7\.0\.15 '
install redis@6.3.1 ioredis@6.0.0
cat >scores.mjs <<'JS'
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import Ioredis from 'ioredis';
import { createClient } from 'redis';

const free = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => free.once('listening', resolve));
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));
const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''];
const server = spawn('redis-server', args, { stdio: 'ignore' });
process.on('exit', () => server.kill());
await sleep(1000);

/** What a function returns, or the name of what it throws. */
function outcome(run) {
  try {
    return inspect(run());
  } catch (error) {
    return error.name;
  }
}

/** A line for each score, as both clients read it with a protocol. */
async function lines(protocol) {
  const ioredis = new Ioredis({ port, host: '127.0.0.1', protocol });
  const redis = createClient({ url: `redis://127.0.0.1:${port}`, RESP: protocol });
  await redis.connect();
  const scores = { microseconds: '1796055395697123', nanoseconds: '1796055395697123000' };
  const all = [];
  for (const [name, score] of Object.entries(scores)) {
    await ioredis.zadd('times', score, name);
    const text = await ioredis.zscore('times', name);
    const read = [
      `ioredis ${inspect(text)}`,
      `parseInt ${outcome(() => Number.parseInt(text, 10))}`,
      `BigInt ${outcome(() => BigInt(text))}`,
      `redis ${await redis.zScore('times', name)}`,
    ];
    all.push(`${name}: ${read.join(', ')}`);
  }
  ioredis.disconnect();
  redis.destroy();
  return all.join('\n');
}

const [resp2, resp3] = [await lines(2), await lines(3)];
if (resp2 !== resp3) throw new Error(`RESP3 differs: ${resp3}`);
console.log(resp2);
process.exit();
JS
timeout 30 node scores.mjs | tee output
diff output - <<'TEXT'
microseconds: ioredis '1796055395697123', parseInt 1796055395697123, BigInt 1796055395697123n, redis 1796055395697123
nanoseconds: ioredis '1.7960553956971231e+18', parseInt 1, BigInt SyntaxError, redis 1796055395697123000
TEXT
