// COMMAND and COMMAND INFO: what a client needs to route and check a command, ten fields of each.
// Specification: https://redis.io/commands/command/

import { categoriesOf } from '../../core/acl-categories.ts';
import type { Command } from '../../core/command.ts';
import { FLAG_NAMES } from '../../core/flags.ts';
import type { KeyExtent, KeySearch, KeySpec } from '../../core/key-specs.ts';
import type { Reply } from '../../protocol/reply.ts';

/** Keys as arguments `first` to `last` (negative: from the end), every `step`-th: all 0 for none. */
export interface LegacyKeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Whether that is not all there is to know: what the flag MOVABLE_KEYS says. */
  readonly movable: boolean;
}

/** Writes the ten fields of a command, its subcommands included. */
export function replyCommandInfo(reply: Reply, command: Command): void {
  const { first, last, step } = legacyKeyRange(command.keys);
  reply.array(10);
  reply.bulkText(command.fullName);
  reply.integer(command.arity);
  replyNames(reply, flagNames(command.flags));
  reply.integer(first);
  reply.integer(last);
  reply.integer(step);
  replyNames(
    reply,
    categoriesOf(command).map((name) => `@${name}`),
  );
  replyTexts(reply, command.row.tips ?? []);
  reply.set(command.keys.length);
  for (const spec of command.keys) replyKeySpec(reply, spec);
  reply.set(command.subcommands?.size ?? 0);
  for (const subcommand of command.subcommands?.values() ?? []) replyCommandInfo(reply, subcommand);
}

/** Writes a set of simple strings. */
export function replyNames(reply: Reply, names: readonly string[]): void {
  reply.set(names.length);
  for (const name of names) reply.simple(name);
}

/**
 * The keys of a command in the form that clients knew before key specs: one range, made of those
 * specs that are ranges at fixed places and follow one another.
 */
export function legacyKeyRange(specs: readonly KeySpec[]): LegacyKeyRange {
  const [only] = specs;
  if (only === undefined) return { first: 0, last: 0, step: 0, movable: false };
  if (specs.length === 1 && only.search.kind === 'index' && only.extent.kind === 'range') {
    const first = only.search.index;
    const last = absoluteLast(first, only.extent.lastKey);
    return { first, last, step: only.extent.step, movable: only.flags.includes('incomplete') };
  }
  let first = 0;
  let last = 0;
  let movable = false;
  for (const { search, extent, flags } of specs) {
    const follows = search.kind === 'index' && (last === 0 || last === search.index - 1);
    if (!follows || extent.kind !== 'range' || extent.step !== 1) {
      movable = true;
      continue;
    }
    if (flags.includes('incomplete')) movable = true;
    if (first === 0) first = search.index;
    last = absoluteLast(search.index, extent.lastKey);
  }
  return { first, last, step: first === 0 ? 0 : 1, movable };
}

function absoluteLast(first: number, lastKey: number): number {
  return lastKey < 0 ? lastKey : first + lastKey;
}

function flagNames(flags: number): string[] {
  return FLAG_NAMES.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name);
}

function replyTexts(reply: Reply, texts: readonly string[]): void {
  reply.set(texts.length);
  for (const text of texts) reply.bulkText(text);
}

function replyKeySpec(reply: Reply, spec: KeySpec): void {
  reply.map(spec.notes === undefined ? 3 : 4);
  if (spec.notes !== undefined) {
    reply.bulkText('notes');
    reply.bulkText(spec.notes);
  }
  reply.bulkText('flags');
  replyNames(reply, spec.flags);
  reply.bulkText('begin_search');
  replySearch(reply, spec.search);
  reply.bulkText('find_keys');
  replyExtent(reply, spec.extent);
}

function replySearch(reply: Reply, search: KeySearch): void {
  if (search.kind === 'index') {
    replyTyped(reply, 'index', [['index', search.index]]);
  } else if (search.kind === 'unknown') {
    replyTyped(reply, 'unknown', []);
  } else {
    replyTyped(reply, 'keyword', [
      ['keyword', search.keyword],
      ['startfrom', search.startFrom],
    ]);
  }
}

function replyExtent(reply: Reply, extent: KeyExtent): void {
  if (extent.kind === 'range') {
    replyTyped(reply, 'range', [
      ['lastkey', extent.lastKey],
      ['keystep', extent.step],
      ['limit', extent.limit],
    ]);
  } else if (extent.kind === 'unknown') {
    replyTyped(reply, 'unknown', []);
  } else {
    replyTyped(reply, 'keynum', [
      ['keynumidx', extent.keyNumIndex],
      ['firstkey', extent.firstKey],
      ['keystep', extent.step],
    ]);
  }
}

/** A map of a type's name and its own map. */
function replyTyped(
  reply: Reply,
  type: string,
  fields: readonly (readonly [name: string, value: string | number])[],
): void {
  reply.map(2);
  reply.bulkText('type');
  reply.bulkText(type);
  reply.bulkText('spec');
  reply.map(fields.length);
  for (const [name, value] of fields) {
    reply.bulkText(name);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulkText(value);
  }
}
