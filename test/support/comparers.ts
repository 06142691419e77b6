// How two replies are held against each other. Equal bytes is the rule; the others are for what
// two correct servers may answer differently (order of a hash table, clocks, ids), and each use
// of one is a step that says so.

import { escapeBytes } from './command-line.ts';
import type { Reply } from './reply-frames.ts';

/** Tells whether two replies to the same command count as equal. */
export interface Comparer {
  readonly name: string;
  equal(expected: Reply, actual: Reply): boolean;
}

export const exact: Comparer = {
  name: 'exact',
  equal: (expected, actual) => expected.bytes.equals(actual.bytes),
};

/** The same members in any order, at every depth; a map's keys stay with their values. */
export const unordered: Comparer = normalising('unordered', (reply) => canonical(reply));

/** Equal types, and aggregates of equal sizes at every depth; scalars may carry anything. */
export const shape: Comparer = normalising('shape', outline);

/** The same type of reply, whatever is in it. */
export const anyOfType: Comparer = normalising('anyOfType', (reply) =>
  reply.payload === null && reply.items === null ? `${reply.type}null` : reply.type,
);

/** Integers (also as text) may differ by up to `tolerance`, at every depth; all else is equal. */
export function approx(tolerance: number): Comparer {
  return {
    name: `approx(${tolerance})`,
    equal: (expected, actual) => nearlyEqual(expected, actual, tolerance),
  };
}

/**
 * Equal after each match of `pattern` in a scalar was replaced by a mark: at every depth, with the
 * lengths of bulk strings taken after the replacement. The pattern sees one character a byte.
 */
export function redact(pattern: RegExp): Comparer {
  const everywhere = new RegExp(pattern.source, [...new Set(`${pattern.flags}g`)].join(''));
  return normalising(`redact(${pattern})`, (reply) =>
    rebuild(reply, (text) => text.replace(everywhere, '(redacted)')),
  );
}

/** Equal after the texts that `transform` makes of all scalars. */
export function transformed(name: string, transform: (text: string) => string): Comparer {
  return normalising(name, (reply) => rebuild(reply, transform));
}

function normalising(name: string, normalise: (reply: Reply) => string): Comparer {
  return {
    name,
    equal: (expected, actual) => normalise(expected) === normalise(actual),
  };
}

function rebuild(reply: Reply, transform: (text: string) => string): string {
  if (reply.items !== null) {
    const members = reply.items.map((item) => rebuild(item, transform));
    return `${reply.type}${reply.items.length}[${members.join('')}]`;
  }
  if (reply.payload === null) return `${reply.type}null;`;
  const text = transform(reply.payload.toString('latin1'));
  return `${reply.type}${text.length}:${text};`;
}

function canonical(reply: Reply): string {
  if (reply.items === null) return escapeBytes(reply.bytes);
  let members = reply.items.map(canonical);
  if (reply.type === '%') {
    members = members.flatMap((member, index) =>
      index % 2 === 0 ? [`${member}=>${members[index + 1]}`] : [],
    );
  }
  return `${reply.type}${reply.items.length}[${members.sort().join(' ')}]`;
}

function outline(reply: Reply): string {
  if (reply.items !== null) {
    return `${reply.type}${reply.items.length}[${reply.items.map(outline).join('')}]`;
  }
  return reply.payload === null ? `${reply.type}null` : reply.type;
}

function nearlyEqual(expected: Reply, actual: Reply, tolerance: number): boolean {
  if (expected.bytes.equals(actual.bytes)) return true;
  if (expected.type !== actual.type) return false;
  if (expected.items !== null && actual.items !== null) {
    const others = actual.items;
    return (
      expected.items.length === others.length &&
      expected.items.every((item, index) => nearlyEqual(item, others[index], tolerance))
    );
  }
  const left = integerOf(expected);
  const right = integerOf(actual);
  if (left === undefined || right === undefined) return false;
  // -1 and -2 are answers of their own ("no expiry", "no key"), near no number.
  if (left < 0n || right < 0n) return left === right;
  const distance = left > right ? left - right : right - left;
  return distance <= BigInt(tolerance);
}

function integerOf(reply: Reply): bigint | undefined {
  const text = reply.payload?.toString('latin1') ?? '';
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}
