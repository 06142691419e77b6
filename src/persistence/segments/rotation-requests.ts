// Requests to go over to a new segment. The segment is prepared at once, and after an error again only while the
// present segment is full. Other requests fail at the first error.
import { errorOf } from './file-system.ts';
import type { SegmentRotation } from './segment-rotation.ts';

/** A listener that waits for a new segment. */
export interface SwitchListener {
  /** The log has gone over, at an offset that is the stream's end at this moment. */
  switched(offset: number): void;
  /** There is no new segment, and it is not tried again for this listener. */
  failed(error: Error): void;
}

/** What requests need from the log. */
export interface RotationHost {
  /** Between two attempts after an error. */
  readonly retryMs: number;
  /** Whether the present segment is as large as one may become. */
  isSegmentFull(): boolean;
  /** The new segment is ready. */
  ready(): void;
  onWarning(error: Error): void;
}

/** See the head of this file. */
export class RotationRequests {
  readonly #rotation: SegmentRotation;
  readonly #host: RotationHost;
  #listeners: SwitchListener[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** What was told of the last attempt, if that has failed. */
  #told = '';
  /** Why there will be no more segments. */
  #closed: Error | undefined;

  constructor(rotation: SegmentRotation, host: RotationHost) {
    this.#rotation = rotation;
    this.#host = host;
  }

  /** Makes the log go over as soon as possible. */
  add(listener: SwitchListener): void {
    if (this.#closed !== undefined) {
      listener.failed(this.#closed);
      return;
    }
    this.#listeners.push(listener);
    this.prepare();
  }

  /** Prepares the next segment, unless that is under way. */
  prepare(): void {
    if (this.#rotation.isUnderWay || this.#timer !== undefined || this.#closed) return;
    this.#rotation.prepare().then(
      () => this.#host.ready(),
      (error: unknown) => this.#failed(errorOf(error)),
    );
  }

  /** The log has gone over. */
  switched(offset: number): void {
    this.#told = '';
    for (const listener of this.#take()) listener.switched(offset);
  }

  /** Refuses all present and later requests. */
  close(error: Error): void {
    this.#closed = error;
    clearTimeout(this.#timer);
    for (const listener of this.#take()) listener.failed(error);
  }

  #failed(error: Error): void {
    for (const listener of this.#take()) listener.failed(error);
    if (this.#closed !== undefined) return;
    // While it is tried again and again, what is the same is said once.
    if (error.message !== this.#told) this.#host.onWarning(error);
    this.#told = error.message;
    if (!this.#host.isSegmentFull()) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.prepare();
    }, this.#host.retryMs);
    this.#timer.unref();
  }

  #take(): readonly SwitchListener[] {
    const listeners = this.#listeners;
    this.#listeners = [];
    return listeners;
  }
}
