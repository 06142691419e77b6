// The notation in which a command row specifies its arguments, and the tree that it stands for, which
// is what COMMAND DOCS prints. Words in lower case are arguments, words in upper case tokens:
//
//   syntax   = { element }
//   element  = argument | "[" argument "]"             in brackets: optional
//   argument = [ token ] value marks                   the token introduces it: EX seconds:integer
//            | [ name "=" ] token marks                a pure-token; its name, where none is given,
//                                                      is the token in lower case
//   value    = "key"                                   short for key:key
//            | name ":" type [ "#" index ]             index of its key spec, where that is not
//                                                      the next one
//            | name "=" "(" element { "|" element } ")"      one of these
//            | name "=" "{" element { element } "}"          a block: these, in this order
//   marks    = [ "..." [ "~" ] ]                       repeats; "~": its token too, each time
//              [ "^" version ] [ "!" version ]         since; deprecated since
//   token    = WORD | '"' anything '"'                 quotes for tokens such as "*" and ""
//   type     = key string integer double pattern unix-time
//
// A pure-token that stands before a value must be named, or it would introduce that value. ZADD:
//
//   key [condition=( NX | XX )^3.0.2] [change=CH^3.0.2] score_member={ score:double member:string }...
//
// is four arguments: the key that key spec 0 finds; an optional choice between two tokens, there
// since 3.0.2; an optional token CH that is called "change"; a block of two values that repeats.

const VALUE_TYPES = ['key', 'string', 'integer', 'double', 'pattern', 'unix-time'] as const;

/** What an argument is, in COMMAND DOCS's words. */
export type ArgumentType = (typeof VALUE_TYPES)[number] | 'pure-token' | 'oneof' | 'block';

/** One argument of a command. */
export interface Argument {
  readonly name: string;
  readonly type: ArgumentType;
  /** Which of the command's key specs finds it. */
  readonly keySpecIndex: number | undefined;
  /** The word that introduces it, or that it consists of. */
  readonly token: string | undefined;
  readonly since: string | undefined;
  readonly deprecatedSince: string | undefined;
  readonly optional: boolean;
  readonly multiple: boolean;
  /** Whether the token is repeated too. */
  readonly multipleToken: boolean;
  /** Of a oneof the alternatives, of a block the parts. */
  readonly arguments: readonly Argument[];
}

/**
 * Reads the notation.
 * @param keySpecs how many key specs the command has: its keys, in their order, are found by these
 *   in their order, and by the last one once there are more keys than specs
 * @throws Error that names the place, when it is not the notation
 */
export function parseSyntax(syntax: string, keySpecs: number): readonly Argument[] {
  return new Parser(syntax, keySpecs).parse();
}

/** The arity that the arguments make with the name's words: negative when there can be more. */
export function arityOf(list: readonly Argument[], nameWords: number): number {
  const { minimum, exact } = countAll(list);
  return exact ? minimum + nameWords : -(minimum + nameWords);
}

/** How many words arguments can be in a request. */
interface WordCount {
  readonly minimum: number;
  /** Whether it is never more than the minimum. */
  readonly exact: boolean;
}

function countAll(list: readonly Argument[]): WordCount {
  let minimum = 0;
  let exact = true;
  for (const argument of list) {
    const own = countOne(argument);
    if (!argument.optional) minimum += own.minimum;
    if (argument.optional || argument.multiple || !own.exact) exact = false;
  }
  return { minimum, exact };
}

/** Words of one occurrence, as if it were mandatory. */
function countOne(argument: Argument): WordCount {
  if (argument.type === 'pure-token') return { minimum: 1, exact: true };
  const tokenWords = argument.token === undefined ? 0 : 1;
  if (argument.type === 'block') {
    const { minimum, exact } = countAll(argument.arguments);
    return { minimum: minimum + tokenWords, exact };
  }
  if (argument.type !== 'oneof') return { minimum: 1 + tokenWords, exact: true };
  const counts = argument.arguments.map(countOne);
  const minimum = Math.min(...counts.map((count) => count.minimum));
  const exact = counts.every((count) => count.exact && count.minimum === minimum);
  return { minimum: minimum + tokenWords, exact };
}

type LexemeKind = 'sign' | 'token' | 'word' | 'name' | 'index' | 'since' | 'deprecated' | 'end';

/** A piece of the notation: `text` without the sign of its kind ("=", "#", "^", "!", quotes). */
interface Lexeme {
  readonly kind: LexemeKind;
  readonly text: string;
  readonly at: number;
}

const LEXEME_PATTERNS: readonly (readonly [kind: LexemeKind, pattern: RegExp])[] = [
  ['sign', /([()[\]{}|~]|\.\.\.)/y],
  ['token', /"([^"]*)"/y],
  ['token', /([A-Z][A-Z0-9_-]*)/y],
  ['name', /([a-z][a-z0-9_:/-]*)=/y],
  ['word', /([a-z][a-z0-9_:/-]*)/y],
  ['index', /#(\d+)/y],
  ['since', /\^([\d.]*\d)/y],
  ['deprecated', /!([\d.]*\d)/y],
];

