#!/usr/bin/env bash
# vitest 4.1.12.
# Guess: `vitest run -u one.test.mjs` runs that file and updates its snapshots, as it does with `vitest run
# one.test.mjs -u`.
# Seen: the path is taken for the value of -u, and all tests are run.
# Output:
#   path first: one.test.mjs
#   -u first: one.test.mjs two.test.mjs
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() { npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null; }
cd "$folder"

install vitest@4.1.12
for name in one two; do
  echo "import { test } from 'vitest'; test('$name', () => {});" >"$name.test.mjs"
done
ran() {
  node_modules/.bin/vitest run --root . --reporter=json --outputFile=report.json "$@" >/dev/null
  node --print 'JSON.parse(fs.readFileSync("report.json")).testResults
    .map(({ name }) => path.basename(name)).sort().join(" ")'
}
{
  echo "path first: $(ran one.test.mjs -u)"
  echo "-u first: $(ran -u one.test.mjs)"
} | tee output
printf '%s\n' 'path first: one.test.mjs' '-u first: one.test.mjs two.test.mjs' | diff - output
