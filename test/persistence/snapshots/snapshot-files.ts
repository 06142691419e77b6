// What the tests of snapshots share: the file of one, and what there was when it began.
import { hash } from 'node:crypto';
import { digestOfDatabases } from '../../../src/commands/debug/digest.ts';
import type { Database } from '../../../src/keyspace/database.ts';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import type { SnapshotSink } from '../../../src/keyspace/snapshot.ts';
import { dumpValue } from '../../../src/persistence/rdb/dump-payload.ts';
import { RdbFileWriter } from '../../../src/persistence/rdb/rdb-file-writer.ts';
import { TYPE_STREAM } from '../../../src/types/stream/encodings.ts';
import { FACTS } from '../rdb/loading.ts';

/** Entries visited in one step of the iteration. */
const SCAN_COUNT = 1024;

/** Saves nothing. */
export const IGNORING: SnapshotSink = {
  isBusy: false,
  entry: () => {},
  entries: (_source, _refs, _from, count) => count,
  detach: () => {},
  step: () => false,
};

/** What collects a file, and the file. */
export function collector(keyspace: Keyspace): { sink: SnapshotSink; end: () => Buffer } {
  const pieces: Buffer[] = [];
  const options = { compresses: true, hasChecksum: true, use: undefined, access: keyspace.access };
  const writer = new RdbFileWriter(keyspace, { ...options, nowMs: keyspace.nowMs }, (piece) => {
    pieces.push(piece);
  });
  writer.begin(FACTS);
  return {
    sink: writer,
    end() {
      writer.end();
      return Buffer.concat(pieces);
    },
  };
}

/**
 * What the databases of a keyspace have, one by one: DEBUG DIGEST does not tell which has what. It does not tell of the
 * groups of streams, which are in their payloads.
 */
export function digests(keyspace: Keyspace): string[] {
  const sizes = keyspace.databases.map(({ size }) => String(size));
  return [
    digestOfDatabases(keyspace),
    ...sizes,
    ...keyspace.databases.flatMap(streamsIn(keyspace)),
  ];
}

function streamsIn(keyspace: Keyspace): (database: Database) => string[] {
  return (database) => {
    const found: string[] = [];
    let cursor = 0;
    do {
      cursor = database.scan(cursor, SCAN_COUNT, (ref) => {
        if (database.typeOf(ref) !== TYPE_STREAM || database.isDue(ref)) return;
        const key = database.key(ref).copy().toString('latin1');
        const payload = dumpValue(keyspace, ref, false);
        found.push(`${database.index} ${key} ${hash('sha1', payload)}`);
      });
    } while (cursor !== 0);
    return found.sort();
  };
}

/** An empty keyspace in which nothing is due yet that was not when the other one's snapshot began. */
export function laterKeyspace(keyspace: Keyspace): Keyspace {
  const other = new Keyspace(keyspace.types.all, keyspace.databases.length);
  other.tick(0);
  return other;
}
