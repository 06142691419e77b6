// The nodes of ranked trees (ranked-tree.ts): blocks of the arena that grow by a fourth at a time up to their largest
// size, so that a small tree is small and a large one well filled.
//
//   word 0        1                    2             3
//     [ entries ][ level | capacity ][ next leaf ][ leaf before ]
//     [ score ] × capacity               of an entry, or of the first entry below a child
//     [ record ] × capacity              the same
//     [ child ] × capacity               inner nodes only (level > 0)
//     [ entries below ] × capacity       inner nodes only
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { CLASS_UNITS, classOf, UNIT_BYTES } from '../memory/size-classes.ts';

/** Words before the columns, and the same in doubles. */
export const HEADER_WORDS = 4;
export const HEADER_DOUBLES = 2;

/** Words of the header. */
export const COUNT = 0;
export const SHAPE = 1;
export const NEXT = 2;
export const PREVIOUS = 3;

const LEVEL_SHIFT = 16;
const CAPACITY_MASK = 0xffff;
/** Up to so many words a loop moves in less time than a call takes. */
const LOOP_WORDS = 64;

/** Bytes of an entry in a leaf and in an inner node. */
const LEAF_ENTRY_BYTES = 12;
const INNER_ENTRY_BYTES = 20;
/** Sizes of nodes in bytes: each is a size class of the arena. */
const LEAF_SIZES = [64, 88, 112, 144, 176, 208, 256, 320, 384, 448, 512, 640, 768];
const INNER_SIZES = [96, 176, 256, 384, 512, 768, 1024];

/** Capacities of leaves and inner nodes, ascending. */
const LEAF_CAPACITIES = capacities(LEAF_SIZES, LEAF_ENTRY_BYTES);
const INNER_CAPACITIES = capacities(INNER_SIZES, INNER_ENTRY_BYTES);

/** The most entries of a leaf. */
export const MAX_LEAF = LEAF_CAPACITIES[LEAF_CAPACITIES.length - 1];
/** The most children of an inner node. */
export const MAX_INNER = INNER_CAPACITIES[INNER_CAPACITIES.length - 1];

/** By number of entries: the least capacity that holds them. */
const leafFits = fits(LEAF_CAPACITIES);
const innerFits = fits(INNER_CAPACITIES);

function capacities(sizes: readonly number[], entryBytes: number): number[] {
  return sizes.map((size) => Math.floor((size - HEADER_WORDS * 4) / entryBytes));
}

function fits(ascending: readonly number[]): Uint8Array {
  const most = ascending[ascending.length - 1];
  return Uint8Array.from({ length: most + 1 }, (_, count) =>
    Number(ascending.find((capacity) => capacity >= count)),
  );
}

/** The least capacity of a node of a level that holds so many entries; at most MAX_LEAF or MAX_INNER. */
export function capacityFor(level: number, count: number): number {
  return level === 0 ? leafFits[count] : innerFits[count];
}

function sizeOf(level: number, capacity: number): number {
  return HEADER_WORDS * 4 + capacity * (level === 0 ? LEAF_ENTRY_BYTES : INNER_ENTRY_BYTES);
}

/** Allocates a node without entries or neighbours. @throws ArenaFullError */
export function newNode(arena: Arena, level: number, capacity: number): number {
  const node = arena.allocate(classOf(sizeOf(level, capacity)));
  const words = arena.i32[node >>> SEGMENT_SHIFT];
  const base = (node & SEGMENT_MASK) << 1;
  words[base + COUNT] = 0;
  words[base + SHAPE] = (level << LEVEL_SHIFT) | capacity;
  words[base + NEXT] = 0;
  words[base + PREVIOUS] = 0;
  return node;
}

/** The size class of a node's block. */
export function nodeClass(arena: Arena, node: number): number {
  return classOf(sizeOf(levelOf(arena, node), capacityOf(arena, node)));
}

/** Bytes of a node's block. */
export function nodeBytes(arena: Arena, node: number): number {
  return CLASS_UNITS[nodeClass(arena, node)] * UNIT_BYTES;
}

/** Frees a node. */
export function freeNode(arena: Arena, node: number): void {
  arena.free(node, nodeClass(arena, node));
}

/** A word of a node's header. */
export function nodeWord(arena: Arena, node: number, word: number): number {
  return arena.i32[node >>> SEGMENT_SHIFT][((node & SEGMENT_MASK) << 1) + word];
}

/** Sets a word of a node's header. */
export function setNodeWord(arena: Arena, node: number, word: number, value: number): void {
  arena.i32[node >>> SEGMENT_SHIFT][((node & SEGMENT_MASK) << 1) + word] = value;
}

