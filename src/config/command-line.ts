// The command line, in redis-server's grammar: `[file] [-] [--directive value …] [-]`. A flag takes
// all words up to the next one that begins with `--`; the first word behind a flag is its value
// whatever it begins with, so that `--requirepass --x` works. `--save` may stand without a value,
// which is the empty one, and a flag may hold its values itself: `"--port 7000"`.
import { ConfigError } from './error.ts';
import type { Setting } from './setting.ts';
import { splitWords } from './syntax/words.ts';
import { bytesOf } from './text.ts';

/** The error for `--sentinel`. */
const NO_SENTINEL =
  'there is no Sentinel mode: run the redis-sentinel of a Redis, which watches Synap as it does Redis';

/** What a command line asks for. */
export type Invocation =
  | { readonly action: 'help' }
  | { readonly action: 'version' }
  | { readonly action: 'check-system' }
  | {
      readonly action: 'test-memory';
      /** How much; undefined when it does not say. */
      readonly megabytes: number | undefined;
    }
  | {
      readonly action: 'start';
      /** Path of the configuration file. */
      readonly file: string | undefined;
      /** Whether more settings are to be read from standard input. */
      readonly readsStdin: boolean;
      /** Settings of the flags, in their order: they win over file and standard input. */
      readonly settings: readonly Setting[];
    };

/**
 * Reads a command line. What is no start (`--help`, `-h`, `--version`, `-v`, `--check-system`,
 * `--test-memory`) counts as the first word only, as in redis-server.
 *
 * @param args the words behind the program's name
 * @throws ConfigError when it does not follow the grammar
 */
export function parseCommandLine(args: readonly string[]): Invocation {
  if (args[0] === '--help' || args[0] === '-h') return { action: 'help' };
  if (args[0] === '--version' || args[0] === '-v') return { action: 'version' };
  if (args[0] === '--check-system') return { action: 'check-system' };
  if (args[0] === '--test-memory') {
    return { action: 'test-memory', megabytes: megabytesOf(args.slice(1)) };
  }
  refuseSentinel(args);
  const hasFile = args.length > 0 && !args[0].startsWith('-');
  const settings: { name: string; words: string[]; origin: string }[] = [];
  let readsStdin = false;
  let takesNext = false;
  for (let i = hasFile ? 1 : 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '-' && (i === 0 || i === args.length - 1)) {
      readsStdin = true;
    } else if (arg.startsWith('--') && !takesNext) {
      const [name, ...words] = cutFlag(arg);
      if (name === undefined) continue;
      settings.push({ name, words, origin: 'command line' });
      takesNext = words.length === 0;
      const isLast = i === args.length - 1;
      if (takesNext && name.toLowerCase() === 'save' && (isLast || args[i + 1].startsWith('--'))) {
        words.push('');
        takesNext = false;
      }
    } else {
      const flag = settings.at(-1);
      if (flag === undefined) {
        throw new ConfigError('command line', `unexpected '${arg}'; flags begin with '--'`);
      }
      flag.words.push(bytesOf(arg));
      takesNext = false;
    }
  }
  return { action: 'start', file: hasFile ? args[0] : undefined, readsStdin, settings };
}

function megabytesOf(words: readonly string[]): number | undefined {
  const [word] = words;
  if (words.length !== 1 || !/^[0-9]{1,9}$/.test(word)) return undefined;
  return Number(word);
}

/** `--sentinel` is a word of its own anywhere, as in redis-server. */
function refuseSentinel(args: readonly string[]): void {
  if (!args.includes('--sentinel')) return;
  throw new ConfigError('command line', `--sentinel: ${NO_SENTINEL}`);
}

/** Name and values that a flag holds itself. */
function cutFlag(flag: string): string[] {
  const words = splitWords(bytesOf(flag.slice(2)));
  if (words === undefined) throw new ConfigError('command line', `${flag}: unbalanced quotes`);
  const equals = /^([\w.-]+)=(.*)$/.exec(words[0] ?? '');
  if (equals === null) return words;
  throw new ConfigError('command line', `${flag}: write '--${equals[1]} ${equals[2]}' without '='`);
}
