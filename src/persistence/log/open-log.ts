// Opens the log for writing where recovery has left off, or for the first time.

import type { Recovery } from '../recovery/recovery.ts';
import { syncDirectory, syncFile } from '../segments/file-system.ts';
import { Log } from '../segments/log.ts';
import type { LogDirectory } from '../segments/log-directory.ts';
import type { LogOptions } from '../segments/log-options.ts';
import { newReplicationId, type SegmentFile } from '../segments/manifest.ts';
import type { OpenSegment } from '../segments/open-segment.ts';

/** The recovery of a log that does not exist yet. */
export const NOTHING_RECOVERED: Recovery = { offset: 0, segments: [], torn: undefined };

/**
 * Opens a log; what recovery has called torn is cut (`cutTail`) by now.
 * @throws the system's error, when the directory cannot be written for example
 */
export async function openLog(
  directory: LogDirectory,
  { offset, segments }: Recovery,
  options: LogOptions,
): Promise<Log> {
  await directory.create();
  const starts = new Map(segments.map(({ seq, start }) => [seq, start]));
  const { fs, manifest } = directory;
  const last = segments.at(-1);
  const isListed = manifest.segments.at(-1)?.name === last?.name;
  const isContinued = last !== undefined && isListed && !last.isPlain && last.end === offset;
  const next = { name: '', seq: directory.nextSegmentSeq, start: offset };
  const file = isContinued ? last : { ...next, name: directory.segmentFileName(next.seq) };
  const fd = fs.open(directory.pathOf(file.name), isContinued ? 'a' : 'wa');
  try {
    // What a killed process had written is in the page cache, and need not be on disk yet.
    await fs.sync(fd);
    for (const { name } of segments) {
      if (name !== file.name) await syncFile(fs, directory.pathOf(name));
    }
    starts.set(file.seq, file.start);
    await writeManifest(directory, starts, isContinued ? undefined : file);
  } catch (error) {
    fs.close(fd);
    throw error;
  }
  const sizeBytes = isContinued ? last.sizeBytes : 0;
  const { name, seq, start } = file;
  const identity = fs.identify(fd);
  const segment: OpenSegment = { name, seq, fd, identity, start, end: offset, sizeBytes };
  return new Log(directory, segment, starts, options);
}

/** Makes the manifest Synap's own and complete, and deletes files that were never completed. */
async function writeManifest(
  directory: LogDirectory,
  starts: ReadonlyMap<number, number>,
  added: SegmentFile | undefined,
): Promise<void> {
  const { segments } = directory.manifest;
  const complete = (segment: SegmentFile): SegmentFile => ({
    ...segment,
    start: starts.get(segment.seq) ?? segment.start,
  });
  // Redis does not know of offsets: its base stands where the first increment begins.
  const [first] = segments;
  const beginning = first === undefined ? added?.start : starts.get(first.seq);
  await directory.update((manifest) => ({
    replicationId: manifest.replicationId === '' ? newReplicationId() : manifest.replicationId,
    bases: manifest.bases.map((base) => ({ ...base, offset: base.offset ?? beginning ?? 0 })),
    keptSegments: manifest.keptSegments.map(complete),
    segments: [...manifest.segments, ...(added === undefined ? [] : [added])].map(complete),
    history: manifest.history,
  }));
  // Of manifests and snapshots that were never completed.
  directory.remove(directory.unfinishedThere());
  await syncDirectory(directory.fs, directory.path);
}
