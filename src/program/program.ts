// The program `synap-server`, from its command line to what that asks for: a server, or a text.
import { readFileSync } from 'node:fs';
import { type Invocation, parseCommandLine } from '../config/command-line.ts';
import type { Config } from '../config/config.ts';
import { ConfigError, systemMessage } from '../config/error.ts';
import { loadConfig } from '../config/load.ts';
import { createLogger } from '../logging/create-logger.ts';
import { testMemory } from './memory-test.ts';
import { serve } from './serving.ts';
import { logUnreadable } from './start-failure.ts';
import { checkSystem } from './system-check.ts';
import { USAGE, versionText } from './texts.ts';

const STANDARD_INPUT = 0;
const STANDARD_OUTPUT = 1;

type Start = Extract<Invocation, { action: 'start' }>;

/**
 * Runs the program; a start that fails is reported on the standard error, and ends in exit code 1.
 * @param args the words of the command line
 */
export async function run(args: readonly string[]): Promise<void> {
  try {
    await obey(parseCommandLine(args), args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`synap-server: ${error.message}\n`);
    process.exitCode = 1;
  }
}

async function obey(invocation: Invocation, args: readonly string[]): Promise<void> {
  switch (invocation.action) {
    case 'help':
      process.stdout.write(USAGE);
      break;
    case 'version':
      process.stdout.write(versionText());
      break;
    case 'check-system':
      process.exitCode = checkSystem((text) => process.stdout.write(text));
      break;
    case 'test-memory':
      process.exitCode = testMemory(invocation.megabytes, (text) => process.stdout.write(text));
      break;
    default:
      await serve(configure(invocation), args.length > 0);
  }
}

function configure({ file, readsStdin, settings }: Start): Config {
  const stdin = readsStdin ? readStandardInput() : undefined;
  try {
    return loadConfig({ file, stdin, settings });
  } catch (error) {
    if (error instanceof ConfigError && error.cause !== undefined && error.origin === file) {
      logUnreadable(startLog(), file, error.cause);
    }
    throw error;
  }
}

/** Where Redis logs what goes wrong before it knows where it is to log. */
function startLog() {
  const output = { file: '', descriptor: STANDARD_OUTPUT };
  const log = createLogger({ level: 'notice', format: 'redis', timestamps: 'legacy', ...output });
  log.role = 'C';
  return log;
}

function readStandardInput(): Uint8Array {
  try {
    return readFileSync(STANDARD_INPUT);
  } catch (error) {
    throw new ConfigError('standard input', `cannot read it: ${systemMessage(error)}`);
  }
}
