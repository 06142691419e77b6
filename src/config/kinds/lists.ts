// Values of several words: addresses, save points, buffer limits, sets of flags and names.
import { type Kind, severalWords, singleWord, wrongNumberOfArguments } from '../kind.ts';
import { quoteWord } from '../syntax/words.ts';
import { nulProblem, textOf } from '../text.ts';
import { formatMemory, INT_MAX, parseLong, parseMemory, ULONG_MAX } from './numbers.ts';
import { mustBeOneOf } from './scalars.ts';

/** Most addresses that `bind` takes. */
const MAX_ADDRESSES = 16;

/** Addresses to listen on; one that begins with `-` may be missing on this machine. */
export function addresses(): Kind<readonly string[]> {
  return severalWords<readonly string[]>({
    summary: 'addresses, none for no TCP; `-` before one that may be missing',
    parse(words) {
      if (words.length > MAX_ADDRESSES) return 'Too many bind addresses specified.';
      const text = words.join(' ');
      return nulProblem(text) ?? { value: isNothing(words) ? [] : words, text };
    },
  });
}

/** A snapshot is due when `seconds` have passed and `changes` were made. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** Pairs of seconds and changes. Lines of a file add up; an empty word forgets those before it. */
export function savePoints(): Kind<readonly SavePoint[]> {
  return severalWords<readonly SavePoint[]>({
    summary: 'pairs of seconds and changes, or nothing for no snapshots',
    shape: 'lines',
    parse(words, { current, isRepeated }) {
      if (isNothing(words)) return { value: [], text: '' };
      const value: SavePoint[] = isRepeated && current ? [...current.value] : [];
      if (words.length % 2 !== 0) return 'Invalid save parameters';
      for (let i = 0; i < words.length; i += 2) {
        const seconds = Number(parseLong(words[i]));
        const changes = Number(parseLong(words[i + 1]));
        if (!(seconds >= 1 && seconds <= Number.MAX_SAFE_INTEGER)) return 'Invalid save parameters';
        if (!(changes >= 0 && changes <= INT_MAX)) return 'Invalid save parameters';
        value.push({ seconds, changes });
      }
      return { value, text: value.map((point) => `${point.seconds} ${point.changes}`).join(' ') };
    },
    lines: ({ value }) =>
      value.length === 0
        ? [['']]
        : value.map((point) => [String(point.seconds), String(point.changes)]),
  });
}

/** When a client whose unread replies pile up is disconnected; 0 is no limit. */
export interface BufferLimit {
  /** Disconnected at once beyond this many bytes. */
  readonly hardBytes: number;
  /** Disconnected when beyond this many bytes for `softSeconds`. */
  readonly softBytes: number;
  readonly softSeconds: number;
}

export interface BufferLimits {
  readonly normal: BufferLimit;
  readonly replica: BufferLimit;
  readonly pubsub: BufferLimit;
}

/** Words of the text: for each class its name, hard limit, soft limit and seconds. */
const noBufferLimits = 'normal 0 0 0 slave 0 0 0 pubsub 0 0 0';

