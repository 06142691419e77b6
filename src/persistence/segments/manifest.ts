// The manifest: which files make up the log, in the text format of Redis 7's appendonlydir. What
// only Synap knows is placed where Redis's reader ignores it: in comments, and in further pairs on a file's line.
// Such a manifest begins with a checksum of what follows (older ones end in a checksum of what precedes it); one
// without these was written by Redis. Comments come first, so that the last line is the newest increment: tools and
// scripts take it for that.
//
//   #synap crc 1c291ca3
//   #synap replication-id 53b9b28df8403f4153eab9bfc0c0a0d7fd9f3f1a
//   #synap kept file appendonly.aof.1.base.rdb seq 1 type b offset 0
//   #synap kept file appendonly.aof.1.incr.aof seq 1 type i start 0
//   file appendonly.aof.2.base.rdb seq 2 type b offset 4711
//   file appendonly.aof.2.incr.aof seq 2 type i start 4711
//
// "Kept" are older generations to fall back on; were they Redis's history files (type h), Redis
// would delete them when it is started on the directory. What was replaced and is still there is history.
import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { splitArguments } from '../../protocol/inline.ts';

/** A snapshot: the keyspace at one offset. */
export interface BaseFile {
  readonly name: string;
  readonly seq: number;
  /** The offset it stands for; undefined in what Redis wrote. */
  readonly offset: number | undefined;
}

/** An increment: a piece of the stream. */
export interface SegmentFile {
  readonly name: string;
  readonly seq: number;
  /** Offset of its first byte; undefined when nothing was written to it yet, or Redis wrote it. */
  readonly start: number | undefined;
}

/** The content of the manifest; all lists from old to new. */
export interface Manifest {
  /** 40 hexadecimal digits: names the history that the offsets count in; '' in what Redis wrote. */
  readonly replicationId: string;
  /** The last is the current one. Redis's directories may have none. */
  readonly bases: readonly BaseFile[];
  /** Increments that only older bases need. */
  readonly keptSegments: readonly SegmentFile[];
  /** Increments from the current base on. */
  readonly segments: readonly SegmentFile[];
  /** Files that were replaced but are not deleted yet, or are to be kept (`aof-disable-auto-gc`). */
  readonly history: readonly string[];
}

/** A manifest that cannot be read. */
export class ManifestError extends Error {}

const REPLICATION_ID_BYTES = 20;
/** Redis reads lines of at most 1,024 bytes. */
const MAX_LINE_BYTES = 1024;
const OWN = '#synap ';
const ID_LINE = '#synap replication-id ';
const KEPT_LINE = '#synap kept ';
const CRC_LINE = '#synap crc ';
const FAULTY = 'it is damaged';

/** A random replication id, for a new history. */
export function newReplicationId(): string {
  return randomBytes(REPLICATION_ID_BYTES).toString('hex');
}

/** The manifest of a log that does not exist yet. */
export function emptyManifest(): Manifest {
  return {
    replicationId: newReplicationId(),
    bases: [],
    keptSegments: [],
    segments: [],
    history: [],
  };
}

/** @returns the text of the file, one character a byte */
export function formatManifest(manifest: Manifest): string {
  const { bases, segments, keptSegments, history } = manifest;
  const lines = [`${ID_LINE}${manifest.replicationId}`];
  for (const base of bases.slice(0, -1)) lines.push(`${KEPT_LINE}${baseLine(base)}`);
  for (const segment of keptSegments) lines.push(`${KEPT_LINE}${segmentLine(segment)}`);
  for (const base of bases.slice(-1)) lines.push(baseLine(base));
  for (const [index, name] of history.entries()) lines.push(historyLine(name, index + 1));
  for (const segment of segments) lines.push(segmentLine(segment));
  const long = lines.find((line) => line.length + 1 > MAX_LINE_BYTES);
  if (long !== undefined) throw new ManifestError(`a line is too long: ${long}`);
  const body = lines.map((line) => `${line}\n`).join('');
  return `${CRC_LINE}${checksum(body)}\n${body}`;
}

/**
 * @param text of the file, one character a byte
 * @throws ManifestError
 */
export function parseManifest(text: string): Manifest {
  if (text === '') throw new ManifestError('it is empty');
  if (!text.endsWith('\n')) throw new ManifestError('its last line is cut off');
  const lists = { bases: [], kept: [], segments: [], history: [] };
  const state: Parsed = { id: '', ...lists, own: false, hasBase: false };
  const body = verified(text);
  const lines = body.split('\n');
  if (lines.pop() !== '') throw new ManifestError(FAULTY);
  lines.forEach((line, index) => {
    readLine(line, index + 1, state);
  });
  if (state.own && body === text) throw new ManifestError(FAULTY);
  requireOrder(state.kept.concat(state.segments));
  return {
    replicationId: state.id,
    bases: state.bases,
    keptSegments: state.kept,
    segments: state.segments,
    history: state.history,
  };
}

