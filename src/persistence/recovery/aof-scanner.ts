// Reads one file of the log from its beginning: groups, each verified, and commands as Redis writes
// them, without Synap's annotations. A file has groups first, then plain commands if Redis was run on the directory
// meanwhile; groups never follow plain commands. A time stamp belongs to the group or command after it, and has no
// effect. `next` reads what is in memory, and asks for `fill` when that is not enough, so that small groups do not
// cost a promise each.
//
// Plain commands are handed out in runs: whole commands, never a part of a MULTI … EXEC, with Redis's annotations
// removed, so that a run's length is what it adds to the offset. They have no checksums: a file's end counts as torn
// only if it is exactly the beginning of a command, and contains no whole command.

import type { FileSystem } from '../segments/file-system.ts';
import {
  HEADER_BYTES,
  headerPlace,
  isIntact,
  mayBeGroupHeader,
  readGroupHeader,
} from '../segments/group-header.ts';
import { mayBeTimeStamp, STAMP_BYTES, timeStampEnd } from '../segments/time-stamp.ts';
import {
  CUT,
  endOfCommand,
  endsInLineFeed,
  holdsCommand,
  isCalled,
  WRONG,
} from './command-text.ts';

/** What `next` found. */
export const MORE = 0;
export const GROUP = 1;
export const PLAIN = 2;
export const END = 3;
export const BAD = 4;
export type Found = typeof MORE | typeof GROUP | typeof PLAIN | typeof END | typeof BAD;

const WINDOW_BYTES = 1 << 20;
/** Most bytes of one read: the system reads at most 2 GiB at a time. */
const READ_BYTES = 1 << 30;
const MAX_ANNOTATION_BYTES = 1024;
const HASH = 35;
const STAR = 42;
const LF = 10;
const TRANSACTION_ENDS = ['exec', 'discard', 'reset'];
const CUT_OFF = 'a group is cut off';
const LINE_FEED =
  'its lines end in LF instead of CR LF, as an editor or the transfer of a text leaves them';

/** Why the file cannot be read further. */
export interface Problem {
  /** Position in the file, and offset in the stream, after all that is complete. */
  readonly position: number;
  readonly offset: number;
  readonly reason: string;
  /** Whether a crash during a write may explain it, judged by this place alone. */
  readonly mayBeTorn: boolean;
}

/** Bytes that were removed from the window, and where. */
interface Removal {
  at: number;
  readonly bytes: number;
}

/** Where and what to read. */
export interface ScanRange {
  /** The file's name, for messages. */
  readonly file: string;
  /** Where the first group or command is. */
  readonly position: number;
  /** The stream's offset there; undefined if the first group states it. */
  readonly offset: number | undefined;
  /** Position at which reading ends. */
  readonly end: number;
  /** Whether every annotation must be that of a group, or a time stamp: the file is Synap's own. */
  readonly isOwn: boolean;
}

/** A reader of one file; the results of `next` are valid until the next call. */
export class AofScanner {
  /** Where the group's or run's bytes are, after GROUP and PLAIN. */
  buffer: Buffer;
  bodyStart = 0;
  bodyEnd = 0;
  /** The stream's offset of `bodyStart`. */
  start = 0;
  readonly file: string;
  /** Set after BAD. */
  problem: Problem | undefined;
  /** Whether the problem is a transaction without an end: its whole commands are handed out as a run. */
  isUnended = false;
  /** Whether plain commands were found. */
  hasPlain = false;
  readonly #fs: FileSystem;
  readonly #fd: number;
  readonly #end: number;
  #isOwn: boolean;
  #offset: number | undefined;
  /**
   * Position in the file of the buffer's first byte, computed from that of `#at`. The fields that follow count the
   * bytes of annotations removed after `#at`, and those of them before the run's end.
   */
  #base: number;
  #removed = 0;
  #removedInRun = 0;
  /** The same, one by one: the removals after `#at`, and those within the run. */
  #removals: Removal[] = [];
  #runRemovals: Removal[] = [];
  /** `#base` where the run begins. */
  #runBase = 0;
  #at = 0;
  #filled = 0;
  #neededBytes = 0;
  /** While in plain commands: where the next one begins, and whether inside MULTI. */
  #commandAt = 0;
  #isInMulti = false;

  constructor(fs: FileSystem, fd: number, range: ScanRange) {
    const sizeBytes = Math.max(1, Math.min(WINDOW_BYTES, range.end - range.position));
    this.buffer = Buffer.allocUnsafeSlow(sizeBytes);
    this.file = range.file;
    this.#fs = fs;
    this.#fd = fd;
    this.#base = range.position;
    this.#offset = range.offset;
    this.#end = range.end;
    this.#isOwn = range.isOwn;
  }

  /** The stream's offset after what was found. */
  get offset(): number {
    return this.#offset ?? 0;
  }

  /** The position in the file after what was found. */
  get position(): number {
    return this.#base + this.#at;
  }