/** Output buffer limits of the three classes of clients. Classes that are not named stay. */
export function bufferLimits(): Kind<BufferLimits> {
  return severalWords<BufferLimits>({
    summary: '`normal`, `replica` or `pubsub`, each with hard limit, soft limit and seconds',
    shape: 'keyed',
    parse(words, { current }) {
      if (words.length % 4 !== 0) return 'Wrong number of arguments in buffer limit configuration.';
      const all = (current?.text ?? noBufferLimits).split(' ');
      for (let i = 0; i < words.length; i += 4) {
        const name = words[i].toLowerCase();
        const at = all.indexOf(name === 'replica' ? 'slave' : name);
        if (at < 0 || at % 4 !== 0) {
          return 'Invalid client class specified in buffer limit configuration.';
        }
        const hard = parseMemory(words[i + 1]) ?? -1n;
        const soft = parseMemory(words[i + 2]) ?? -1n;
        const seconds = parseLong(words[i + 3]) ?? -1n;
        if (!isUnsigned(hard, ULONG_MAX) || !isUnsigned(soft, ULONG_MAX)) return badBufferLimit;
        if (!isUnsigned(seconds, INT_MAX)) return badBufferLimit;
        all.splice(at + 1, 3, `${hard}`, `${soft}`, `${seconds}`);
      }
      const limit = (at: number): BufferLimit => ({
        hardBytes: Number(all[at + 1]),
        softBytes: Number(all[at + 2]),
        softSeconds: Number(all[at + 3]),
      });
      return {
        value: { normal: limit(0), replica: limit(4), pubsub: limit(8) },
        text: all.join(' '),
      };
    },
    lines({ text }) {
      const all = text.split(' ');
      return [0, 4, 8].map((at) => [
        all[at] === 'slave' ? 'replica' : all[at],
        formatMemory(all[at + 1]),
        formatMemory(all[at + 2]),
        all[at + 3],
      ]);
    },
  });
}

const badBufferLimit = 'Error in hard, soft or soft_seconds setting in buffer limit configuration.';

/** Three values of oom_score_adj: for a master, a replica, and a process that saves. */
export function oomScores(): Kind<readonly number[]> {
  return severalWords<readonly number[]>({
    summary: 'three numbers, -2000 to 2000',
    parse(words) {
      if (words.length !== 3) return wrongNumberOfArguments;
      const value = words.map((word) => Number(parseLong(word)));
      if (!value.every((score) => score >= -2000 && score <= 2000)) {
        return 'Invalid oom-score-adj-values, elements must be between -2000 and 2000.';
      }
      return { value, text: value.join(' ') };
    },
  });
}

/** Percentiles, 0 to 100. Texts show six decimals at most. */
export function percentiles(): Kind<readonly number[]> {
  const name = 'latency-tracking-info-percentiles';
  return severalWords<readonly number[]>({
    summary: 'percentages, 0 to 100, or nothing',
    parse(words) {
      const value = isNothing(words) ? [] : words.map(parseDouble);
      if (value.some(Number.isNaN)) return `Invalid ${name} parameters`;
      if (!value.every((percent) => percent >= 0 && percent <= 100)) {
        return `${name} parameters should sit between [0.0,100.0]`;
      }
      return { value, text: value.map((percent) => String(Number(percent.toFixed(6)))).join(' ') };
    },
  });
}

