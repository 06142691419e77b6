// The nodes of Redis's radix tree, counted from ids alone, against a tree that is built of them byte by byte.
import { expect, test } from 'vitest';
import { Arena } from '../../../src/memory/arena.ts';
import { Request } from '../../../src/protocol/request.ts';
import { BytesTables } from '../../../src/structures/bytes-tables.ts';
import { randomSeed } from '../../../src/structures/hash.ts';
import { radixNodes } from '../../../src/types/stream/radix-nodes.ts';
import { StreamId } from '../../../src/types/stream/stream-id.ts';
import { Streams } from '../../../src/types/stream/streams.ts';
import { Random } from '../../support/random.ts';

type Tree = Map<number, Tree>;

/** Nodes of a tree: where keys part, chains in between, leaves. */
function nodesOf(keys: readonly Buffer[]): number {
  const root: Tree = new Map();
  for (const key of keys) {
    let node = root;
    for (const byte of key) {
      const next = node.get(byte) ?? new Map();
      node.set(byte, next);
      node = next;
    }
  }
  const count = (node: Tree, isInChain: boolean): number => {
    const below = [...node.values()];
    if (below.length === 0) return 1;
    if (below.length === 1) return count(below[0], true) + (isInChain ? 0 : 1);
    return below.reduce((sum, one) => sum + count(one, false), 1);
  };
  return count(root, false);
}

function idOf(key: Buffer): StreamId {
  const id = new StreamId();
  id.setWords(key.readInt32BE(0), key.readInt32BE(4), key.readInt32BE(8), key.readInt32BE(12));
  return id;
}

test.each([0, 1, 2, 3, 4, 5, 6, 7])('of random ids, seed %d', (seed) => {
  const random = new Random(seed);
  for (let round = 0; round < 20; round++) {
    const arena = new Arena();
    const streams = new Streams(arena, new BytesTables(arena, randomSeed()));
    streams.entries.limits = { maxBytes: 4096, maxEntries: 1 };
    const root = streams.create();
    expect(radixNodes(streams, root)).toBe(1);
    // Ids that share long and short prefixes, with bytes of few values at the places from `from` to `to`.
    const from = random.integer(0, 15);
    const to = random.integer(from, 15);
    const values = random.integer(2, 5) ** 3;
    const keys = new Map<string, Buffer>();
    for (let i = random.integer(1, 200); i > 0; i--) {
      const key = Buffer.alloc(16, 1);
      for (let at = from; at <= to; at++) key[at] = random.integer(0, values - 1) * 2 + 1;
      keys.set(key.toString('hex'), key);
    }
    const sorted = [...keys.values()].sort(Buffer.compare);
    for (const key of sorted) {
      streams.append(root, idOf(key), Request.of(['f', 'v']), 0, 1);
    }
    expect(radixNodes(streams, root)).toBe(nodesOf(sorted));
    const left = sorted.filter(() => random.integer(0, 2) > 0);
    for (const key of sorted) if (!left.includes(key)) streams.remove(root, idOf(key));
    expect(radixNodes(streams, root)).toBe(nodesOf(left.length === 0 ? [Buffer.alloc(0)] : left));
  }
});
