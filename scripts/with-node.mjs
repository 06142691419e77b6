// @ts-check
// Runs a command with another Node, which everything that it starts uses too:
//
//   node scripts/with-node.mjs 26 vitest run test/net
//   node scripts/with-node.mjs 22 node dist/main.js --port 7000
//
// The first word is a major version (nodes.mjs has their exact ones, and installs what is missing) or the
// path of a binary; `--list` prints those that are tested. Programs of node_modules are found by their names.
import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { majors, nodeBinary } from './nodes.mjs';

const [wanted, ...command] = process.argv.slice(2);
try {
  if (wanted === '--list') process.stdout.write(`${majors().join(' ')}\n`);
  else if (wanted === undefined || command.length === 0) {
    throw new Error('usage: with-node.mjs VERSION|PATH COMMAND [ARGUMENT …]');
  } else run(nodeBinary(wanted), command);
} catch (error) {
  process.stderr.write(`with-node: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

/**
 * @param {string} binary
 * @param {readonly string[]} words
 */
function run(binary, [program, ...args]) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const programs = join(root, 'node_modules', '.bin');
  const path = [dirname(binary), programs, process.env.PATH ?? ''].join(delimiter);
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, PATH: path } });
  child.on('error', (error) => {
    process.stderr.write(`with-node: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal !== null) process.stderr.write(`with-node: ${program} ended by ${signal}\n`);
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(signal, () => child.kill(signal));
  }
}
