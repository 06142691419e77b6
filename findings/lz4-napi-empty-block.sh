#!/usr/bin/env bash
# lz4-napi 2.10.0.
# Guess: a block of an LZ4 frame that becomes no bytes is passed over: the format allows it, an encoder may write one
# when it is flushed, and the program lz4 1.9.4 reads on.
# Seen: decompressFrame and decompressFrameSync end there, without an error. What follows in the frame is lost, and the
# checksum of the content is not verified.
# Output:
#   two blocks: 250 + 300 bytes
#   an empty block between them: 250 bytes, and 250
#   the checksum of the content wrong: 250 bytes
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install lz4-napi@2.10.0
cat >empty.cjs <<'JS'
const { compressFrameSync, compressSync, decompressFrame, decompressFrameSync } = require('lz4-napi');

const HEADER_BYTES = 7;
const ENDS_BYTES = 8;
const contents = [Buffer.from('first'.repeat(50)), Buffer.from('second'.repeat(50))];
const both = compressFrameSync(Buffer.concat(contents), { contentChecksum: true });
const header = both.subarray(0, HEADER_BYTES);
// An end mark and the checksum of all content.
const ends = both.subarray(-ENDS_BYTES);
const blocks = contents.map((content) => compressFrameSync(content).subarray(HEADER_BYTES, -4));
// What the package makes of no bytes; the block's own size takes the place of what it becomes.
const empty = compressSync(Buffer.alloc(0));
empty.writeUInt32LE(empty.length - 4);

const sizes = decompressFrameSync(Buffer.concat([header, ...blocks, ends])).length;
console.log(`two blocks: ${contents[0].length} + ${sizes - contents[0].length} bytes`);
const frame = Buffer.concat([header, blocks[0], empty, blocks[1], ends]);
decompressFrame(frame).then(({ length }) => {
  console.log(`an empty block between them: ${decompressFrameSync(frame).length} bytes, and ${length}`);
  frame[frame.length - 1] ^= 1;
  console.log(`the checksum of the content wrong: ${decompressFrameSync(frame).length} bytes`);
});
JS
timeout 20 node empty.cjs | tee output
diff output - <<'TEXT'
two blocks: 250 + 300 bytes
an empty block between them: 250 bytes, and 250
the checksum of the content wrong: 250 bytes
TEXT
