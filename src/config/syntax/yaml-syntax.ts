// The syntax of synap.conf: YAML, with a mapping for each section, and further ones in it where rows
// have such places. Scalars are read by their text (the failsafe schema), so that `0770` stays octal
// and `64mb` a size; only true, false and null have meanings of their own. A directive may also stand
// outside its section, by its name alone.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Directive } from '../directive.ts';
import { findByPath, findDirective, isSectionPath, unknownDirective } from '../directives.ts';
import { ConfigError } from '../error.ts';
import type { Setting } from '../setting.ts';
import { bytesOf, textOf } from '../text.ts';
import { splitWords } from './words.ts';

export type YamlDocument = Document<Node>;

/**
 * Parses a text whose scalars are all strings; `!!binary` is understood for other bytes.
 *
 * @param bytes the text, as a byte string
 * @param source name of the file, for messages
 * @throws ConfigError with the line, where the text is not YAML
 */
export function parseYaml(bytes: string, source: string, lines = new LineCounter()): YamlDocument {
  const text = textOf(bytes);
  if (text === undefined) throw new ConfigError(source, 'not valid UTF-8');
  const document = parseDocument(text, {
    schema: 'failsafe',
    customTags: ['binary'],
    lineCounter: lines,
    prettyErrors: false,
  });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem === undefined) return document;
  const what = problem.code === 'MULTIPLE_DOCS' ? 'several documents in one file' : problem.message;
  const { line } = lines.linePos(problem.pos[0]);
  throw new ConfigError(`${source}:${line}`, `not valid YAML: ${what.split('\n')[0]}`);
}

/**
 * The settings of a text in YAML, in their order.
 *
 * @throws ConfigError at what is not YAML, not a known section or directive, or of a wrong shape
 */
export function readYaml(bytes: string, source: string): Setting[] {
  const lines = new LineCounter();
  const document = parseYaml(bytes, source, lines);
  const reader = new YamlReader(document, (node) => {
    return `${source}:${lines.linePos(node.range?.[0] ?? 0).line}`;
  });
  return reader.read();
}

/** A key of a mapping whose value is a directive's. */
export interface YamlEntry {
  readonly directive: Directive;
  /** Keys down to it, joined by dots; its name alone where it stands outside its section. */
  readonly path: string;
  readonly pair: Pair;
  readonly key: Scalar<string>;
  /** The mapping that holds the pair. */
  readonly within: YAMLMap;
}

/** Walks a document: finds the directives in it, and their settings. */
export class YamlReader {
  readonly #document: YamlDocument;
  readonly #originOf: (node: Node) => string;

  /** @param originOf place of a node, for messages */
  constructor(document: YamlDocument, originOf: (node: Node) => string) {
    this.#document = document;
    this.#originOf = originOf;
  }

  read(): Setting[] {
    return this.entries().flatMap((entry) => this.settings(entry));
  }

  /** All entries, in the order in which they stand. */
  entries(): YamlEntry[] {
    const root = this.#document.contents;
    if (root === null || (isScalar(root) && isNull(root))) return [];
    return this.#entriesOf(root, '');
  }

