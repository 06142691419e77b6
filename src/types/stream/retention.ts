// Trims streams that have more than their rule says (retention-rules.ts), in the background: a few blocks of one stream
// at a time. Each step is reported, to be repeated as an XTRIM to the length that is left.
import type { Database } from '../../keyspace/database.ts';
import { UnreadableValueError } from '../../keyspace/unreadable-value.ts';
import type { PartExpiry } from '../../keyspace/value-type.ts';
import { ifThereIsMemory } from '../../memory/out-of-memory.ts';
import { TYPE_STREAM } from './encodings.ts';
import { LIVE } from './entry-block.ts';
import { BlockPlace, blockWord } from './id-blocks.ts';
import type { RetentionRule } from './retention-rule.ts';
import { streamBytes } from './retention-rules.ts';
import { StreamId } from './stream-id.ts';
import type { Streams } from './streams.ts';
import { streamsOf } from './values.ts';

/** Blocks removed at once: each takes about a microsecond. */
const BATCH_BLOCKS = 64;
/** When a stream is looked at again of which nothing may be removed now, in ms. */
const RETRY_MS = 100;
/** The same for one that cannot be read from its file. */
const UNREADABLE_RETRY_MS = 10_000;

/** See the head of this file. */
export const streamRetention: PartExpiry = {
  soonestMs: (entries) => streamsOf(entries).retention.soonestMs,
  overheadBytes: (entries) => streamsOf(entries).retention.overheadBytes,
  expireSome(entries, databases) {
    const { retention } = streamsOf(entries);
    const rule = retention.soonest;
    for (const db of databases) {
      const ref = ownerOf(db, rule);
      if (ref === 0) continue;
      trimSome(db, ref);
      return;
    }
    // Its database was emptied, and its memory is not given back yet.
    retention.withdraw(rule);
  },
  expirePartsOf: (_, ref) => ref,
};

/** The entry of the stream with a rule, if it is in a database; else 0. */
function ownerOf(db: Database, rule: number): number {
  const { entries } = db;
  const { retention } = streamsOf(entries);
  return db.withHash(
    retention.keyHash(rule),
    (ref) => entries.typeOf(ref) === TYPE_STREAM && retention.of(entries.root(ref)) === rule,
  );
}

/** Removes some of what a stream has too much, and sets when it is looked at next. */
function trimSome(db: Database, ref: number): void {
  const { entries } = db;
  const streams = streamsOf(entries);
  const { retention, clock } = streams;
  const root = entries.root(ref);
  const rule = retention.read(root);
  if (rule === undefined) return;
  db.changing(ref);
  const before = streams.length(root);
  const retryMs = tryToTrim(streams, root, rule);
  const left = streams.length(root);
  const nextMs = retention.isTooLarge(root) ? clock.dueMs : retention.nextMs(root);
  const isStuck = left === before && nextMs <= clock.dueMs;
  retention.schedule(retention.of(root), isStuck ? clock.dueMs + retryMs : nextMs);
  if (left === before) return;
  db.entriesRemoved(ref, 'xtrim', ['MAXLEN', '=', String(left)], before - left);
}

/** As `trimTo`; returns in how many ms it is to be tried again where nothing was removed. */
function tryToTrim(streams: Streams, root: number, rule: RetentionRule): number {
  try {
    // Without memory for the copy of a block that is being saved, the others are removed all the same.
    ifThereIsMemory(() => trimTo(streams, root, rule, streams.clock.dueMs));
    return RETRY_MS;
  } catch (error) {
    if (error instanceof UnreadableValueError) return UNREADABLE_RETRY_MS;
    throw error;
  }
}

const oldest = new StreamId();
const unread = new StreamId();
const place = new BlockPlace();

/** Removes some of what a stream has more than a rule says. @throws ArenaFullError; some may be removed then */
function trimTo(streams: Streams, root: number, rule: RetentionRule, nowMs: number): void {
  const { maxLength, maxAgeMs, maxBytes, keepsUnread } = rule;
  unread.setMax();
  if (keepsUnread) streams.groups.loadLeastUnread(root, unread);
  const trim = { minId: unread, isApproximate: false, limit: 0, maxBlocks: BATCH_BLOCKS };
  if (maxAgeMs !== undefined && nowMs > maxAgeMs) {
    oldest.setZero();
    oldest.setMs(nowMs - maxAgeMs);
    const minId = oldest.compare(unread) < 0 ? oldest : unread;
    streams.trim(root, { ...trim, keep: undefined, minId });
  }
  if (maxLength !== undefined) streams.trim(root, { ...trim, keep: maxLength, keepsFromId: true });
  if (maxBytes !== undefined) trimBytes(streams, root, maxBytes);
}

/** Removes the first blocks, but not the last one, as long as all blocks together have too many bytes. */
function trimBytes(streams: Streams, root: number, maxBytes: number): void {
  const { arena, index } = streams;
  const trim = { minId: unread, isApproximate: true, limit: 0, keepsFromId: true };
  for (let i = 0; i < BATCH_BLOCKS; i++) {
    if (streamBytes(arena, root) <= maxBytes || index.count(root) < 2) return;
    index.first(root, place);
    const keep = streams.length(root) - blockWord(arena, place.block, LIVE);
    if (streams.trim(root, { ...trim, keep }) === 0) return;
  }
}
