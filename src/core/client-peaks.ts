// The largest buffers that a client had in the last seconds, for INFO: client_recent_max_input_buffer and
// client_recent_max_output_buffer. As in Redis there is a slot for each of the last eight seconds.

const SLOTS = 8;

/** See the head of this file. */
export class ClientPeaks {
  readonly #input = new Float64Array(SLOTS);
  readonly #output = new Float64Array(SLOTS);
  #second = 0;

  /** The largest input and output buffer, in bytes. */
  get inputBytes(): number {
    return Math.max(...this.#input);
  }

  get outputBytes(): number {
    return Math.max(...this.#output);
  }

  /** Forgets what is too old. @param nowMs Unix time, in ms */
  advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    // A clock that was set back is no reason to keep old peaks for longer.
    const passed = second < this.#second ? SLOTS : Math.min(SLOTS, second - this.#second);
    for (let i = 0; i < passed; i++) {
      const slot = (second - i) % SLOTS;
      this.#input[slot] = 0;
      this.#output[slot] = 0;
    }
    this.#second = second;
  }

  /** Notes the buffers that a client has now, in bytes. */
  note(inputBytes: number, outputBytes: number): void {
    const slot = this.#second % SLOTS;
    this.#input[slot] = Math.max(this.#input[slot], inputBytes);
    this.#output[slot] = Math.max(this.#output[slot], outputBytes);
  }
}
