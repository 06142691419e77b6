// Has a snapshot's entries written to a file, all by way of one database: references are the same in all.
import type { Database } from '../../keyspace/database.ts';
import type { SnapshotSink } from '../../keyspace/snapshot.ts';
import type { RdbFileWriter } from './rdb-file-writer.ts';

/** What writes a snapshot's entries; `db` is any database of its keyspace. */
export function snapshotSink(writer: RdbFileWriter, db: Database): SnapshotSink {
  return {
    get isBusy() {
      return writer.isBusy;
    },
    entry: (source, ref) => writer.entry(db, ref, source),
    entries: (source, refs, from, count) => writer.entries(db, refs, from, count, source),
    detach: () => writer.detach(),
    step: () => writer.step(),
  };
}