/** 0 for a leaf. */
export function levelOf(arena: Arena, node: number): number {
  return nodeWord(arena, node, SHAPE) >>> LEVEL_SHIFT;
}

/** Whether a node with this word SHAPE is a leaf. */
export function isLeafShape(shape: number): boolean {
  return shape >>> LEVEL_SHIFT === 0;
}

/** Entries that a node with this word SHAPE has room for. */
export function shapeCapacity(shape: number): number {
  return shape & CAPACITY_MASK;
}

/** Entries that a node has room for. */
export function capacityOf(arena: Arena, node: number): number {
  return nodeWord(arena, node, SHAPE) & CAPACITY_MASK;
}

/** Index in `arena.i32` of a node's records, and behind them `capacity` words each of its children and counts. */
export function recordsAt(node: number, capacity: number): number {
  return ((node & SEGMENT_MASK) << 1) + HEADER_WORDS + 2 * capacity;
}

/** Index in `arena.f64` of a node's scores. */
export function scoresAt(node: number): number {
  return (node & SEGMENT_MASK) + HEADER_DOUBLES;
}

/** The score of an entry of a node. */
export function scoreOf(arena: Arena, node: number, slot: number): number {
  return arena.f64[node >>> SEGMENT_SHIFT][scoresAt(node) + slot];
}

/** The record of an entry of a node. */
export function recordOf(arena: Arena, node: number, slot: number): number {
  return arena.i32[node >>> SEGMENT_SHIFT][recordsAt(node, capacityOf(arena, node)) + slot];
}

/** Sets score and record of an entry. */
export function setEntry(
  arena: Arena,
  node: number,
  slot: number,
  score: number,
  record: number,
): void {
  arena.f64[node >>> SEGMENT_SHIFT][scoresAt(node) + slot] = score;
  arena.i32[node >>> SEGMENT_SHIFT][recordsAt(node, capacityOf(arena, node)) + slot] = record;
}

/** A child of an inner node. */
export function childOf(arena: Arena, node: number, slot: number): number {
  const capacity = capacityOf(arena, node);
  return arena.i32[node >>> SEGMENT_SHIFT][recordsAt(node, capacity) + capacity + slot];
}

/** Sets a child of an inner node. */
export function setChild(arena: Arena, node: number, slot: number, child: number): void {
  const capacity = capacityOf(arena, node);
  arena.i32[node >>> SEGMENT_SHIFT][recordsAt(node, capacity) + capacity + slot] = child;
}

/** Entries below a child of an inner node. */
export function countBelow(arena: Arena, node: number, slot: number): number {
  const capacity = capacityOf(arena, node);
  return arena.i32[node >>> SEGMENT_SHIFT][recordsAt(node, capacity) + 2 * capacity + slot];
}

/** Adds to the number of entries below a child. */
export function addBelow(arena: Arena, node: number, slot: number, by: number): void {
  const capacity = capacityOf(arena, node);
  arena.i32[node >>> SEGMENT_SHIFT][recordsAt(node, capacity) + 2 * capacity + slot] += by;
}

/** Entries of a leaf, or below an inner node's children before a slot: of all, if that is its number of children. */
export function entriesBefore(arena: Arena, node: number, slot: number): number {
  const words = arena.i32[node >>> SEGMENT_SHIFT];
  const capacity = capacityOf(arena, node);
  const first = recordsAt(node, capacity) + 2 * capacity;
  let sum = 0;
  for (let at = first; at < first + slot; at++) sum += words[at];
  return sum;
}

/** Makes room for an entry at a slot of a node that has some: those from there on move behind it. */
export function openSlot(arena: Arena, node: number, slot: number): void {
  const count = nodeWord(arena, node, COUNT);
  move(arena, node, slot, slot + 1, count - slot);
  setNodeWord(arena, node, COUNT, count + 1);
}

/** Takes the entry at a slot out: those behind it move there. */
export function closeSlot(arena: Arena, node: number, slot: number): void {
  const count = nodeWord(arena, node, COUNT) - 1;
  move(arena, node, slot + 1, slot, count - slot);
  setNodeWord(arena, node, COUNT, count);
}

/** Moves an entry of a leaf to another slot, with another score; those in between move by one. */
export function moveEntry(
  arena: Arena,
  leaf: number,
  from: number,
  to: number,
  score: number,
  record: number,
): void {
  if (to > from) move(arena, leaf, from + 1, from, to - from);
  else move(arena, leaf, to, to + 1, from - to);
  setEntry(arena, leaf, to, score, record);
}

