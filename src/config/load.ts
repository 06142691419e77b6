// From files, standard input and flags to a Config. Later settings win: the file, then standard
// input, then flags; an included file counts at the place of its `include`. Nothing is changed in
// the process: `dir` is a value here, from which the paths of later includes start.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readRegular } from '../files/regular-file.ts';
import { Config } from './config.ts';
import { argumentsOf, defaultOf, parseSetting } from './directive.ts';
import { directives, findDirective, unknownDirective } from './directives.ts';
import { ConfigError, systemMessage } from './error.ts';
import { expandPattern, isPattern } from './file-pattern.ts';
import type { Parsed } from './kind.ts';
import type { Setting } from './setting.ts';
import { readSettings } from './syntax/syntax.ts';
import { shown, textOf } from './text.ts';

/** Where a configuration comes from; every part may be absent. */
export interface ConfigSources {
  /** Path of the configuration file, in either syntax; may be a pattern for several. */
  readonly file?: string | undefined;
  /** What was read from standard input, in either syntax. */
  readonly stdin?: Uint8Array | undefined;
  /** Settings of flags or of the library's options. */
  readonly settings?: readonly Setting[] | undefined;
  /** Directory that relative paths start from. Default: the process's. */
  readonly directory?: string | undefined;
}

/**
 * Reads a configuration.
 *
 * @throws ConfigError at the first setting that cannot be accepted, or file that cannot be read
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const directory = resolve(sources.directory ?? '.');
  const loader = new Loader(directory);
  if (sources.file !== undefined) {
    const paths = loader.filesOf(sources.file);
    if (paths.length === 0) throw new ConfigError(sources.file, 'no file matches');
    for (const path of paths) loader.readFile(path, undefined, []);
  }
  if (sources.stdin !== undefined) {
    loader.readText(Buffer.from(sources.stdin).toString('latin1'), 'standard input', []);
  }
  for (const setting of sources.settings ?? []) loader.apply(setting, []);
  return new Config({
    parsed: loader.parsed,
    defaults: loader.defaults,
    origins: loader.origins,
    file: fileToRewrite(sources.file, directory),
    directory,
  });
}

/** A pattern names no file that CONFIG REWRITE could write. */
function fileToRewrite(file: string | undefined, directory: string): string | undefined {
  return file === undefined || isPattern(file) ? undefined : resolve(directory, file);
}

class Loader {
  readonly parsed = new Map<string, Parsed<unknown>>();
  readonly defaults = new Map<string, Parsed<unknown>>();
  /** Place of the last setting of each directive that was set. */
  readonly origins = new Map<string, string>();
  /** Absolute; follows `dir`. */
  #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    for (const directive of directives) {
      const standard = defaultOf(directive, directory);
      this.defaults.set(directive.name, standard);
      this.parsed.set(directive.name, standard);
    }
  }

  /** The files that a path stands for: itself, or what it matches when it is a pattern. */
  filesOf(path: string): readonly string[] {
    return isPattern(path) ? expandPattern(path, this.#directory) : [path];
  }

  /**
   * Reads a file.
   *
   * @param includedAt place of the `include`, if any
   * @param readers absolute paths of the files that are being read, outermost first
   */
  readFile(path: string, includedAt: string | undefined, readers: readonly string[]): void {
    const absolute = resolve(this.#directory, path);
    if (readers.includes(absolute)) {
      const circle = [...readers.slice(readers.indexOf(absolute)), absolute].join(' → ');
      throw new ConfigError(includedAt ?? path, `files include each other: ${circle}`);
    }
    let bytes: string;
    try {
      // Files below /dev are allowed, such as /dev/null and a shell's `<(…)`.
      const read = absolute.startsWith('/dev/') ? readFileSync : readRegular;
      bytes = read(absolute).toString('latin1');
    } catch (error) {
      const file = includedAt === undefined ? 'cannot read the file' : `cannot read '${path}'`;
      throw new ConfigError(includedAt ?? path, `${file}: ${systemMessage(error)}`, error);
    }
    this.readText(bytes, path, [...readers, absolute]);
  }

  readText(bytes: string, source: string, readers: readonly string[]): void {
    const text = bytes.startsWith('\xef\xbb\xbf') ? bytes.slice(3) : bytes;
    for (const setting of readSettings(text, source)) this.apply(setting, readers);
  }

  apply(setting: Setting, readers: readonly string[]): void {
    const { name, origin } = setting;
    const directive = findDirective(name);
    if (directive === undefined) throw new ConfigError(origin, unknownDirective(shown(name)));
    const problem = (text: string): ConfigError => {
      const words = directive.sensitive ? [] : setting.words.map((word) => ` '${shown(word)}'`);
      return new ConfigError(origin, `${directive.name}${words.join('')}: ${text}`);
    };
    const words = argumentsOf(directive, setting.words);
    if (words === undefined) throw problem('unbalanced quotes');
    const value = parseSetting(directive, words, {
      current: this.parsed.get(directive.name),
      isRepeated: this.origins.has(directive.name),
      directory: this.#directory,
    });
    if (typeof value === 'string') throw problem(value);
    this.parsed.set(directive.name, value);
    this.origins.set(directive.name, origin);
    if (directive.name === 'dir') this.#directory = String(value.value);
    if (directive.name === 'include') {
      for (const path of this.filesOf(textOf(words[0]) ?? words[0])) {
        this.readFile(path, origin, readers);
      }
    }
  }
}
