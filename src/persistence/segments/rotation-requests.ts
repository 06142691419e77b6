// Who wants the log to go over to a new segment, and when that is prepared: at once, and after an error
// again for as long as the present segment is full. Nobody else who asked is kept waiting for that.
import { errorOf } from './file-system.ts';
import type { SegmentRotation } from './segment-rotation.ts';

/** Who waits for a new segment. */
export interface SwitchListener {
  /** The log has gone over, at an offset that is the stream's end at this moment. */
  switched(offset: number): void;
  /** There is no new segment, and nobody tries any more on this one's behalf. */
  failed(error: Error): void;
}

/** What requests need of the log. */
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
  /** Why there will be no more segments. */
  #closed: Error | undefined;

  constructor(rotation: SegmentRotation, host: RotationHost) {
    this.#rotation = rotation;
    this.#host = host;
  }

  /** Has the log go over as soon as that is possible. */
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
    for (const listener of this.#take()) listener.switched(offset);
  }

  /** Refuses those who wait, and whatever comes. */
  close(error: Error): void {
    this.#closed = error;
    clearTimeout(this.#timer);
    for (const listener of this.#take()) listener.failed(error);
  }

  #failed(error: Error): void {
    for (const listener of this.#take()) listener.failed(error);
    if (this.#closed !== undefined) return;
    this.#host.onWarning(error);
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