/** Moves entries within a node. */
function move(arena: Arena, node: number, from: number, to: number, count: number): void {
  if (count === 0) return;
  const words = arena.i32[node >>> SEGMENT_SHIFT];
  const capacity = capacityOf(arena, node);
  const records = recordsAt(node, capacity);
  moveDoubles(arena.f64[node >>> SEGMENT_SHIFT], scoresAt(node), from, to, count);
  moveWords(words, records, from, to, count);
  if (levelOf(arena, node) === 0) return;
  moveWords(words, records + capacity, from, to, count);
  moveWords(words, records + 2 * capacity, from, to, count);
}

function moveDoubles(
  array: Float64Array,
  base: number,
  from: number,
  to: number,
  count: number,
): void {
  if (count > LOOP_WORDS) array.copyWithin(base + to, base + from, base + from + count);
  else if (to > from)
    for (let i = count - 1; i >= 0; i--) array[base + to + i] = array[base + from + i];
  else for (let i = 0; i < count; i++) array[base + to + i] = array[base + from + i];
}

function moveWords(array: Int32Array, base: number, from: number, to: number, count: number): void {
  if (count > LOOP_WORDS) array.copyWithin(base + to, base + from, base + from + count);
  else if (to > from)
    for (let i = count - 1; i >= 0; i--) array[base + to + i] = array[base + from + i];
  else for (let i = 0; i < count; i++) array[base + to + i] = array[base + from + i];
}

/** Copies entries of a node, from a slot on, behind those of another of its level, which has room for them. */
export function appendEntries(
  arena: Arena,
  target: number,
  source: number,
  from: number,
  count: number,
): void {
  const at = nodeWord(arena, target, COUNT);
  const capacity = capacityOf(arena, source);
  const targetCapacity = capacityOf(arena, target);
  const words = arena.i32[source >>> SEGMENT_SHIFT];
  const targetWords = arena.i32[target >>> SEGMENT_SHIFT];
  const doubles = arena.f64[source >>> SEGMENT_SHIFT];
  const targetDoubles = arena.f64[target >>> SEGMENT_SHIFT];
  const scores = scoresAt(source) + from;
  const targetScores = scoresAt(target) + at;
  for (let i = 0; i < count; i++) targetDoubles[targetScores + i] = doubles[scores + i];
  const columns = levelOf(arena, source) === 0 ? 1 : 3;
  for (let column = 0; column < columns; column++) {
    const first = recordsAt(source, capacity) + column * capacity + from;
    const targetFirst = recordsAt(target, targetCapacity) + column * targetCapacity + at;
    for (let i = 0; i < count; i++) targetWords[targetFirst + i] = words[first + i];
  }
  setNodeWord(arena, target, COUNT, at + count);
}

/** Sets a child of an inner node, with its first entry and the number of entries below it. */
export function fillChild(
  arena: Arena,
  node: number,
  slot: number,
  child: number,
  below: number,
): void {
  const words = arena.i32[node >>> SEGMENT_SHIFT];
  const capacity = capacityOf(arena, node);
  const records = recordsAt(node, capacity);
  arena.f64[node >>> SEGMENT_SHIFT][scoresAt(node) + slot] = scoreOf(arena, child, 0);
  words[records + slot] = recordOf(arena, child, 0);
  words[records + capacity + slot] = child;
  words[records + 2 * capacity + slot] = below;
}

/** Has the neighbours of a leaf name another one in its place; each may be 0. */
export function linkLeaf(arena: Arena, previous: number, leaf: number, next: number): void {
  setNodeWord(arena, leaf, PREVIOUS, previous);
  setNodeWord(arena, leaf, NEXT, next);
  if (previous !== 0) setNodeWord(arena, previous, NEXT, leaf);
  if (next !== 0) setNodeWord(arena, next, PREVIOUS, leaf);
}

/** Takes a leaf out from between its neighbours. */
export function unlinkLeaf(arena: Arena, leaf: number): void {
  const previous = nodeWord(arena, leaf, PREVIOUS);
  const next = nodeWord(arena, leaf, NEXT);
  if (previous !== 0) setNodeWord(arena, previous, NEXT, next);
  if (next !== 0) setNodeWord(arena, next, PREVIOUS, previous);
}

/** The child of an inner node below which the entry of a rank is. */
export function slotOfRank(arena: Arena, node: number, rank: number): number {
  const words = arena.i32[node >>> SEGMENT_SHIFT];
  const capacity = capacityOf(arena, node);
  const first = recordsAt(node, capacity) + 2 * capacity;
  let at = first;
  let rest = rank - words[at];
  while (rest >= 0) rest -= words[++at];
  return at - first;
}
