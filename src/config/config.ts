// The configuration of a running server: its values, and what CONFIG GET, SET and REWRITE need. A
// change takes effect as a whole or not at all: all values are set, then their listeners are notified; when one
// refuses, all values go back and the listeners already notified are called again. Names, values and errors that
// pass through here are byte strings (see text.ts).
import { argumentsOf, type Directive, parseSetting, warningOf } from './directive.ts';
import { type DirectiveName, directives, findDirective, type Values } from './directives.ts';
import { systemMessage } from './error.ts';
import type { Parsed } from './kind.ts';
import type { Rewritten } from './rewrite/entry.ts';
import { rewriteFile } from './rewrite/rewrite.ts';
import { type Steps, settle } from './settle.ts';

/** The parts of a Config; `loadConfig` makes them. */
export interface ConfigParts {
  /** The value of every directive, by name. */
  readonly parsed: Map<string, Parsed<unknown>>;
  readonly defaults: ReadonlyMap<string, Parsed<unknown>>;
  /** Places of the settings, of directives that were set. */
  readonly origins: ReadonlyMap<string, string>;
  /** Absolute path of the file that CONFIG REWRITE writes. */
  readonly file: string | undefined;
  /** Absolute path of the directory that the server was started in. */
  readonly directory: string;
}

/** The client that asks for a change, and whether the change may wait. */
export interface SetContext {
  /** Whether the client is on this machine: `enable-protected-configs local` lets it. */
  readonly isLocal?: boolean;
  readonly isLoading?: boolean;
  /** Whether the change may wait; if not, one that would have to is refused. Default: true. */
  readonly mayWait?: boolean;
}

/** Undefined on success, otherwise the error reply without its `-`. */
export type Outcome = string | undefined;

/**
 * Applies changed values. Returns what is wrong with them, which undoes the change; it is then
 * called again with the former values if it had accepted the new ones.
 */
export type ChangeListener = (values: Values) => Outcome;

/** The same for what cannot be done at once. */
export type SlowChangeListener = (values: Values) => Outcome | Promise<Outcome>;

interface Follower {
  readonly names: ReadonlySet<string>;
  readonly listener: SlowChangeListener;
  /** Whether the listener may have to wait. */
  readonly isSlow: boolean;
}

interface Change {
  readonly directive: Directive;
  readonly previous: Parsed<unknown>;
  readonly next: Parsed<unknown>;
}

