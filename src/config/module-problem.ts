// Modules for Redis are machine code for another program: none can be loaded. The reasons are Redis's, where it has
// one for a file.
import { statSync } from 'node:fs';
import { ConfigError, systemMessage } from './error.ts';

const NO_EXECUTE_PERMISSION = 'It does not have execute permissions.';
const ANY_EXECUTE = 0o111;

/** A module that the configuration wants loaded, and why it cannot be. */
export class ModuleError extends ConfigError {
  readonly path: string;
  readonly problem: string;

  /** @param origin place of the setting */
  constructor(origin: string, path: string, problem: string) {
    super(origin, `module ${path} failed to load: ${problem}`);
    this.path = path;
    this.problem = problem;
  }
}

/** Why a module cannot be loaded, in the words of Redis's log behind "Module … failed to load: ". */
export function moduleProblem(path: string): string {
  try {
    const stat = statSync(path);
    if ((stat.mode & ANY_EXECUTE) === 0) return NO_EXECUTE_PERMISSION;
    if (stat.isDirectory()) return `${path}: cannot read file data: Is a directory`;
    return `${path}: Synap loads no modules, which are machine code for Redis`;
  } catch (error) {
    return `${path}: cannot open shared object file: ${systemMessage(error)}`;
  }
}
