// Compiles src/ twice over:
//   build/  by tsc, module by module, for the tests, the micro benchmarks and the scripts that look
//           into single parts;
//   dist/   what is installed: each entry point as one file and what they share as a few more, and
//           the declarations. Node takes 200 ms to find and to link 250 modules, half of a start.
// Packages stay imports: they are the package manager's, to update and to check.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** The programs and the library: `bin` and `exports` of package.json. */
const ENTRY_POINTS = ['main', 'check', 'index'];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

for (const folder of ['build', 'dist'])
  rmSync(join(root, folder), { recursive: true, force: true });
compile();
await bundle();

function compile() {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

async function bundle() {
  const input = {};
  for (const name of ENTRY_POINTS) input[name] = join(root, 'src', `${name}.ts`);
  const build = await rolldown({ input, cwd: root, platform: 'node', external: isPackage });
  await build.write({
    dir: dist,
    format: 'esm',
    // As deep as src/, from where modules find package.json.
    chunkFileNames: '[name].js',
    sourcemap: true,
  });
  await build.close();
}

/** Whether an import names something that is not a file of this project. */
function isPackage(id) {
  return !id.startsWith('.') && !id.startsWith(root);
}