const PATTERN = /[*?[]/;
/** Names that CONFIG GET reports for patterns: those of directives, each with its aliases. */
const reportedNames: readonly string[] = directives
  .filter((directive) => !directive.fileOnly && !directive.hidden)
  .flatMap((directive) => [directive.name, ...directive.aliases]);

export class Config {
  /**
   * The values as the server uses them, by directive: `config.values['maxmemory-samples']`. The
   * object stays the same while its properties change. Hot paths copy what they need into fields
   * of their own, from `onChange`.
   */
  readonly values: Values;
  /** Absolute path of the file that the server was started with. */
  readonly file: string | undefined;
  readonly #values: Record<string, unknown> = {};
  readonly #parsed: Map<string, Parsed<unknown>>;
  readonly #defaults: ReadonlyMap<string, Parsed<unknown>>;
  readonly #origins: ReadonlyMap<string, string>;
  readonly #directory: string;
  readonly #followers: Follower[] = [];
  #warn: (warning: string) => void = () => {};
  /** The change that waits for a listener; the next one waits for it. */
  #pending: Promise<void> | undefined;

  constructor(parts: ConfigParts) {
    this.file = parts.file;
    this.#parsed = parts.parsed;
    this.#defaults = parts.defaults;
    this.#origins = parts.origins;
    this.#directory = parts.directory;
    for (const [name, { value }] of this.#parsed) this.#values[name] = value;
    this.values = this.#values as Values;
  }

  /**
   * CONFIG GET: names and texts of the directives that the patterns select, each once. A name
   * without `*`, `?` and `[` comes back as it was written, and finds hidden directives too.
   *
   * @param matches whether a glob pattern matches a name, in any case; asked for each name until it
   *   is found, however many patterns there are
   */
  get(
    patterns: Iterable<string>,
    matches: (pattern: string, name: string) => boolean,
  ): [name: string, text: string][] {
    const found = new Map<string, [string, string]>();
    let left = reportedNames;
    for (const pattern of patterns) {
      if (PATTERN.test(pattern)) {
        const chosen = left.filter((name) => !found.has(name) && matches(pattern, name));
        if (chosen.length === 0) continue;
        for (const name of chosen) found.set(name, [name, this.#textOf(name) ?? '']);
        left = left.filter((name) => !found.has(name));
      } else {
        const key = pattern.toLowerCase();
        if (found.has(key)) continue;
        const text = this.#textOf(key);
        if (text !== undefined) found.set(key, [pattern, text]);
      }
    }
    return [...found.values()];
  }

  /** The text of a directive's value; undefined when CONFIG knows no directive of this name. */
  #textOf(name: string): string | undefined {
    const directive = findDirective(name);
    return directive === undefined || directive.fileOnly ? undefined : this.#get(directive).text;
  }

  /**
   * CONFIG SET: changes several directives, or none when one cannot be. Waits only where a
   * listener does, or an earlier change still waits.
   *
   * @param pairs names and values
   */
  set(
    pairs: readonly (readonly [name: string, value: string])[],
    context: SetContext = {},
  ): Outcome | Promise<Outcome> {
    const mayWait = context.mayWait !== false;
    if (this.#pending !== undefined) {
      if (!mayWait) return failed(pairs[0][0], 'an earlier change is not finished yet');
      return this.#pending.then(() => this.set(pairs, context));
    }
    const refusal = this.#check(pairs, context);
    if (refusal !== undefined) return refusal;
    const changes = this.#parse(pairs);
    if (typeof changes === 'string') return changes;
    const slow = mayWait ? undefined : changes.find((change) => this.#isSlow(change));
    if (slow !== undefined) {
      return failed(slow.directive.name, 'this directive cannot be set inside a transaction');
    }
    const outcome = settle(this.#apply(changes));
    if (outcome instanceof Promise) {
      const done = () => {
        this.#pending = undefined;
      };
      this.#pending = outcome.then(done, done);
    }
    return outcome;
  }

  /**
   * Has a listener called after every CONFIG SET that changes one of the directives, once for all
   * of them.
   */
  onChange(names: DirectiveName | readonly DirectiveName[], listener: ChangeListener): void {
    this.#followers.push({ names: new Set([names].flat()), listener, isSlow: false });
  }

  /** The same for a listener that may have to wait; these directives cannot be set by what must not. */
  onSlowChange(
    names: DirectiveName | readonly DirectiveName[],
    listener: SlowChangeListener,
  ): void {
    this.#followers.push({ names: new Set([names].flat()), listener, isSlow: true });
  }

  /** Has a function called with each warning that a CONFIG SET gives rise to. */
  onWarning(warn: (warning: string) => void): void {
    this.#warn = warn;
  }

  /** Warnings for the operator about present values that have no effect. */
  warnings(): string[] {
    return directives.flatMap((directive) => this.#warningOf(directive) ?? []);
  }

  /** Where a directive was set: `redis.conf:12`. Undefined for one that has its default. */
  originOf(name: DirectiveName): string | undefined {
    return this.#origins.get(name);
  }

  /**
   * Changes a directive on the server's own behalf, whether CONFIG SET could or not: as REPLICAOF
   * does, or a limit of the system at start. No listener is notified.
   *
   * @param words arguments as in a file, without quotes
   * @throws RangeError when they are no value of the directive
   */
  assign(name: DirectiveName, words: readonly string[]): void {
    const directive = findDirective(name);
    if (directive === undefined) throw new RangeError(name);
    const next = this.#parseOne(directive, argumentsOf(directive, words) ?? words);
    if (typeof next === 'string') throw new RangeError(`${name}: ${next}`);
    this.#put(directive, next);
  }

  /**
   * CONFIG REWRITE: makes the file that the server was started with say the present values.
   * @param which whether defaults are written, too, that the file does not have
   */
  rewrite(which: Rewritten = 'changed'): Outcome {
    if (this.file === undefined) return 'ERR The server is running without a config file';
    const values = directives.map((directive) => ({
      directive,
      parsed: this.#get(directive),
      standard: this.#defaultOf(directive),
    }));
    try {
      rewriteFile(this.file, values, this.#directory, which);
      return undefined;
    } catch (error) {
      return `ERR Rewriting config file: ${systemMessage(error)}`;
    }
  }

  /** Names and permissions, before any value is looked at. */
  #check(pairs: readonly (readonly [string, string])[], context: SetContext): Outcome {
    let refusal: Outcome;
    const names = new Set<string>();
    for (const [name] of pairs) {
      const directive = findDirective(name);
      if (directive === undefined || directive.fileOnly) {
        refusal ??= `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
        continue;
      }
      if (directive.fixedWhileLoading && context.isLoading) {
        return 'LOADING Redis is loading the dataset in memory';
      }
      if (directive.immutable) refusal ??= failed(name, "can't set immutable config");
      else if (directive.protected && !this.#allowsProtected(context)) {
        refusal ??= failed(name, "can't set protected config");
      } else if (names.has(name.toLowerCase())) refusal ??= failed(name, 'duplicate parameter');
      names.add(name.toLowerCase());
    }
    return refusal;
  }

  /** The changes that the pairs make; those that set what is set already are none. */
  #parse(pairs: readonly (readonly [string, string])[]): Change[] | string {
    const changes = new Map<string, Change>();
    for (const [name, value] of pairs) {
      const directive = findDirective(name);
      if (directive === undefined) continue;
      const previous = this.#get(directive);
      const words = directive.kind.shape === 'single' ? [value] : cutAtBlanks(value);
      const next = this.#parseOne(directive, words);
      if (typeof next === 'string') return failed(name.toLowerCase(), next);
      changes.set(directive.name, { directive, previous, next });
    }
    return [...changes.values()].filter(({ previous, next }) => previous.text !== next.text);
  }

  #isSlow({ directive }: Change): boolean {
    return this.#followers.some(({ names, isSlow }) => isSlow && names.has(directive.name));
  }

  #parseOne(directive: Directive, words: readonly string[]): Parsed<unknown> | string {
    return parseSetting(directive, words, {
      current: this.#get(directive),
      isRepeated: false,
      directory: this.values.dir,
    });
  }

  /** Sets the values and notifies their listeners; goes back when one of them refuses. */
  *#apply(changes: readonly Change[]): Steps<Outcome, Outcome> {
    for (const { directive, next } of changes) this.#put(directive, next);
    const notified: Follower[] = [];
    let refusal: Outcome;
    try {
      for (const follower of this.#followers) {
        const cause = changes.find(({ directive }) => follower.names.has(directive.name));
        if (cause === undefined) continue;
        const problem = yield follower.listener(this.values);
        if (problem !== undefined) {
          refusal = failed(cause.directive.name, problem);
          break;
        }
        notified.push(follower);
      }
    } catch (error) {
      yield* this.#undo(changes, notified);
      throw error;
    }
    if (refusal !== undefined) return refusal + (yield* this.#undo(changes, notified));
    for (const { directive } of changes) {
      const warning = this.#warningOf(directive);
      if (warning !== undefined) this.#warn(warning);
    }
    return undefined;
  }

  /** Returns text to add to a refusal: empty unless a listener cannot go back. */
  *#undo(changes: readonly Change[], notified: readonly Follower[]): Steps<Outcome, string> {
    for (const { directive, previous } of changes) this.#put(directive, previous);
    let problems = '';
    for (const follower of notified.toReversed()) {
      const problem = yield follower.listener(this.values);
      if (problem !== undefined) problems += ` (going back failed as well: ${problem})`;
    }
    return problems;
  }

  #allowsProtected(context: SetContext): boolean {
    const allowed = this.values['enable-protected-configs'];
    return allowed === 'yes' || (allowed === 'local' && context.isLocal === true);
  }

  #warningOf(directive: Directive): string | undefined {
    return warningOf(directive, this.#get(directive), this.#defaultOf(directive));
  }

  #get(directive: Directive): Parsed<unknown> {
    return present(this.#parsed.get(directive.name));
  }

  #defaultOf(directive: Directive): Parsed<unknown> {
    return present(this.#defaults.get(directive.name));
  }

  #put(directive: Directive, parsed: Parsed<unknown>): void {
    this.#parsed.set(directive.name, parsed);
    this.#values[directive.name] = parsed.value;
  }
}

/** Every directive of the table has a value and a default; `loadConfig` sees to that. */
function present<T>(entry: T | undefined): T {
  if (entry === undefined) throw new Error('a directive without a value');
  return entry;
}

/** The words of a CONFIG SET value: cut at every blank, without quotes. */
function cutAtBlanks(value: string): string[] {
  return value === '' ? [] : value.split(' ');
}

function failed(name: string, problem: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${problem}`;
}
