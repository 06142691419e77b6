#!/usr/bin/env node
// The program `synap-check`: verifies a log's directory, and repairs it if told to.

import { parseArgs } from 'node:util';
import { DAMAGED, inspect, UNUSABLE } from './persistence/inspection.ts';
import { ManifestError } from './persistence/manifest.ts';

const USAGE = `Usage: synap-check [--fix] [--name FILENAME] DIRECTORY

Verifies the write-ahead log in DIRECTORY (appenddirname): the manifest, the bases, and every group
of every increment by its checksum. Prints what it finds. The server must not be running.

  --fix            cut the log at the last group before the damage; what is cut is kept beside it,
                   in files that end in .torn-OFFSET
  --name FILENAME  appendfilename, if it is not appendonly.aof
  --help           this text

Exit code: 0 all is well, or repaired; 1 there is damage; 2 it could not be checked.
`;

process.exitCode = await run(process.argv.slice(2));

async function run(args: string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        fix: { type: 'boolean', default: false },
        name: { type: 'string', default: 'appendonly.aof' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (positionals.length !== 1) throw new Error(`one directory must be named\n\n${USAGE}`);
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    return await inspect(positionals[0], { baseName: values.name, fix: values.fix, print });
  } catch (error) {
    process.stderr.write(`synap-check: ${error instanceof Error ? error.message : error}\n`);
    return error instanceof ManifestError ? DAMAGED : UNUSABLE;
  }
}