/**
 * The text without its checksum; as it is when it has none.
 * @throws ManifestError when that is wrong
 */
function verified(text: string): string {
  const at = text.lastIndexOf(CRC_LINE);
  if (at < 0) return text;
  const lineEnd = text.indexOf('\n', at) + 1;
  // Earlier builds have written it at the end.
  const isLast = at > 0 && lineEnd === text.length;
  const body = isLast ? text.slice(0, at) : text.slice(lineEnd);
  const isRight = text.slice(at, lineEnd) === `${CRC_LINE}${checksum(body)}\n`;
  if (isRight && (at === 0 || isLast)) return body;
  throw new ManifestError(FAULTY);
}

interface Parsed {
  id: string;
  readonly bases: BaseFile[];
  readonly kept: SegmentFile[];
  readonly segments: SegmentFile[];
  readonly history: string[];
  /** Whether there is anything that only Synap writes. */
  own: boolean;
  /** Whether there was the line of the present base. */
  hasBase: boolean;
}

function readLine(line: string, number: number, state: Parsed): void {
  if (line.startsWith(OWN)) state.own = true;
  if (line.startsWith(ID_LINE)) {
    state.id = line.slice(ID_LINE.length);
    return;
  }
  const isKept = line.startsWith(KEPT_LINE);
  if (line.startsWith('#') && !isKept) return;
  const fields = readPairs(isKept ? line.slice(KEPT_LINE.length) : line, number);
  const name = fields.get('file') ?? '';
  const seq = integerOf(fields.get('seq')) ?? 0;
  const type = fields.get('type')?.[0];
  if (name === '' || !(seq > 0) || type === undefined) {
    throw new ManifestError(`line ${number} does not name a file, its seq and its type: ${line}`);
  }
  if (/[/\\]/.test(name)) {
    throw new ManifestError(`line ${number}: a file is named without a path: ${name}`);
  }
  if (fields.has('offset') || fields.has('start')) state.own = true;
  if (type === 'b' && !isKept && state.hasBase) {
    throw new ManifestError(`line ${number}: there is more than one base: ${name}`);
  }
  state.hasBase ||= type === 'b' && !isKept;
  if (type === 'b') state.bases.push({ name, seq, offset: integerOf(fields.get('offset')) });
  else if (type === 'h') state.history.push(name);
  else if (type !== 'i') throw new ManifestError(`line ${number}: unknown type '${type}'`);
  else {
    const list = isKept ? state.kept : state.segments;
    list.push({ name, seq, start: integerOf(fields.get('start')) });
  }
}

function readPairs(line: string, number: number): Map<string, string> {
  const words = splitArguments(Buffer.from(line.trim(), 'latin1'))?.map(textOf);
  if (words === undefined || words.length < 6 || words.length % 2 !== 0) {
    throw new ManifestError(`line ${number} is not made of pairs: ${line}`);
  }
  const pairs = new Map<string, string>();
  for (let i = 0; i < words.length; i += 2) pairs.set(words[i].toLowerCase(), words[i + 1]);
  return pairs;
}

/** Earlier builds have written names in Latin-1, which can hardly be taken for UTF-8. */
function textOf(word: Uint8Array): string {
  return Buffer.from(word).toString(isUtf8(word) ? 'utf8' : 'latin1');
}

function requireOrder(segments: readonly SegmentFile[]): void {
  for (let i = 1; i < segments.length; i++) {
    if (segments[i].seq > segments[i - 1].seq) continue;
    throw new ManifestError(`the increments are out of order: ${segments[i].name}`);
  }
}

function integerOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new ManifestError(FAULTY);
  return value;
}

function baseLine({ name, seq, offset }: BaseFile): string {
  const place = offset === undefined ? '' : ` offset ${offset}`;
  return `file ${quoted(name)} seq ${seq} type b${place}`;
}

function segmentLine({ name, seq, start }: SegmentFile): string {
  const place = start === undefined ? '' : ` start ${start}`;
  return `file ${quoted(name)} seq ${seq} type i${place}`;
}

/** Readers expect a number in each line: that of the file's name, if it has one. */
function historyLine(name: string, place: number): string {
  const stated = /\.([1-9]\d*)\.(?:base|incr)\./.exec(name)?.[1];
  return `file ${quoted(name)} seq ${stated ?? place} type h`;
}

/** File names may have blanks in them, and letters of any script; Redis then puts their bytes in quotes. */
function quoted(name: string): string {
  if (/^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]+$/.test(name)) return name;
  const escaped = [...Buffer.from(name, 'utf8')].map((byte) =>
    byte > 0x1f && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`,
  );
  return `"${escaped.join('')}"`;
}

function checksum(text: string): string {
  return crc32(Buffer.from(text, 'latin1')).toString(16).padStart(8, '0');
}
