// How replies about streams are compared: they tell when entries were delivered, and when consumers were seen, which
// two servers do a moment apart. All else in them is equal.
import type { Comparer } from './comparers.ts';
import { itemsOf, type Reply, textOf } from './reply-frames.ts';

/** How far apart two servers may run the same command. */
const APART_MS = 20_000;
/** Fields of XINFO with a time, or how long ago it was. */
const TIME_FIELDS = new Set(['idle', 'seen-time']);

/**
 * XPENDING, XINFO CONSUMERS and XINFO STREAM FULL: all equal, but for the times of pending entries and consumers, which
 * are near each other.
 */
export const nearTimes: Comparer = timesWithin('nearTimes', APART_MS);

/** The same with any times. */
export const anyTimes: Comparer = timesWithin('anyTimes', Number.POSITIVE_INFINITY);

function timesWithin(name: string, apartMs: number): Comparer {
  return { name, equal: (expected, actual) => areSame(expected, actual, apartMs) };
}

function areSame(expected: Reply, actual: Reply, apartMs: number): boolean {
  if (expected.items === null || actual.items === null) {
    return expected.bytes.equals(actual.bytes);
  }
  const others = actual.items;
  if (expected.type !== actual.type || expected.items.length !== others.length) return false;
  return expected.items.every((item, index) =>
    isTime(expected, index)
      ? areNear(item, others[index], apartMs)
      : areSame(item, others[index], apartMs),
  );
}

/** Whether a member is a time: that of a pending entry, or the value of a field. */
function isTime(reply: Reply, index: number): boolean {
  const items = itemsOf(reply);
  if (items[index].type !== ':') return false;
  const types = items.map(({ type }) => type).join('');
  // An entry with its consumer, and one of a consumer.
  if (types === '$$::') return index === 2;
  if (types === '$::') return index === 1;
  return index % 2 === 1 && TIME_FIELDS.has(textOf(items[index - 1]));
}

function areNear(expected: Reply, actual: Reply, apartMs: number): boolean {
  const distance = Number(textOf(expected)) - Number(textOf(actual));
  return actual.type === ':' && Math.abs(distance) < apartMs;
}

/**
 * Payloads of DUMP: all bytes equal, but for times of the last weeks (of entries that were read just now, or are said to
 * have been idle for long, and of consumers), and the checksum over them.
 */
export const payloads: Comparer = {
  name: 'payloads',
  equal: (expected, actual) =>
    expected.type === actual.type && withoutTimes(expected) === withoutTimes(actual),
};

const CHECKSUM_BYTES = 8;

function withoutTimes({ payload }: Reply): string {
  if (payload === null) return 'null';
  const text = payload.toString('latin1', 0, payload.length - CHECKSUM_BYTES);
  return text.replaceAll(nowPattern(), '(now)');
}

/** Milliseconds in eight bytes, the lowest first, whose upper half is that of now or the one before: of some weeks. */
function nowPattern(): RegExp {
  const now = Math.floor(Date.now() / 2 ** 32);
  const [recent, before] = [now, now - 1].map((half) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(half);
    return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  });
  return new RegExp(`[^]{4}(?:${recent}|${before})`, 'g');
}