/** A number as strtod(3) reads it, or NaN. */
function parseDouble(word: string): number {
  if (/^[+-]?inf(inity)?$/i.test(word)) return word.startsWith('-') ? -Infinity : Infinity;
  const isNumber = /^([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|0x[0-9a-f]+)$/i.test(word);
  const value = isNumber ? Number(word) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** What a signal's shutdown does; several go together. */
export type ShutdownFlag = 'default' | 'save' | 'nosave' | 'now' | 'force';

const shutdownFlagNames: readonly ShutdownFlag[] = ['default', 'save', 'nosave', 'now', 'force'];

/** Options of SHUTDOWN that a signal stands for; `default` is none of them. */
export function shutdownFlags(): Kind<readonly ShutdownFlag[]> {
  return severalWords<readonly ShutdownFlag[]>({
    summary: `${shutdownFlagNames.map((flag) => `\`${flag}\``).join(', ')}; several together`,
    parse(words) {
      const flags = words.map((word) => word.toLowerCase());
      const isKnown = (flag: string) => shutdownFlagNames.some((name) => name === flag);
      if (flags.length === 0 || !flags.every(isKnown)) return mustBeOneOf(shutdownFlagNames);
      const value = shutdownFlagNames.filter((name) => name !== 'default' && flags.includes(name));
      if (value.includes('save') && value.includes('nosave')) {
        return "shutdown options SAVE and NOSAVE can't be used simultaneously";
      }
      return value.length === 0
        ? { value: ['default'], text: 'default' }
        : { value, text: value.join(' ') };
    },
  });
}

/** A server to replicate. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Host and port of a master, or `no one`. */
export function masterAddress(): Kind<HostAndPort | undefined> {
  return severalWords<HostAndPort | undefined>({
    summary: 'host and port of a master, or `no one`',
    empty: { value: undefined, text: '' },
    parse(words) {
      if (words.length !== 2) return wrongNumberOfArguments;
      const [host, port] = words;
      if (host.toLowerCase() === 'no' && port.toLowerCase() === 'one') {
        return { value: undefined, text: '' };
      }
      const number = parseLong(port) ?? -1n;
      if (!isUnsigned(number, 65_535n)) return 'Invalid master port';
      const value = { host: textOf(host) ?? host, port: Number(number) };
      return nulProblem(host) ?? { value, text: `${host} ${number}` };
    },
    lines: ({ text }) => (text === '' ? [] : [text.split(' ')]),
  });
}

/** Classes that stand for others in `notify-keyspace-events`. */
const ALL_EVENT_CLASSES = 'g$lshzxetd';
const EVENT_CLASSES = `A${ALL_EVENT_CLASSES}nKEm`;

/**
 * Classes of key events to publish, one letter each. The value has `A` spelt out; the text has it
 * as Redis prints it.
 */
export function eventClasses(): Kind<string> {
  return singleWord<string>({
    summary: 'letters of `Ag$lshzxeKEtmdn`, or nothing',
    isQuoted: true,
    parse(word) {
      if (![...word].every((letter) => EVENT_CLASSES.includes(letter))) {
        return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
      }
      const has = (letter: string) =>
        word.includes(letter) || (word.includes('A') && ALL_EVENT_CLASSES.includes(letter));
      const pick = (letters: string) => [...letters].filter(has).join('');
      const isAll = [...ALL_EVENT_CLASSES].every(has);
      // Redis does not print `n` beside `A`, though it keeps it.
      const classes = isAll ? 'A' : pick(`${ALL_EVENT_CLASSES}n`);
      return { value: pick(`${ALL_EVENT_CLASSES}nKEm`), text: `${classes}${pick('KEm')}` };
    },
  });
}

/** A command's new name; empty removes the command. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/** Commands to rename, one a line. Names are byte strings. */
export function renamings(): Kind<readonly Renaming[]> {
  return accumulated({
    summary: 'a command and its new name, empty to remove it; repeatable',
    shape: 'keyed',
    words: [2, 2],
    read: ([from, to]) => ({ from, to }),
    write: ({ from, to }) => [from, to],
  });
}

/** Lines that are kept as their words: one of them at least. */
export function wordLines(
  summary: string,
  maxWords = Number.POSITIVE_INFINITY,
): Kind<readonly (readonly string[])[]> {
  return accumulated<readonly string[]>({
    summary,
    shape: 'lines',
    words: [1, maxWords],
    read: (words) => words,
    write: (words) => words,
  });
}

/** A list to which each setting adds one item. */
function accumulated<Item>(options: {
  readonly summary: string;
  readonly shape: 'lines' | 'keyed';
  /** Fewest and most words of an item. */
  readonly words: readonly [number, number];
  readonly read: (words: readonly string[]) => Item;
  readonly write: (item: Item) => readonly string[];
}): Kind<readonly Item[]> {
  const [min, max] = options.words;
  const lines = (items: readonly Item[]) => items.map(options.write);
  return severalWords<readonly Item[]>({
    summary: options.summary,
    shape: options.shape,
    empty: { value: [], text: '' },
    parse(words, { current }) {
      if (words.length < min || words.length > max) return wrongNumberOfArguments;
      const value = [...(current?.value ?? []), options.read(words)];
      return {
        value,
        text: lines(value)
          .map((line) => line.map(quoteWord).join(' '))
          .join('\n'),
      };
    },
    lines: ({ value }) => lines(value),
  });
}

function isNothing(words: readonly string[]): boolean {
  return words.length === 0 || (words.length === 1 && words[0] === '');
}

function isUnsigned(value: bigint, max: bigint): boolean {
  return value >= 0n && value <= max;
}
