// What ZUNION, ZINTER and ZDIFF read: sorted sets, and sets, whose members have the score 1. A type that can be read so
// has a source here.
import type { Call } from '../../core/call.ts';
import { WRONG_TYPE } from '../../core/errors.ts';
import type { Entries } from '../../keyspace/entries.ts';
import { TYPE_SET } from '../../types/set/encodings.ts';
import { Member } from '../../types/set/member.ts';
import { SetView } from '../../types/set/set-view.ts';
import { TYPE_ZSET } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import { findMember, memberCount } from '../../types/zset/values.ts';

/** The members of one input, one by one; valid until the next change of any data. */
export interface MemberSource {
  /** The present member: bytes, and its score. */
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly score: number;
  /** Number of members. */
  readonly count: number;
  /** Goes to the first member; false if there is none. */
  first(): boolean;
  /** Goes on to the next one; false behind the last. */
  next(): boolean;
  /** The score of a member; NaN if it is not there. */
  find(bytes: Buffer, offset: number, length: number): number;
}

/** The members of a sorted set. */
class SortedSetSource implements MemberSource {
  readonly count: number;
  readonly #entries: Entries;
  readonly #ref: number;
  readonly #cursor = new MemberCursor();

  constructor(entries: Entries, ref: number) {
    this.#entries = entries;
    this.#ref = ref;
    this.count = memberCount(entries, ref);
  }

  get buffer(): Buffer {
    return this.#cursor.buffer;
  }

  get offset(): number {
    return this.#cursor.offset;
  }

  get length(): number {
    return this.#cursor.length;
  }

  get score(): number {
    return this.#cursor.score;
  }

  first(): boolean {
    this.#cursor.open(this.#entries, this.#ref);
    return this.#loaded(this.#cursor.seek(0));
  }

  next(): boolean {
    return this.#loaded(this.#cursor.next());
  }

  find(bytes: Buffer, offset: number, length: number): number {
    return findMember(this.#entries, this.#ref, bytes, offset, length);
  }

  #loaded(isThere: boolean): boolean {
    if (isThere) this.#cursor.asBytes();
    return isThere;
  }
}

/** The members of a set. */
class SetSource implements MemberSource {
  readonly score = 1;
  readonly count: number;
  readonly #view = new SetView();
  readonly #member = new Member();
  readonly #asked = new Member();

  constructor(entries: Entries, ref: number) {
    this.#view.open(entries, ref);
    this.count = this.#view.count;
  }

  get buffer(): Buffer {
    return this.#member.buffer;
  }

  get offset(): number {
    return this.#member.offset;
  }

  get length(): number {
    return this.#member.length;
  }

  first(): boolean {
    this.#view.rewind();
    return this.next();
  }

  next(): boolean {
    const isThere = this.#view.next();
    if (isThere) {
      this.#view.readNext(this.#member);
      this.#member.asBytes();
    }
    return isThere;
  }

  find(bytes: Buffer, offset: number, length: number): number {
    this.#asked.setBytes(bytes, offset, length);
    return this.#view.has(this.#asked) ? 1 : Number.NaN;
  }
}

/** Makes the source of a value, by the number of its type. */
const SOURCES: Readonly<Record<number, (entries: Entries, ref: number) => MemberSource>> = {
  [TYPE_SET]: (entries, ref) => new SetSource(entries, ref),
  [TYPE_ZSET]: (entries, ref) => new SortedSetSource(entries, ref),
};

/** One input of a command. */
export interface Input {
  /** The members; undefined if there is no such key. */
  readonly source: MemberSource | undefined;
  readonly ref: number;
  weight: number;
}

/** Looks `count` keys up from argument `first` on; undefined after answering an error. */
export function readInputs(call: Call, first: number, count: number): Input[] | undefined {
  const { request, reply, db } = call;
  const inputs: Input[] = [];
  for (let i = first; i < first + count; i++) {
    const ref = db.lookupRead(request, i);
    if (ref === 0) {
      inputs.push({ source: undefined, ref, weight: 1 });
      continue;
    }
    const source = SOURCES[db.typeOf(ref)]?.(db.entries, ref);
    if (source === undefined) {
      reply.error(WRONG_TYPE);
      return undefined;
    }
    inputs.push({ source, ref, weight: 1 });
  }
  return inputs;
}
