// Values that are packed lists within their entries, against arrays.
import { expect, test } from 'vitest';
import { NO_EXPIRY } from '../../src/keyspace/entries.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import {
  openPacked,
  PACKED_COUNT_BYTES,
  PackedBuilder,
  PackedView,
  packedCount,
  splicePacked,
} from '../../src/keyspace/packed-value.ts';
import { Request } from '../../src/protocol/request.ts';
import { PackedElement, PackedEncoder, skipForward } from '../../src/structures/packed-list.ts';
import { PackedNeedle } from '../../src/structures/packed-search.ts';
import { valueTypes } from '../../src/types/index.ts';
import { Random } from '../support/random.ts';

/** No list, but the number is known: the encoding does not matter here. */
const TYPE = 1;
const request = Request.of([Buffer.from('CMD'), Buffer.from('key')]);

function textsOf(keyspace: Keyspace, ref: number): string[] {
  const view = new PackedView();
  const element = new PackedElement();
  openPacked(keyspace.entries, ref, view);
  const texts: string[] = [];
  for (let at = view.start; at < view.end; ) {
    at = element.read(view.buffer, at);
    texts.push(element.bytes(view.buffer).toString('latin1'));
  }
  expect(view.count).toBe(texts.length);
  return texts;
}

const randomText = (random: Random) =>
  random.chance(0.4)
    ? String(random.integer(-70_000, 70_000))
    : 'x'.repeat(random.pick([0, 1, 5, 63, 64, 65, 300]));

test('elements are inserted, exchanged and removed', () => {
  const keyspace = new Keyspace(valueTypes, 1);
  const [db] = keyspace.databases;
  const random = new Random(1);
  const encoder = new PackedEncoder();
  const builder = new PackedBuilder();
  // The table of the database has its first segment from here on.
  builder.push(Buffer.from('first'), 0, 5);
  db.lookupForChange(request, 1);
  builder.store(db, 0, request, 1, TYPE, 0, NO_EXPIRY);
  db.delete(request, 1);
  const emptyBytes = keyspace.usedBytes;
  builder.push(Buffer.from('first'), 0, 5);
  builder.pushInteger(12);
  db.lookupForChange(request, 1);
  let ref = builder.store(db, 0, request, 1, TYPE, 0, NO_EXPIRY);
  expect(builder.count).toBe(0);
  let model = ['first', '12'];
  const view = new PackedView();
  for (let i = 0; i < 3000; i++) {
    const index = random.integer(0, model.length);
    const removed = Math.min(random.pick([0, 0, 1, 2]), model.length - index);
    const inserted = model.length > 150 ? 0 : random.pick([0, 1]);
    const text = randomText(random);
    encoder.set(Buffer.from(text), 0, text.length);
    openPacked(keyspace.entries, ref, view);
    const at = skipForward(view.buffer, view.start, index);
    const end = skipForward(view.buffer, at, removed);
    const size = inserted === 1 ? encoder.size : 0;
    const distance = at - view.start;
    ref = splicePacked(db, ref, distance, end - at, size, inserted - removed);
    if (inserted === 1) {
      const { buffer, offset } = db.value(ref);
      encoder.write(buffer, offset + PACKED_COUNT_BYTES + distance);
    }
    model.splice(index, removed, ...(inserted === 1 ? [text] : []));
    expect(textsOf(keyspace, ref)).toEqual(model);
  }
  // Nearly all of it goes, and so does most of its block.
  openPacked(keyspace.entries, ref, view);
  const used = skipForward(view.buffer, view.start, model.length - 1) - view.start;
  ref = splicePacked(db, ref, 0, used, 0, 1 - model.length);
  model = model.slice(-1);
  expect(textsOf(keyspace, ref)).toEqual(model);
  expect(keyspace.entries.spareBytes(ref)).toBeLessThan(400);
  expect(packedCount(keyspace.entries, ref)).toBe(1);
  db.delete(request, 1);
  expect(keyspace.usedBytes).toBe(emptyBytes);
});

test('an element is found among every second one', () => {
  const random = new Random(2);
  const builder = new PackedBuilder();
  const texts: string[] = [];
  for (let i = 0; i < 400; i++) {
    const text = randomText(random);
    texts.push(text);
    builder.push(Buffer.from(text), 0, text.length);
  }
  const needle = new PackedNeedle();
  for (const stride of [1, 2]) {
    for (const text of [...new Set(texts), 'absent', '99999999', '', 'y'.repeat(2000)]) {
      needle.set(Buffer.from(text), 0, text.length);
      const at = needle.findIn(builder.buffer, 0, builder.used, stride);
      const index = texts.findIndex((other, i) => i % stride === 0 && other === text);
      const place = index < 0 ? -1 : skipForward(builder.buffer, 0, index);
      expect([stride, text, at]).toEqual([stride, text, place]);
    }
  }
});

test('a reply that refers to a very large value stays what it was', () => {
  const keyspace = new Keyspace(valueTypes, 1);
  const [db] = keyspace.databases;
  const { overflow } = keyspace.arena;
  const builder = new PackedBuilder();
  const large = Buffer.alloc(1_500_000, 'abcdefg');
  builder.push(large, 0, large.length);
  db.lookupForChange(request, 1);
  const ref = builder.store(db, 0, request, 1, TYPE, 0, NO_EXPIRY);
  const view = new PackedView();
  openPacked(keyspace.entries, ref, view);
  const before = Buffer.from(view.buffer.subarray(view.start, view.end));
  const pinned = overflow.pinLarge(view.buffer, view.start, view.end);
  if (pinned === undefined) throw new Error('the value is not large');
  const target = splicePacked(db, ref, 0, 0, 3, 1);
  openPacked(keyspace.entries, target, view);
  view.buffer.fill(1, view.start, view.start + 3);
  for (let at = 0; at < before.length; ) {
    const page = pinned.pageFrom(at);
    expect(page.equals(before.subarray(at, at + page.length))).toBe(true);
    at += page.length;
  }
  pinned.release();
});
