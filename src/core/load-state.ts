// Whether data is being loaded, from a snapshot or a log, and how far that is. Clients are answered `-LOADING`
// meanwhile.
import { LOADING_DATA, type Restrictions } from './restrictions.ts';

/** How far loading is. */
export interface LoadProgress {
  readonly startedMs: number;
  readonly totalBytes: number;
  loadedBytes: number;
}

/** The loading of a server's data. */
export class LoadState {
  isActive = false;
  /** Undefined while nothing is loaded, and until it is known how much there is. */
  progress: LoadProgress | undefined;
  readonly #restrictions: Restrictions;

  /** @param restrictions where it says that data is being loaded */
  constructor(restrictions: Restrictions) {
    this.#restrictions = restrictions;
  }

  begin(progress?: LoadProgress): void {
    this.isActive = true;
    this.progress = progress;
    this.#restrictions.set(LOADING_DATA, true);
  }

  end(): void {
    this.isActive = false;
    this.progress = undefined;
    this.#restrictions.set(LOADING_DATA, false);
  }
}
