// What must hold of a ranked tree whatever was done to it, and a plain model of one.
import type { Arena } from '../../src/memory/arena.ts';
import { ByteView } from '../../src/structures/entry.ts';
import {
  COUNT,
  capacityOf,
  childOf,
  countBelow,
  levelOf,
  NEXT,
  nodeWord,
  PREVIOUS,
  recordOf,
  scoreOf,
} from '../../src/structures/ranked-node.ts';
import type { Records } from '../../src/structures/records.ts';

/** A member of the model. */
export interface ModelEntry {
  score: number;
  readonly member: Buffer;
  record: number;
}

/** The order of a tree. */
export function byRank(a: ModelEntry, b: ModelEntry): number {
  return a.score - b.score || Buffer.compare(a.member, b.member);
}

/** The entries of a tree in their order, after looking at every node. @throws Error that says what is wrong */
export function checkTree(arena: Arena, records: Records, root: number): ModelEntry[] {
  const entries: ModelEntry[] = [];
  const leaves: number[] = [];
  const view = new ByteView();
  const visit = (node: number): number => {
    const count = nodeWord(arena, node, COUNT);
    if (count > capacityOf(arena, node)) throw new Error('a node has more entries than room');
    if (count === 0 && node !== root) throw new Error('a node is empty');
    const level = levelOf(arena, node);
    if (level === 0) {
      leaves.push(node);
      for (let slot = 0; slot < count; slot++) {
        const record = recordOf(arena, node, slot);
        records.key(record, view);
        entries.push({ score: scoreOf(arena, node, slot), member: view.copy(), record });
      }
      return count;
    }
    if (node === root && count < 2) throw new Error('a root has a single child');
    let sum = 0;
    for (let slot = 0; slot < count; slot++) {
      const child = childOf(arena, node, slot);
      if (levelOf(arena, child) !== level - 1) throw new Error('a child has the wrong level');
      const first = entries.length;
      const below = visit(child);
      if (below !== countBelow(arena, node, slot)) throw new Error('a count is wrong');
      const entry = entries[first];
      if (
        entry.record !== recordOf(arena, node, slot) ||
        entry.score !== scoreOf(arena, node, slot)
      )
        throw new Error('a node does not name the first entry below a child');
      sum += below;
    }
    return sum;
  };
  visit(root);
  leaves.forEach((leaf, i) => {
    if (nodeWord(arena, leaf, NEXT) !== (leaves[i + 1] ?? 0))
      throw new Error('a next leaf is wrong');
    if (nodeWord(arena, leaf, PREVIOUS) !== (leaves[i - 1] ?? 0))
      throw new Error('a leaf before is wrong');
  });
  for (let i = 1; i < entries.length; i++) {
    if (byRank(entries[i - 1], entries[i]) >= 0) throw new Error('entries are not in order');
  }
  return entries;
}
