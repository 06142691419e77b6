// Values of the stub type: stacks of byte strings. A short one lies within its entry, top first; a longer one is
// linked, and the entry has its root:
//
//   ENCODING_INLINE   [ length: 1 byte ][ bytes ] …
//   ENCODING_LINKED   [ root: 4 bytes ]
//
// Functions that change a stack return its entry's reference, or 0 when it has become empty and is gone.
import type { Database } from '../../../src/keyspace/database.ts';
import { type Entries, NO_EXPIRY } from '../../../src/keyspace/entries.ts';
import type { EntryTarget } from '../../../src/keyspace/value-type.ts';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { ByteView } from '../../../src/structures/entry.ts';
import { ENCODING_INLINE, ENCODING_LINKED, TYPE_STUB } from './encodings.ts';
import { LinkedStacks } from './linked-stacks.ts';

/** Bytes of the value of a linked stack. */
const ROOT_BYTES = 4;
/** Longest stack within its entry, and the longest that goes back there, in bytes. */
const MAX_INLINE_BYTES = 64;
const INLINE_AGAIN_BYTES = 16;

/** What works on the linked stacks that a keyspace's entries have. */
export function stacksOf({ collections }: Entries): LinkedStacks {
  const stacks = collections[TYPE_STUB];
  if (!(stacks instanceof LinkedStacks)) throw new Error('this keyspace has no stacks');
  return stacks;
}

/** Number of elements. */
export function stackLength(entries: Entries, ref: number): number {
  if (entries.encodingOf(ref) === ENCODING_INLINE) return inlineElements(entries, ref).length;
  return stacksOf(entries).length(entries.root(ref));
}

/** Copies of the elements, from the top. */
export function elementsOf(entries: Entries, ref: number): Buffer[] {
  if (entries.encodingOf(ref) === ENCODING_INLINE) return inlineElements(entries, ref);
  const stacks = stacksOf(entries);
  const view = new ByteView();
  const elements: Buffer[] = [];
  for (let node = stacks.top(entries.root(ref)); node !== 0; node = stacks.next(node)) {
    stacks.view(node, view);
    elements.push(view.copy());
  }
  return elements;
}

/**
 * Puts an element on top.
 * @param ref the stack under argument i, or 0: `peek` just found nothing there, and one is made
 */
export function push(
  db: Database,
  ref: number,
  request: Request,
  i: number,
  bytes: Buffer,
): number {
  const { entries } = db;
  if (ref === 0) return storeStack(db, request, i, [bytes], NO_EXPIRY);
  if (db.encodingOf(ref) === ENCODING_LINKED) {
    stacksOf(entries).push(entries.root(ref), bytes);
    return ref;
  }
  const elements = [bytes, ...inlineElements(entries, ref)];
  const packed = packed64(elements);
  if (packed !== undefined) return fill(db, db.resize(ref, packed.length), packed);
  return withNewRoot(entries, elements, (root) => {
    const target = db.refit(ref, ROOT_BYTES);
    entries.setEncoding(target, ENCODING_LINKED);
    entries.setRoot(target, root);
    return target;
  });
}

/** Takes up to so many elements off the top. */
export function pop(db: Database, ref: number, count: number): number {
  const { entries } = db;
  if (count >= stackLength(entries, ref)) {
    db.discard(ref);
    return 0;
  }
  if (db.encodingOf(ref) === ENCODING_INLINE) {
    const packed = packed64(inlineElements(entries, ref).slice(count)) ?? Buffer.alloc(0);
    return fill(db, db.resize(ref, packed.length), packed);
  }
  const root = entries.root(ref);
  stacksOf(entries).pop(root, count);
  return inlineAgain(db, ref, root);
}

/** Stores a stack of elements, the top first, under argument i, which `peek` just found missing. */
export function storeStack(
  db: EntryTarget,
  request: Request,
  i: number,
  elements: readonly Buffer[],
  expiry: number,
): number {
  const packed = packed64(elements);
  if (packed === undefined) {
    return withNewRoot(db.entries, elements, (root) => storeRoot(db, request, i, root, expiry));
  }
  const ref = db.build(0, request, i, TYPE_STUB, ENCODING_INLINE, packed.length, expiry);
  db.entries.fillValue(ref, packed, 0, packed.length);
  db.put(0, ref);
  return ref;
}

/** Stores a linked stack, which is the entry's then. */
export function storeRoot(
  db: EntryTarget,
  request: Request,
  i: number,
  root: number,
  expiry: number,
): number {
  const ref = db.build(0, request, i, TYPE_STUB, ENCODING_LINKED, ROOT_BYTES, expiry);
  db.entries.setRoot(ref, root);
  db.put(0, ref);
  return ref;
}

/** Elements as they lie in an entry; undefined when they are too long for that. */
export function packed64(elements: readonly Buffer[]): Buffer | undefined {
  const total = elements.reduce((sum, { length }) => sum + 1 + length, 0);
  if (total > MAX_INLINE_BYTES) return undefined;
  return Buffer.concat(elements.flatMap((bytes) => [Buffer.of(bytes.length), bytes]));
}

function inlineElements(entries: Entries, ref: number): Buffer[] {
  const { buffer, offset, length } = entries.value(ref);
  const elements: Buffer[] = [];
  for (let at = offset; at < offset + length; at += 1 + buffer[at]) {
    elements.push(Buffer.from(buffer.subarray(at + 1, at + 1 + buffer[at])));
  }
  return elements;
}

function fill(db: Database, ref: number, packed: Buffer): number {
  db.entries.fillValue(ref, packed, 0, packed.length);
  return ref;
}

/** Makes a linked stack and does something with it; gives it back when that fails. */
function withNewRoot(
  entries: Entries,
  elements: readonly Buffer[],
  use: (root: number) => number,
): number {
  const stacks = stacksOf(entries);
  const root = stacks.create();
  try {
    let last = 0;
    for (const bytes of elements) last = stacks.append(root, last, bytes);
    return use(root);
  } catch (error) {
    while (!stacks.freeStep(root));
    throw error;
  }
}

/** Puts a linked stack that has become short into its entry again, if there is memory for that. */
function inlineAgain(db: Database, ref: number, root: number): number {
  const { entries } = db;
  if (stacksOf(entries).length(root) > INLINE_AGAIN_BYTES) return ref;
  const packed = packed64(elementsOf(entries, ref));
  if (packed === undefined || packed.length > INLINE_AGAIN_BYTES) return ref;
  // Nobody's for now, so that moving the entry leaves it where it is.
  entries.disownRoot(ref);
  let target: number;
  try {
    target = db.refit(ref, packed.length);
  } catch (error) {
    if (!(error instanceof ArenaFullError)) throw error;
    entries.setEncoding(ref, ENCODING_LINKED);
    return ref;
  }
  while (!stacksOf(entries).freeStep(root));
  return fill(db, target, packed);
}
