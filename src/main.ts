#!/usr/bin/env node
// The program `synap-server`, also by the names of Redis's and Valkey's programs. Before anything else it
// keeps Node's inspector closed, so this file imports next to nothing itself.
import { basename } from 'node:path';
import { keepInspectorClosed } from './program/inspector-guard.ts';

keepInspectorClosed();
const name = basename(process.argv[1]);
if (/-check(-rdb|-aof)?$/.test(name)) {
  await import('./check.ts');
} else {
  const { run } = await import('./program/program.ts');
  await run(name, process.argv.slice(2));
}