function lexemesOf(syntax: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  let at = 0;
  for (;;) {
    while (syntax[at] === ' ') at++;
    if (at === syntax.length) return [...lexemes, { kind: 'end', text: '', at }];
    const { lexeme, end } = lexemeAt(syntax, at);
    lexemes.push(lexeme);
    at = end;
  }
}

function lexemeAt(syntax: string, at: number): { lexeme: Lexeme; end: number } {
  for (const [kind, pattern] of LEXEME_PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(syntax);
    if (match !== null) return { lexeme: { kind, text: match[1], at }, end: pattern.lastIndex };
  }
  throw new Error(`unexpected "${syntax[at]}" at ${at} in: ${syntax}`);
}

/** What an argument is before its marks are read. */
type Body = Pick<Argument, 'name' | 'type' | 'token' | 'keySpecIndex' | 'arguments'>;

class Parser {
  readonly #syntax: string;
  readonly #keySpecs: number;
  readonly #lexemes: readonly Lexeme[];
  #at = 0;
  /** Key spec of the last argument that has one. */
  #lastSpec = -1;

  constructor(syntax: string, keySpecs: number) {
    this.#syntax = syntax;
    this.#keySpecs = keySpecs;
    this.#lexemes = lexemesOf(syntax);
  }

  parse(): readonly Argument[] {
    const list: Argument[] = [];
    while (this.#next.kind !== 'end') list.push(this.#element());
    return list;
  }

  #element(): Argument {
    if (!this.#took('[')) return this.#argument(false);
    const argument = this.#argument(true);
    this.#expect(']');
    return argument;
  }

  #argument(optional: boolean): Argument {
    const body = this.#body();
    const multiple = this.#took('...');
    const multipleToken = multiple && this.#took('~');
    const since = this.#mark('since');
    const deprecatedSince = this.#mark('deprecated');
    return { ...body, since, deprecatedSince, optional, multiple, multipleToken };
  }

  #body(): Body {
    const { kind, text } = this.#take('token', 'name', 'word');
    if (kind === 'word') return this.#value(text, undefined);
    if (kind === 'name') return this.#named(text, undefined);
    if (this.#next.kind === 'word') return this.#value(this.#take('word').text, text);
    if (this.#next.kind === 'name' && this.#lexemes[this.#at + 1].kind === 'sign') {
      return this.#named(this.#take('name').text, text);
    }
    return pureToken(text.toLowerCase(), text);
  }

  /** What stands behind `name=`. */
  #named(name: string, token: string | undefined): Body {
    if (this.#took('(')) {
      const alternatives = [this.#element()];
      while (this.#took('|')) alternatives.push(this.#element());
      this.#expect(')');
      return { name, type: 'oneof', token, keySpecIndex: undefined, arguments: alternatives };
    }
    if (this.#took('{')) {
      const parts = [this.#element()];
      while (!this.#took('}')) parts.push(this.#element());
      return { name, type: 'block', token, keySpecIndex: undefined, arguments: parts };
    }
    return pureToken(name, this.#take('token').text);
  }

  /** `name:type`, or `key`. */
  #value(word: string, token: string | undefined): Body {
    const colon = word.lastIndexOf(':');
    const name = word === 'key' ? word : word.slice(0, colon);
    const type = VALUE_TYPES.find((known) => known === word.slice(colon + 1));
    if (type === undefined || name === '') this.#fail(`"${word}" is no argument with a type`);
    return { name, type, token, keySpecIndex: this.#keySpecIndex(type), arguments: [] };
  }

  #keySpecIndex(type: ArgumentType): number | undefined {
    const marked = this.#mark('index');
    if (marked === undefined && type !== 'key') return undefined;
    if (this.#keySpecs === 0) this.#fail('a key, and the command has no key specs');
    this.#lastSpec = Math.min(
      marked === undefined ? this.#lastSpec + 1 : Number(marked),
      this.#keySpecs - 1,
    );
    return this.#lastSpec;
  }

  get #next(): Lexeme {
    return this.#lexemes[this.#at];
  }

  #take(...kinds: readonly LexemeKind[]): Lexeme {
    const lexeme = this.#next;
    if (!kinds.includes(lexeme.kind)) this.#fail(`expected ${kinds.join(' or ')}`);
    this.#at++;
    return lexeme;
  }

  #took(sign: string): boolean {
    const { kind, text } = this.#next;
    if (kind !== 'sign' || text !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#took(sign)) this.#fail(`expected "${sign}"`);
  }

  #mark(kind: LexemeKind): string | undefined {
    return this.#next.kind === kind ? this.#take(kind).text : undefined;
  }

  #fail(problem: string): never {
    throw new Error(`${problem} at ${this.#next.at} in: ${this.#syntax}`);
  }
}

function pureToken(name: string, token: string): Body {
  return { name, type: 'pure-token', token, keySpecIndex: undefined, arguments: [] };
}
