// Values by name, found by the bytes of a request: names are byte strings whose ASCII letters match
// in either case. Open addressing with linear probing; a lookup allocates nothing.

const INITIAL_SLOTS = 64;
/** Slots for each name: most lookups of unknown names end at the first one. */
const SLOTS_PER_NAME = 4;

interface NameSlot<T> {
  /** In lower case. */
  readonly name: Buffer;
  readonly value: T;
}

/** Values by name; see the head of this file. */
export class NameTable<T> {
  #slots: (NameSlot<T> | undefined)[] = emptySlots(INITIAL_SLOTS);
  #size = 0;
  #longest = 0;
  /** What was found last: a pipeline mostly repeats its command. */
  #last: NameSlot<T> | undefined;

  /** Adds a value under a name that is not there yet, in lower case, one character a byte. */
  add(name: string, value: T): void {
    this.#size++;
    this.#longest = Math.max(this.#longest, name.length);
    if (this.#size * SLOTS_PER_NAME > this.#slots.length) this.#grow();
    this.#enter({ name: Buffer.from(name, 'latin1'), value });
  }

  /** Forgets all names. */
  clear(): void {
    this.#slots = emptySlots(INITIAL_SLOTS);
    this.#size = 0;
    this.#longest = 0;
    this.#last = undefined;
  }

  /** The value of the name in these bytes. */
  find(bytes: Uint8Array, offset: number, length: number): T | undefined {
    const last = this.#last;
    if (last !== undefined && isName(last.name, bytes, offset, length)) return last.value;
    // However long it is: it may lie elsewhere (Request.large).
    if (length > this.#longest) return undefined;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashName(bytes, offset, length) & mask;
    for (;;) {
      const entry = slots[slot];
      if (entry === undefined) return undefined;
      if (isName(entry.name, bytes, offset, length)) {
        this.#last = entry;
        return entry.value;
      }
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = emptySlots(2 * old.length);
    for (const entry of old) if (entry !== undefined) this.#enter(entry);
  }

  #enter(entry: NameSlot<T>): void {
    const mask = this.#slots.length - 1;
    let slot = hashName(entry.name, 0, entry.name.length) & mask;
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }
}

function emptySlots(count: number): undefined[] {
  return new Array(count).fill(undefined);
}

function hashName(bytes: Uint8Array, offset: number, length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + (bytes[offset + i] | 32)) | 0;
  return hash ^ (hash >>> 15);
}

function isName(name: Uint8Array, bytes: Uint8Array, offset: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) {
    let byte = bytes[offset + i];
    if (byte >= 65 && byte <= 90) byte |= 32;
    if (byte !== name[i]) return false;
  }
  return true;
}
