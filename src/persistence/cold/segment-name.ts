// Names of segments' files: all of them lie in one folder, `<id of the log>-<number of the segment>.cold`. A name is
// used once, so whoever refers to a segment finds that one or none.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

/** Id of a log: 128 random bits, as 32 lower-case hexadecimal digits. */
export type LogId = string;

/** The greatest number of a segment. */
export const MAX_SEGMENT = 0xffffffff;

const LOG_ID = /^[0-9a-f]{32}$/;
const FORM = /^([0-9a-f]{32})-(\d{8,10})\.cold$/;
const NUMBER_DIGITS = 8;

/** A new log's id. */
export function newLogId(): LogId {
  return randomBytes(16).toString('hex');
}

/** Whether a text is the id of a log. */
export function isLogId(text: string): boolean {
  return LOG_ID.test(text);
}

/** Path of a segment's file. */
export function segmentPath(folder: string, id: LogId, segment: number): string {
  return join(folder, `${id}-${String(segment).padStart(NUMBER_DIGITS, '0')}.cold`);
}

/** Whose segment a file is; undefined for the name of something else. */
export function parseSegmentName(name: string): { id: LogId; segment: number } | undefined {
  const found = FORM.exec(name);
  if (found === null) return undefined;
  const segment = Number(found[2]);
  const isOurs = segment >= 1 && segment <= MAX_SEGMENT;
  return isOurs ? { id: found[1], segment } : undefined;
}
