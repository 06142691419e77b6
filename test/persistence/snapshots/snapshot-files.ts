// What the tests of snapshots share: the file of one, and what there was when it began.
import { digestOfDatabases } from '../../../src/commands/debug/digest.ts';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import type { SnapshotSink } from '../../../src/keyspace/snapshot.ts';
import { RdbFileWriter } from '../../../src/persistence/rdb/rdb-file-writer.ts';
import { FACTS } from '../rdb/loading.ts';

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

/** What the databases of a keyspace have, one by one: DEBUG DIGEST does not tell which has what. */
export function digests(keyspace: Keyspace): string[] {
  return [digestOfDatabases(keyspace), ...keyspace.databases.map(({ size }) => String(size))];
}

/** An empty keyspace in which nothing is due yet that was not when the other one's snapshot began. */
export function laterKeyspace(keyspace: Keyspace): Keyspace {
  const other = new Keyspace(keyspace.types.all, keyspace.databases.length);
  other.tick(0);
  return other;
}
