// Brings a checkout to the point where it can start or be tested: installs what package-lock.json
// names and compiles src/ (scripts/build.mjs), each only when something it depends on has changed since.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.synap-install');
const buildStamp = join(root, 'dist', '.synap-build');

const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
if (read(installStamp) !== lock) {
  // Building and testing take the development dependencies, also where NODE_ENV is production.
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installStamp, lock);
}

if (process.argv.includes('build')) {
  const sources = fingerprint();
  if (read(buildStamp) !== sources || !existsSync(join(root, 'build'))) {
    run(process.execPath, [join(root, 'scripts', 'build.mjs')]);
    writeFileSync(buildStamp, sources);
  }
}

/** One line a source file (path, size, time of change): differs as soon as any of them does. */
function fingerprint() {
  const files = [
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    join('scripts', 'build.mjs'),
  ];
  for (const entry of readdirSync(join(root, 'src'), { recursive: true })) {
    if (entry.endsWith('.ts')) files.push(join('src', entry));
  }
  const lines = files.sort().map((file) => {
    const { size, mtimeMs } = statSync(join(root, file));
    return `${file} ${size} ${mtimeMs}`;
  });
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function run(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    process.stderr.write(`${command} ${args.join(' ')} failed\n`);
    process.exit(result.status ?? 1);
  }
}
