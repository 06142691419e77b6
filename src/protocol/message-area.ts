// Where messages for many receivers are encoded, once for all of them. Receivers are handed the
// range [start, end) of a buffer; messages that follow each other lie side by side, so what a
// receiver is to get in one iteration of the event loop is mostly one range and leaves without a copy.
//
//   area:  [ message 1 ][ message 2 ][ message 3 ][ … free … ]
//   A:       0 ──────────────────────────────── 150               one range for three messages
//   B:       0 ──── 50                100 ───── 150               two, as message 2 is not for it
//
// Bytes handed out stay as they are until `release` (net/reply-queue.ts calls it once everything
// has left); an area that is full goes on in another buffer, and never overwrites.
import { viewOf } from './copy-bytes.ts';

/** Room for what the requests of one read publish, mostly. */
const AREA_BYTES = 128 * 1024;
/** Messages above this get a buffer of their own. */
const LARGE_BYTES = 16 * 1024;

/** A buffer in which messages gather; see the head of this file. */
export class MessageArea {
  /** Where the message lies that room was made for last. */
  buffer: Buffer;
  /** The same bytes. */
  view: DataView;
  #shared: Buffer;
  #sharedView: DataView;
  #position = 0;

  constructor() {
    this.#shared = Buffer.allocUnsafeSlow(AREA_BYTES);
    this.#sharedView = viewOf(this.#shared);
    this.buffer = this.#shared;
    this.view = this.#sharedView;
  }

  /** Bytes gathered since the last release. */
  get gatheredBytes(): number {
    return this.#position;
  }

  /**
   * Makes room for a message of so many bytes in `buffer`, which may be another one than before.
   * @returns where in it the message begins
   */
  allocate(sizeBytes: number): number {
    if (sizeBytes > LARGE_BYTES) {
      this.buffer = Buffer.allocUnsafeSlow(sizeBytes);
      this.view = viewOf(this.buffer);
      return 0;
    }
    if (this.#position + sizeBytes > AREA_BYTES) this.#replace();
    this.buffer = this.#shared;
    this.view = this.#sharedView;
    const start = this.#position;
    this.#position = start + sizeBytes;
    return start;
  }

  /**
   * Everything handed out has left.
   * @param kept whether somebody still needs the bytes: they are given up to them then
   */
  release(kept: boolean): void {
    if (kept) this.#replace();
    else this.#position = 0;
  }

  #replace(): void {
    this.#shared = Buffer.allocUnsafeSlow(AREA_BYTES);
    this.#sharedView = viewOf(this.#shared);
    this.#position = 0;
  }
}
