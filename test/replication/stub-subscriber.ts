// A subscriber of the command stream that keeps what it gets, and is as safe as a test says.
import { CommandReader } from '../../src/persistence/recovery/commands-of.ts';
import type { PinnedPiece } from '../../src/protocol/large-argument.ts';
import type { StreamSubscriber, SubscriberKind } from '../../src/replication/subscriber.ts';

export class StubSubscriber implements StreamSubscriber {
  readonly kind: SubscriberKind;
  holdsReplies = false;
  isComplete = true;
  /** Constant, unless the test ends groups. */
  groupStart = 0;
  durableOffset = 0;
  syncedOffset = 0;
  /** Where it began; -1 before. */
  start = -1;
  /** Errors that it was told of. */
  readonly errors: unknown[] = [];
  /** Offsets at which it was told to close a group. */
  readonly closed: number[] = [];
  readonly pinned: PinnedPiece[] = [];
  commits = 0;
  /** Called before bytes are taken; may throw. */
  onAppend: () => void = () => {};
  readonly #pieces: Buffer[] = [];

  constructor(kind: SubscriberKind = 'feed') {
    this.kind = kind;
  }

  begin(offset: number): void {
    if (this.start !== -1) throw new Error('it has begun twice');
    this.start = offset;
    this.groupStart = offset;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.onAppend();
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  appendPinned(piece: PinnedPiece): void {
    this.onAppend();
    const bytes = Buffer.alloc(piece.length);
    piece.copyTo(bytes, 0, 0, piece.length);
    this.#pieces.push(bytes);
    this.pinned.push(piece);
  }

  closeGroup(): void {
    this.closed.push(this.end);
    this.endGroup();
  }

  commit(): void {
    this.commits++;
  }

  failed(error: unknown): void {
    this.errors.push(error);
  }

  /** Has what comes next be in another group. */
  endGroup(): void {
    this.groupStart = this.end;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  /** Where what it got ends. */
  get end(): number {
    return this.start + this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** What it got, a line a command. */
  get lines(): string[] {
    const found: string[] = [];
    new CommandReader().forEach(this.bytes, (request) => {
      const words = Array.from({ length: request.count }, (_, i) => request.latin1(i));
      found.push(words.join(' '));
    });
    return found;
  }
}
