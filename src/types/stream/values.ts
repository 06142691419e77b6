// Values of type stream: each entry of the keyspace has the root of one (streams.ts), whether it has entries or not.
//
//   ENCODING_BLOCKS    [ root: 4 bytes ]
//
// An empty stream stays: its key goes only when somebody deletes it. Modifications and events are reported by the
// commands.
import type { Database } from '../../keyspace/database.ts';
import { type Entries, NO_EXPIRY } from '../../keyspace/entries.ts';
import type { Request } from '../../protocol/request.ts';
import { ENCODING_BLOCKS, TYPE_STREAM } from './encodings.ts';
import { Streams } from './streams.ts';

/** Bytes of a stream's value. */
export const ROOT_REF_BYTES = 4;

/** The operations on the streams of a keyspace's entries. */
export function streamsOf({ collections }: Entries): Streams {
  const streams = collections[TYPE_STREAM];
  if (!(streams instanceof Streams)) throw new Error('this keyspace has no streams');
  return streams;
}

/**
 * Makes a stream under argument i, which `lookupForChange` just found missing.
 * @param fill is called with its root before anybody sees it, to add entries; its errors are thrown on
 * @returns the entry's reference
 * @throws ArenaFullError, before anything has changed
 */
export function createStream(
  db: Database,
  request: Request,
  i: number,
  fill: (root: number) => void,
): number {
  const streams = streamsOf(db.entries);
  const root = streams.create();
  try {
    fill(root);
    const ref = db.build(0, request, i, TYPE_STREAM, ENCODING_BLOCKS, ROOT_REF_BYTES, NO_EXPIRY);
    db.entries.setRoot(ref, root);
    db.put(0, ref);
    return ref;
  } catch (error) {
    while (!streams.freeStep(root));
    throw error;
  }
}
