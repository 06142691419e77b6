// The types that the package exports, as a program sees them that has nothing but the package.

import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../support/running-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const PROGRAM = `
import {
  ConfigError,
  type ConfigOptions,
  type StartOptions,
  type SynapServer,
  startServer,
  VERSION,
} from 'synap';

const options: StartOptions = {
  port: 0,
  bind: ['127.0.0.1', '-::1'],
  save: [
    [900, 1],
    [300, 10],
  ],
  appendonly: false,
  'maxmemory-policy': 'allkeys-lru',
  requirepass: undefined,
  configFile: undefined,
};
const directives: ConfigOptions = { ...options, hz: 20 };
const server: SynapServer = await startServer(directives);
const port: number = server.port;
const closed: Promise<void> = server.close();
const version: string = VERSION;

export function placeOf(error: unknown): string {
  if (error instanceof ConfigError) return \`\${error.origin} \${error.message}\`;
  return \`\${version} \${port} \${closed}\`;
}

// @ts-expect-error There is no such directive.
await startServer({ prot: 7000 });
// @ts-expect-error No directive takes an object.
await startServer({ port: { number: 7000 } });
// @ts-expect-error The port is known once the server listens; it is not set.
server.port = 7000;
`;

const COMPILER_OPTIONS = {
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  module: 'NodeNext',
  target: 'ES2022',
  lib: ['ES2023'],
  types: [],
};

test('every export is typed, and what is wrong is refused', () => {
  const { path: project, remove } = temporaryDirectory();
  onTestFinished(remove);
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(ROOT, join(project, 'node_modules', 'synap'), 'dir');
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(project, 'program.ts'), PROGRAM);
  const config = { compilerOptions: COMPILER_OPTIONS, files: ['program.ts'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', project], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});