  /** The position in the file of byte `at` of the buffer, within the group or run that was found. */
  positionOf(at: number): number {
    let position = this.#runBase + at;
    for (const removal of this.#runRemovals) if (removal.at <= at) position += removal.bytes;
    return position;
  }

  /** The next group or run. */
  next(): Found {
    if (this.hasPlain) return this.#plain();
    const at = this.#at;
    const isAll = this.#isAllRead();
    if (at === this.#filled) return isAll ? END : this.#need(1);
    if (this.buffer[at] === STAR) return this.#beginPlain();
    const mostBytes = STAMP_BYTES + HEADER_BYTES;
    if (this.#filled - at < mostBytes && !isAll) return this.#need(mostBytes);
    const headerAt = headerPlace(this.buffer, at, this.#filled);
    const isThere =
      headerAt < this.#filled && mayBeGroupHeader(this.buffer, headerAt, this.#filled);
    if (isThere) return this.#group(headerAt);
    if (this.buffer[at] === HASH && !this.#isOwn) return this.#beginPlain();
    return this.#behindGroups();
  }

  /** Reads what follows the groups in a file of Synap: a time stamp and commands of Redis, or nothing. */
  #behindGroups(): Found {
    const { buffer } = this;
    const at = this.#at;
    const lineEnd = timeStampEnd(buffer, at, this.#filled);
    if (lineEnd > at && lineEnd < this.#filled) {
      const isMore = buffer[lineEnd] === HASH && mayBeTimeStamp(buffer, lineEnd, this.#filled);
      if (buffer[lineEnd] === STAR || isMore) return this.#beginPlain();
    }
    if (isLineFed(buffer, at, this.#filled)) return this.#bad(LINE_FEED, false);
    const isStampCut = mayBeTimeStamp(buffer, at, this.#filled) && this.#filled - at <= STAMP_BYTES;
    return this.#bad(isStampCut ? CUT_OFF : 'there is neither a group nor a command', this.#isOwn);
  }

  /** Reads more of the file; called after MORE. */
  async fill(): Promise<void> {
    this.#discard();
    if (this.#neededBytes > this.buffer.length) {
      const doubled = Math.min(2 * this.buffer.length, READ_BYTES);
      const sizeBytes = Math.max(this.#neededBytes, doubled);
      const larger = Buffer.allocUnsafeSlow(sizeBytes);
      this.buffer.copy(larger, 0, 0, this.#filled);
      this.buffer = larger;
    }
    const position = this.#base + this.#removed + this.#filled;
    const room = Math.min(this.buffer.length - this.#filled, this.#end - position, READ_BYTES);
    const count = await this.#fs.read(this.#fd, this.buffer, this.#filled, room, position);
    if (count === 0) throw new Error('the file became shorter while it was read');
    this.#filled += count;
  }

  /** Reads the group whose annotation is at `headerAt`, after its time stamp if it has one. */
  #group(headerAt: number): Found {
    const { buffer } = this;
    const at = this.#at;
    if (this.#filled - headerAt < HEADER_BYTES) return this.#bad(CUT_OFF, true);
    const header = readGroupHeader(buffer, headerAt, headerAt - at);
    if (header === undefined) {
      if (isLineFed(buffer, headerAt, this.#filled)) return this.#bad(LINE_FEED, false);
      return this.#bad("a group's annotation is damaged", true);
    }
    this.#isOwn = true;
    this.#offset ??= header.start;
    if (header.start !== this.#offset) {
      // A gap within a file is no effect of a crash; a gap at its beginning may be: the end of the file before may
      // be lost.
      const isGap = header.start > this.#offset && this.position === 0;
      return this.#bad(`the group of offset ${header.start} stands here`, isGap);
    }
    const bodyStart = headerAt + HEADER_BYTES;
    const bodyEnd = bodyStart + header.length;
    if (this.#base + bodyEnd > this.#end) return this.#bad(CUT_OFF, true);
    if (bodyEnd > this.#filled) return this.#need(bodyEnd - at);
    if (!isIntact(header, buffer, bodyStart)) {
      // Later groups are searched for by the caller; plain commands only here.
      const isFollowed = bodyEnd < this.#filled && buffer[bodyEnd] === STAR;
      return this.#bad("a group's checksum is wrong", !isFollowed);
    }
    this.bodyStart = bodyStart;
    this.bodyEnd = bodyEnd;
    this.start = header.start;
    this.#runBase = this.#base;
    this.#at = bodyEnd;
    this.#offset = header.start + header.length;
    return GROUP;
  }

  #beginPlain(): Found {
    this.hasPlain = true;
    this.#offset ??= 0;
    this.#commandAt = this.#at;
    return this.#plain();
  }

  /** Reads whole commands as far as the window reaches. */
  #plain(): Found {
    let end = this.#isInMulti ? this.#at : this.#commandAt;
    for (;;) {
      const found = this.#skipAnnotations();
      if (found === BAD) return this.#badAfter(end);
      if (found === MORE) break;
      const result = this.#command();
      if (result === BAD) return this.#badAfter(end);
      if (result === MORE) break;
      if (this.#isInMulti) continue;
      end = this.#commandAt;
      this.#removedInRun = this.#removed;
    }
    if (end > this.#at) return this.#run(end);
    if (!this.#isAllRead())
      return this.#need(Math.max(this.#neededBytes, this.#filled - this.#at + 1));
    if (this.#commandAt === this.#filled && !this.#isInMulti) return END;
    return this.#cutOff();
  }

  /** The rest of the file is not a whole command, or is a transaction without an end. */
  #cutOff(): Found {
    const { buffer } = this;
    const at = this.#commandAt;
    if (holdsCommand(buffer, at, this.#filled)) {
      return this.#bad(`a length is wrong in the command at byte ${this.#commandPosition}`, false);
    }
    if (!this.#isInMulti) return this.#bad('a command is cut off', true);
    this.isUnended = true;
    this.#beginBody(at);
    return this.#bad('a transaction is cut off', true);
  }

  /** Removes annotations from the window; MORE when the window ends. */
  #skipAnnotations(): Found {
    const { buffer } = this;
    const at = this.#commandAt;
    for (;;) {
      if (at === this.#filled) return MORE;
      if (buffer[at] !== HASH) return PLAIN;
      const lineEnd = buffer.subarray(0, this.#filled).indexOf(LF, at) + 1;
      if (lineEnd === 0 && this.#filled - at < MAX_ANNOTATION_BYTES) return MORE;
      const isWrong = lineEnd === 0 || lineEnd - at > MAX_ANNOTATION_BYTES;
      const isStamp = mayBeTimeStamp(buffer, at, this.#filled);
      // A damaged annotation would hide what follows, up to the end of its line.
      const isForbidden = isStamp
        ? timeStampEnd(buffer, at, this.#filled) !== lineEnd
        : this.#isOwn;
      if (isWrong || isForbidden || mayBeGroupHeader(buffer, at, this.#filled)) return BAD;
      const bytes = lineEnd - at;
      buffer.copyWithin(at, lineEnd, this.#filled);
      this.#filled -= bytes;
      this.#removed += bytes;
      this.#removals.push({ at, bytes });
    }
  }

  /** Reads over one command, whose first byte is in the window. */
  #command(): Found {
    const { buffer } = this;
    const at = this.#commandAt;
    const end = endOfCommand(buffer, at, this.#filled);
    if (end === CUT) return MORE;
    if (end === WRONG) return BAD;
    if (this.#isInMulti) this.#isInMulti = !endsTransaction(buffer, at, end);
    else this.#isInMulti = isCalled(buffer, at, end, 'multi');
    this.#commandAt = end;
    return PLAIN;
  }

  /** Hands out what is complete before a problem; the next call of `next` returns the problem. */
  #badAfter(end: number): Found {
    if (end > this.#at) return this.#run(end);
    return this.#noCommand();
  }

  #noCommand(): Found {
    const at = this.#commandAt;
    if (endsInLineFeed(this.buffer, at, this.#filled)) return this.#bad(LINE_FEED, false);
    return this.#bad(`there is no command at byte ${this.#commandPosition}`, false);
  }

  /** The position in the file of the current command. */
  get #commandPosition(): number {
    return this.#base + this.#commandAt + this.#removed;
  }

  #beginBody(end: number): void {
    this.bodyStart = this.#at;
    this.bodyEnd = end;
    this.start = this.offset;
    this.#runBase = this.#base;
    this.#runRemovals = this.#removals.filter(({ at }) => at < end);
  }

  #run(end: number): Found {
    this.#beginBody(end);
    if (this.#runRemovals.length > 0) this.#removals.splice(0, this.#runRemovals.length);
    this.#offset = this.start + end - this.#at;
    this.#at = end;
    this.#base += this.#removedInRun;
    this.#removed -= this.#removedInRun;
    this.#removedInRun = 0;
    return PLAIN;
  }

  #need(bytes: number): Found {
    this.#neededBytes = bytes;
    return MORE;
  }

  #bad(reason: string, mayBeTorn: boolean): Found {
    const { position, offset } = this;
    this.problem = { position, offset, reason, mayBeTorn };
    return BAD;
  }

  #isAllRead(): boolean {
    return this.#base + this.#removed + this.#filled >= this.#end;
  }

  /** Moves what has not been handed out to the buffer's beginning. */
  #discard(): void {
    const at = this.#at;
    this.buffer.copyWithin(0, at, this.#filled);
    this.#base += at;
    this.#filled -= at;
    this.#commandAt = Math.max(0, this.#commandAt - at);
    for (const removal of this.#removals) removal.at -= at;
    this.#at = 0;
  }
}

/** Whether a command ends the transaction that it is in. */
function endsTransaction(bytes: Buffer, at: number, end: number): boolean {
  return TRANSACTION_ENDS.some((word) => isCalled(bytes, at, end, word));
}

/** Whether there is a time stamp or a group's annotation whose line ends in LF alone. */
function isLineFed(bytes: Buffer, at: number, end: number): boolean {
  const lineBytes = mayBeTimeStamp(bytes, at, end) ? STAMP_BYTES : HEADER_BYTES;
  return at + lineBytes - 2 < end && bytes[at + lineBytes - 2] === LF;
}
