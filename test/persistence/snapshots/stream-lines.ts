// Commands on streams with groups for the command bench: X a key of streams, I the id of an entry that there is or was,
// G a group, C a consumer; the other letters are the bench's.
import type { Random } from '../../support/random.ts';

export const STREAM_LINES: readonly string[] = [
  ...['XADD X * F V F V F V', 'XADD X * F V F V', 'XADD X * F V', 'XADD X NOMKSTREAM * a V b V'],
  ...['XADD X MAXLEN 12 * F V', 'XADD X MAXLEN ~ 8 * F V', 'XADD X MINID I * F V'],
  ...['XDEL X I I', 'XDEL X I', 'XTRIM X MAXLEN ~ N', 'XTRIM X MINID I', 'XTRIM X MAXLEN 30'],
  ...['XSETID X T', 'XDELEX X IDS 2 I I', 'XDELEX X DELREF IDS 1 I', 'XDELEX X ACKED IDS 1 I'],
  ...many(3, 'XGROUP CREATE X G 0 MKSTREAM'),
  ...['XGROUP CREATE X G 0', 'XGROUP CREATE X G $'],
  ...['XGROUP SETID X G I', 'XGROUP SETID X G 0 ENTRIESREAD N', 'XGROUP CREATECONSUMER X G C'],
  ...['XGROUP DELCONSUMER X G C', 'XRETAIN X MAXLEN 40', 'XRETAIN X NONE', 'XTIER X HOT N'],
  ...['XCOMPACT X a', 'XCOMPACT X a KEEP N', 'XADD X * a 1', 'XADD X * a 1 F V'],
  ...many(6, 'XREADGROUP GROUP G C COUNT N STREAMS X >'),
  ...['XREADGROUP GROUP G C STREAMS X >', 'XREADGROUP GROUP G C NOACK COUNT N STREAMS X >'],
  ...['XREADGROUP GROUP G C STREAMS X 0', 'XREADGROUP GROUP G C STREAMS X X > >'],
  ...[
    'XACK X G I I I I I I',
    'XACK X G I I',
    'XACKDEL X G IDS 4 I I I I',
    'XACKDEL X G DELREF IDS 1 I',
  ],
  ...['XCLAIM X G C 0 I I I', 'XCLAIM X G C 0 I FORCE JUSTID', 'XCLAIM X G C 0 I LASTID I'],
  ...['XAUTOCLAIM X G C 0 0 COUNT N', 'XAUTOCLAIM X G C 0 I JUSTID', 'COPY X X REPLACE'],
  ...['RENAME X X', 'PEXPIRE X 900', 'XRANGE X - + COUNT N'],
];
/** As the others, but seldom. */
export const SELDOM_STREAM_LINES: readonly string[] = ['XGROUP DESTROY X G', 'XTRIM X MAXLEN 0'];
/** Beside the others, where values are large. */
export const LARGE_STREAM_LINES: readonly string[] = [
  'XADD X * F B',
  'XADD X MAXLEN ~ 900 * F B V B',
];

/** Of the last entries: of others, few are there any more. */
const KEPT_IDS = 40;
const NO_ID = '1-1';

function many(count: number, line: string): string[] {
  return Array.from({ length: count }, () => line);
}

/** Makes the words that are only in these lines. */
export class StreamWords {
  readonly #random: Random;
  readonly #ids: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Remembers the id in the reply to XADD, encoded. */
  added(reply: string): void {
    const id = /^\$\d+\r\n(\d+-\d+)\r\n$/.exec(reply)?.[1];
    if (id === undefined) return;
    this.#ids.push(id);
    if (this.#ids.length > KEPT_IDS) this.#ids.shift();
  }

  /** The word that a letter stands for; undefined: none of a stream's. */
  word(letter: string, keys: number): string | undefined {
    const random = this.#random;
    switch (letter) {
      case 'X':
        return `stream:${random.integer(0, keys - 1)}`;
      case 'I':
        return this.#ids.length === 0 ? NO_ID : random.pick(this.#ids);
      case 'G':
        return `group:${random.integer(0, 1)}`;
      case 'C':
        return `consumer:${random.integer(0, 2)}`;
      default:
        return undefined;
    }
  }
}
