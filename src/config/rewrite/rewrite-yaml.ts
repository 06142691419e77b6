// CONFIG REWRITE for files in YAML. Values that still say the present value stay as they are
// written; others are replaced, in the place that the file has them in; and what differs from its
// default and does not stand in the file is added at its path. The parsed document keeps comments and
// order; but in a file that changes, what was written once for several places is written in each.
import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  Pair,
  Scalar,
  visit,
  YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { argumentsOf, parseSetting } from '../directive.ts';
import type { Parsed } from '../kind.ts';
import { parseYaml, type YamlDocument, type YamlEntry, YamlReader } from '../syntax/yaml-syntax.ts';
import { yamlNode } from '../syntax/yaml-writer.ts';
import { bytesOf } from '../text.ts';
import { type Entry, GENERATED, type Rewritten } from './entry.ts';

/**
 * The new content of a file.
 *
 * @param old its content, as a byte string
 * @param source name of the file, for messages
 * @param directory absolute path that relative directories in the file start from
 * @throws ConfigError when the content is not YAML, or has unknown names
 */
export function rewriteYaml(
  old: string,
  source: string,
  entries: readonly Entry[],
  directory: string,
  which: Rewritten = 'changed',
): string {
  const document = parseYaml(old, source);
  expandAliases(document);
  const reader = new YamlReader(document, () => source);
  const found = new Map<string, YamlEntry[]>();
  for (const entry of reader.entries()) {
    const { name } = entry.directive;
    found.set(name, [...(found.get(name) ?? []), entry]);
  }
  let isChanged = false;
  for (const entry of entries) {
    if (entry.directive.fileOnly) continue;
    const { text } = entry.parsed;
    const present = found.get(entry.directive.name) ?? [];
    if (present.length === 0) {
      if (which === 'changed' && text === entry.standard.text) continue;
      add(document, entry);
    } else {
      if (readBack(reader, present, entry.standard, directory)?.text === text) continue;
      replace(present, yamlNode(entry.directive, entry.parsed, present[0].path));
    }
    isChanged = true;
  }
  if (!isChanged) return old;
  return bytesOf(document.toString({ lineWidth: 0, flowCollectionPadding: false }));
}

/**
 * Puts copies in the places of aliases (`*name`): a change of one place must not reach another. Those
 * that name nothing stay, for the reader to refuse. What an anchor is on stands before its aliases, so
 * that copies hold none but those within themselves, which have no end.
 */
function expandAliases(document: YamlDocument): void {
  visit(document, {
    Alias(key, alias, ancestors) {
      const copy = alias.resolve(document)?.clone() as Scalar | YAMLMap | YAMLSeq | undefined;
      if (copy === undefined) return undefined;
      delete copy.anchor;
      const parent = ancestors.at(-1);
      if (isPair(parent) && key === 'value') parent.value = copy;
      if (isSeq(parent) && typeof key === 'number') parent.items[key] = copy;
      return visit.SKIP;
    },
  });
}

/** The value that the file gives a directive, or undefined when it gives none that is valid. */
function readBack(
  reader: YamlReader,
  present: readonly YamlEntry[],
  standard: Parsed<unknown>,
  directory: string,
): Parsed<unknown> | undefined {
  let current = standard;
  let isRepeated = false;
  for (const entry of present) {
    for (const setting of reader.settings(entry)) {
      const words = argumentsOf(entry.directive, setting.words);
      if (words === undefined) return undefined;
      const parsed = parseSetting(entry.directive, words, { current, isRepeated, directory });
      if (typeof parsed === 'string') return undefined;
      current = parsed;
      isRepeated = true;
    }
  }
  return current;
}

/** Puts a value in a directive's first place, and removes its other places; or removes them all. */
function replace(present: readonly YamlEntry[], value: Node | undefined): void {
  const [first, ...others] = present;
  const superfluous = value === undefined ? present : others;
  for (const { within, pair } of superfluous) within.items.splice(within.items.indexOf(pair), 1);
  if (value === undefined) return;
  if (isScalar(first.pair.value)) {
    const { comment, commentBefore, spaceBefore } = first.pair.value;
    Object.assign(value, { comment, commentBefore, spaceBefore });
  }
  first.pair.value = value;
}

/** Adds a directive at its path, below a comment that says where it comes from. */
function add(document: YamlDocument, { directive, parsed }: Entry): void {
  const value = yamlNode(directive, parsed, directive.path);
  if (value === undefined) return;
  const keys = directive.path.split('.');
  const key = new Scalar(keys.pop());
  const within = keys.reduce((outer, name) => mappingIn(outer, name), rootOf(document));
  const isGenerated = (pair: Pair) =>
    isScalar(pair.key) && pair.key.commentBefore?.trim() === GENERATED;
  if (!within.items.some(isGenerated)) key.commentBefore = ` ${GENERATED}`;
  within.items.push(new Pair(key, value));
}

/** The mapping that a document is, made where it is empty. */
function rootOf(document: YamlDocument): YAMLMap {
  const content: unknown = document.contents;
  if (isMap(content)) return content;
  const root = new YAMLMap();
  document.contents = root;
  return root;
}

/** The mapping behind a key, made where there is none. */
function mappingIn(outer: YAMLMap, key: string): YAMLMap {
  const pair = outer.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (isMap(pair?.value)) return pair.value;
  const made = new YAMLMap();
  if (pair === undefined) outer.items.push(new Pair(new Scalar(key), made));
  else pair.value = made;
  return made;
}
