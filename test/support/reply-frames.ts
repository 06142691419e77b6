// Cuts a stream of RESP2 or RESP3 replies into frames and keeps each frame's exact bytes, so that
// two servers can be compared byte for byte. A tool for tests only: it is strict (a byte that no
// reply may start with throws) and it parses from the frame's start each time it is asked, which
// is simple and fast enough for the replies that tests provoke.

/** One reply as it stood on the wire. */
export interface Reply {
  /** The type byte as a character: one of `+-:$*_#,(=!~%>`. */
  readonly type: string;
  /** Everything the reply occupied, with an attribute that preceded it. */
  readonly bytes: Buffer;
  /** What a scalar carries, without type, length and line ends; null for a null and an aggregate. */
  readonly payload: Buffer | null;
  /** The members of an aggregate (of a map: keys and values in turn); null for all else. */
  readonly items: readonly Reply[] | null;
}

/** Thrown for bytes that are no reply in any version of the protocol. */
export class MalformedReplyError extends Error {
  override name = 'MalformedReplyError';
}

const CR = 0x0d;
const LF = 0x0a;
const LINE_TYPES = '+-:_#,(';
const BULK_TYPES = '$=!';
const AGGREGATE_TYPES = '*~%>';

/**
 * Reads the reply that starts at `start`.
 *
 * @returns the reply and the offset after it, or undefined when its end has not arrived yet.
 * @throws MalformedReplyError when the bytes can not become a reply.
 */
export function parseReply(
  buffer: Buffer,
  start: number,
): { reply: Reply; end: number } | undefined {
  if (start >= buffer.length) return undefined;
  const type = String.fromCharCode(buffer[start]);
  const lineEnd = buffer.indexOf('\r\n', start + 1, 'latin1');
  if (lineEnd < 0) return undefined;
  const line = buffer.subarray(start + 1, lineEnd);
  const bodyStart = lineEnd + 2;

  if (LINE_TYPES.includes(type)) {
    const payload = type === '_' ? null : line;
    return scalar(type, buffer.subarray(start, bodyStart), payload, bodyStart);
  }
  if (BULK_TYPES.includes(type)) {
    const length = parseLength(type, line);
    if (length < 0) return scalar(type, buffer.subarray(start, bodyStart), null, bodyStart);
    const end = bodyStart + length + 2;
    if (end > buffer.length) return undefined;
    if (buffer[end - 2] !== CR || buffer[end - 1] !== LF) {
      throw new MalformedReplyError(`bulk of ${length} bytes does not end with CR LF`);
    }
    const payload = buffer.subarray(bodyStart, end - 2);
    return scalar(type, buffer.subarray(start, end), payload, end);
  }
  if (AGGREGATE_TYPES.includes(type)) return parseAggregate(buffer, start, type, line, bodyStart);
  if (type === '|') return parseAttributed(buffer, start, line, bodyStart);
  throw new MalformedReplyError(
    `a reply can not start with ${JSON.stringify(buffer.toString('latin1', start, start + 40))}`,
  );
}

function parseAggregate(
  buffer: Buffer,
  start: number,
  type: string,
  line: Buffer,
  bodyStart: number,
): { reply: Reply; end: number } | undefined {
  const length = parseLength(type, line);
  if (length < 0) return scalar(type, buffer.subarray(start, bodyStart), null, bodyStart);
  const members = parseMembers(buffer, bodyStart, type === '%' ? length * 2 : length);
  if (members === undefined) return undefined;
  const bytes = buffer.subarray(start, members.end);
  return { reply: { type, bytes, payload: null, items: members.items }, end: members.end };
}

/** An attribute belongs to the reply that follows: it becomes part of that reply's bytes. */
function parseAttributed(
  buffer: Buffer,
  start: number,
  line: Buffer,
  bodyStart: number,
): { reply: Reply; end: number } | undefined {
  const attribute = parseMembers(buffer, bodyStart, parseLength('|', line) * 2);
  if (attribute === undefined) return undefined;
  const subject = parseReply(buffer, attribute.end);
  if (subject === undefined) return undefined;
  const bytes = buffer.subarray(start, subject.end);
  return { reply: { ...subject.reply, bytes }, end: subject.end };
}

function parseMembers(
  buffer: Buffer,
  start: number,
  count: number,
): { items: Reply[]; end: number } | undefined {
  const items: Reply[] = [];
  let end = start;
  for (let index = 0; index < count; index++) {
    const member = parseReply(buffer, end);
    if (member === undefined) return undefined;
    items.push(member.reply);
    end = member.end;
  }
  return { items, end };
}

function scalar(
  type: string,
  bytes: Buffer,
  payload: Buffer | null,
  end: number,
): { reply: Reply; end: number } {
  return { reply: { type, bytes, payload, items: null }, end };
}

function parseLength(type: string, line: Buffer): number {
  const text = line.toString('latin1');
  if (!/^(-1|\d+)$/.test(text)) {
    throw new MalformedReplyError(`${type} with the length ${JSON.stringify(text)}`);
  }
  return Number(text);
}

/** True for the replies that tell of a failure (`-` and the RESP3 bulk error). */
export function isError(reply: Reply): boolean {
  return reply.type === '-' || reply.type === '!';
}

/** The text of a scalar, one character a byte; '' for a null. */
export function textOf(reply: Reply): string {
  return reply.payload === null ? '' : reply.payload.toString('latin1');
}

/** The members of an aggregate; none for anything else. */
export function itemsOf(reply: Reply): readonly Reply[] {
  return reply.items ?? [];
}

/**
 * A map's value for a key, in either form: RESP3's map or RESP2's flat array.
 *
 * @returns undefined when the key is not there.
 */
export function fieldOf(reply: Reply, key: string): Reply | undefined {
  const items = itemsOf(reply);
  for (let index = 0; index + 1 < items.length; index += 2) {
    if (textOf(items[index]) === key) return items[index + 1];
  }
  return undefined;
}
