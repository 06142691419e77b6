#!/usr/bin/env node
// The program `synap-server`. Before anything else it keeps Node's inspector closed, so this file imports
// next to nothing itself: what it imports statically is run before it.
import { keepInspectorClosed } from './program/inspector-guard.ts';

keepInspectorClosed();
const { run } = await import('./program/program.ts');
await run(process.argv.slice(2));
