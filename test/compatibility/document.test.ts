// docs/compatibility.md tells users of every intended difference, and of no other.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { REDIS_VERSION } from '../../src/core/version.ts';
import {
  commandsAdded,
  differences,
  directivesAccepted,
  infoFieldsAdded,
  infoFieldsLeftOut,
} from './differences.ts';

const document = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');

/** The items of the list under a heading: what is printed bold, and what follows it. */
function itemsUnder(heading: string): readonly (readonly [bold: string, text: string])[] {
  const chapter = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const [, ...items] = chapter.split(/^- /m);
  return items.map((item) => {
    const [, bold = '', text = ''] = /^\*\*(.+?)\*\*:?(.*)$/.exec(oneLine(item)) ?? [];
    return [bold, text.trim()];
  });
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** The list that tells groups of names by their reason. */
function listOf(groups: readonly { reason: string; names: readonly string[] }[]) {
  return groups.map(({ reason, names }) => [reason, names.map((name) => `\`${name}\``).join(', ')]);
}

describe('docs/compatibility.md', () => {
  test('tells of each intended difference in its own words', () => {
    const told = itemsUnder('Intended differences').map(([name, text]) => [
      name,
      text.replaceAll('`', ''),
    ]);
    expect(told).toEqual(differences.map(({ name, reason }) => [name, reason]));
  });

  test('tells of commands that Redis has not', () => {
    const groups = commandsAdded.map(({ reason, commands }) => ({
      reason,
      names: commands.map((name) => name.toUpperCase().replace('|', ' ')),
    }));
    expect(itemsUnder('Commands that Redis 7.0 has not')).toEqual(listOf(groups));
  });

  test('tells of directives that Redis refuses', () => {
    expect(itemsUnder('Directives that Redis refuses and Synap accepts')).toEqual(
      listOf(directivesAccepted),
    );
  });

  test.each([
    ['Fields of INFO that are left out', infoFieldsLeftOut],
    ['Fields of INFO that are added', infoFieldsAdded],
  ])('tells of each field under %s', (heading, groups) => {
    expect(itemsUnder(heading)).toEqual(
      listOf(groups.map(({ reason, fields }) => ({ reason, names: fields }))),
    );
  });

  test('tells the version that the server tells', () => {
    expect(document).toContain(`tell **${REDIS_VERSION}**`);
  });
});
