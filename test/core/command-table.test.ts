// The command table: every row is whole, and what it says in several ways agrees.

import { describe, expect, test } from 'vitest';
import { families } from '../../src/commands/index.ts';
import { legacyKeyRange } from '../../src/commands/introspection/command-info.ts';
import { ACL_CATEGORIES } from '../../src/core/acl-categories.ts';
import type { Command } from '../../src/core/command.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { DENYOOM, MOVABLE_KEYS, NO_MANDATORY_KEYS, READONLY, WRITE } from '../../src/core/flags.ts';
import type { KeyFlag } from '../../src/core/key-specs.ts';
import { type Argument, arityOf, parseSyntax } from '../../src/core/syntax.ts';

/** Rows whose arguments Redis does not document either, so that only `arity` tells of them. */
const UNDOCUMENTED = new Set(['command|getkeys', 'command|getkeysandflags', 'debug', 'quit']);

/** PFMERGE takes its first key alone, though Redis documents the others as mandatory. */
const LOOSER_THAN_DOCUMENTED = new Set(['pfmerge']);
/** Rows whose arity is below what their arguments make: nothing is asked of no members. */
const LENIENT = new Set(['geopos', 'geohash']);

/** Rows for which Redis tells no complexity. */
const NO_COMPLEXITY = new Set(['lolwut', 'monitor', 'pfdebug', 'pfselftest']);

const table = new CommandTable(families);
const commands = [...table.runnable()];

test('there are commands', () => {
  expect(commands.length).toBeGreaterThan(100);
});

describe.each(commands.map((command) => [command.fullName, command] as const))(
  '%s',
  (_, command) => {
    const { row, flags, keys } = command;

    test('its row is whole', () => {
      expect(row.name).toMatch(/^[a-z][a-z0-9_-]*$/);
      expect(row.summary).toMatch(/^[A-Z].*[.]$/);
      expect(row.since).toMatch(/^\d+\.\d+\.\d+$/);
      if (!NO_COMPLEXITY.has(command.fullName))
        expect(row.complexity).toMatch(
          /^(O\(|Depends on |Without the count argument |For each stream mentioned: )/,
        );
      for (const [version, change] of row.history ?? []) {
        expect(version).toMatch(/^\d+\.\d+\.\d+$/);
        expect(change).toMatch(/^[A-Z`].*[.]$/);
      }
    });

    test('it can run, or its subcommands can', () => {
      expect(row.handler !== undefined || isContainer(command)).toBe(true);
      if (row.handler !== undefined) expect(command.handler).toBe(row.handler);
    });

    test('its syntax makes its arity', () => {
      const syntax = parseSyntax(row.syntax ?? '', keys.length);
      if (isContainer(command)) {
        expect(row.syntax).toBeUndefined();
        expect(row.arity).toBe(row.handler === undefined ? -2 : -1);
      } else if (LOOSER_THAN_DOCUMENTED.has(command.fullName)) {
        expect(arityOf(syntax, 1)).toBe(row.arity - 1);
      } else if (!UNDOCUMENTED.has(command.fullName)) {
        const least = LENIENT.has(command.fullName) ? row.arity - 1 : row.arity;
        expect(arityOf(syntax, command.parent === undefined ? 1 : 2)).toBe(least);
      }
    });

    test('its options are those of its syntax', () => {
      const { options } = command.row;
      if (options === undefined) return;
      const syntax = parseSyntax(row.syntax ?? '', keys.length);
      expect([...options.words].sort()).toEqual(optionalTokens(syntax, false).sort());
    });

    test('its keys are those of its syntax', () => {
      const syntax = parseSyntax(row.syntax ?? '', keys.length);
      const indexes = new Set(keyArguments(syntax).map(({ keySpecIndex }) => keySpecIndex));
      // Shard channels have a slot as keys have, and are none.
      const told = [...keys.keys()].filter((i) => !keys[i].flags.includes('not_key'));
      if (row.syntax !== undefined) expect([...indexes].sort()).toEqual(told);
    });

    test('its flags agree', () => {
      expect(flags & WRITE && flags & READONLY).toBe(0);
      if ((flags & DENYOOM) !== 0) expect(flags & WRITE).not.toBe(0);
      const hasKeys = keys.some((spec) => !spec.flags.includes('not_key'));
      if (hasKeys && (flags & NO_MANDATORY_KEYS) === 0 && command.fullName !== 'watch') {
        expect(flags & (WRITE | READONLY)).not.toBe(0);
      }
      expect((flags & MOVABLE_KEYS) !== 0).toBe(legacyKeyRange(keys).movable);
      const changing: readonly KeyFlag[] = ['OW', 'RM', 'insert', 'update', 'delete'];
      const changes = keys.some((spec) => spec.flags.some((flag) => changing.includes(flag)));
      if (changes) expect(flags & WRITE).not.toBe(0);
      for (const category of row.categories ?? []) expect(ACL_CATEGORIES).toContain(category);
    });
  },
);

test('names are unique', () => {
  const names = commands.map(({ fullName }) => fullName);
  expect(names.length).toBe(new Set(names).size);
});

function isContainer(command: Command): boolean {
  return command.subcommands !== undefined;
}

function keyArguments(list: readonly Argument[]): Argument[] {
  return list.flatMap((argument) => [
    ...(argument.keySpecIndex === undefined ? [] : [argument]),
    ...keyArguments(argument.arguments),
  ]);
}

/** The words, in lower case, that may be left out and stand for options or introduce them. */
function optionalTokens(list: readonly Argument[], isOptional: boolean): string[] {
  return list.flatMap(({ token, optional, arguments: parts }) => {
    const isLeftOut = isOptional || optional;
    const own = token !== undefined && isLeftOut ? [token.toLowerCase()] : [];
    // What stands behind a word is its value.
    return token === undefined ? optionalTokens(parts, isLeftOut) : own;
  });
}