  /** What an entry sets: several settings where its value has several lines. */
  settings({ directive, pair, key }: YamlEntry): Setting[] {
    const value = this.#resolve(pair.value);
    const at = value ?? key;
    const setting = (words: readonly string[], node: Node): Setting => ({
      name: directive.name,
      words,
      origin: this.#originOf(node),
    });
    if (value === undefined || isScalar(value)) {
      const word = value === undefined ? '' : this.#word(value, directive);
      if (!directive.fileOnly) return [setting([word], at)];
      return word === '' ? [] : [setting(this.#cut(word, at), at)];
    }
    const { shape } = directive.kind;
    if (isMap(value) && shape === 'keyed') {
      return value.items.map((item) => {
        const name = this.#key(item, value);
        const words = this.#words(this.#resolve(item.value), name, directive);
        return setting([bytesOf(name.value), ...(words.length === 0 ? [''] : words)], name);
      });
    }
    if (isMap(value) || shape === 'single') {
      const found = isMap(value) ? 'a mapping' : 'a sequence';
      throw new ConfigError(this.#originOf(at), `${directive.name}: ${found} is not a value of it`);
    }
    if (isSeq(value) && shape !== 'words' && value.items.length > 0) {
      return value.items.map((item) => {
        const node = this.#resolve(item);
        return setting(this.#words(node, at, directive), node ?? at);
      });
    }
    return directive.fileOnly ? [] : [setting(this.#words(value, at, directive), at)];
  }

  #entriesOf(node: Node, path: string): YamlEntry[] {
    if (!isMap(node)) {
      const problem = path === '' ? 'the file' : `section '${path}'`;
      throw new ConfigError(
        this.#originOf(node),
        `${problem} must be a mapping of names to values`,
      );
    }
    return node.items.flatMap((pair): YamlEntry[] => {
      const key = this.#key(pair, node);
      const name = path === '' ? key.value : `${path}.${key.value}`;
      if (isSectionPath(name)) {
        const value = this.#resolve(pair.value);
        return value === undefined || (isScalar(value) && isNull(value))
          ? []
          : this.#entriesOf(value, name);
      }
      const directive = findByPath(name);
      if (directive !== undefined) return [{ directive, path: name, pair, key, within: node }];
      throw new ConfigError(this.#originOf(key), misplaced(key.value, path));
    });
  }

  /** The words of a scalar, cut at blanks, or of a sequence of such scalars. */
  #words(node: Node | undefined, at: Node, directive: Directive): readonly string[] {
    if (node === undefined) return [];
    if (isScalar(node)) return this.#cut(this.#word(node, directive), node);
    if (isSeq(node)) {
      return node.items.flatMap((item) => this.#words(this.#resolve(item), node, directive));
    }
    throw new ConfigError(this.#originOf(at), `${directive.name}: a mapping is not a value of it`);
  }

  #cut(line: string, node: Node): readonly string[] {
    const words = splitWords(line);
    if (words === undefined) throw new ConfigError(this.#originOf(node), 'unbalanced quotes');
    return words;
  }

  /** The byte string that a scalar means to a directive. */
  #word(scalar: Scalar, directive: Directive): string {
    if (scalar.value instanceof Uint8Array) return Buffer.from(scalar.value).toString('latin1');
    if (isNull(scalar)) return '';
    const text = String(scalar.value);
    if (directive.kind.isSwitch && scalar.type === 'PLAIN') {
      if (/^true$/i.test(text)) return 'yes';
      if (/^false$/i.test(text)) return 'no';
    }
    return bytesOf(text);
  }

  #key(pair: Pair, within: Node): Scalar<string> {
    const { key } = pair;
    if (isScalar<string>(key) && typeof key.value === 'string') return key;
    const at = this.#originOf(isNodeLike(key) ? key : within);
    throw new ConfigError(at, 'names in a mapping must be plain words');
  }

  /** A node with an alias (`*name`) followed to what it stands for. */
  #resolve(node: unknown): Node | undefined {
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return target;
      throw new ConfigError(this.#originOf(node), `nothing is named '&${node.source}' before this`);
    }
    return isNodeLike(node) ? node : undefined;
  }
}

/** What is wrong with a key that a mapping of the file does not have. */
function misplaced(key: string, within: string): string {
  const directive = findDirective(key);
  if (directive === undefined) return unknownDirective(key, within);
  const { path, section } = directive;
  return path.startsWith(`${within}.`)
    ? `'${key}' is called '${path.slice(within.length + 1)}' in '${within}'`
    : `'${key}' belongs in section '${section}', not in '${within}'`;
}

/** Whether a scalar is YAML's null: `~`, `null` or nothing. */
function isNull(scalar: Scalar): boolean {
  return scalar.type === 'PLAIN' && /^(~|null|)$/i.test(String(scalar.value));
}

function isNodeLike(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}
