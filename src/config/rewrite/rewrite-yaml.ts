// CONFIG REWRITE for files in YAML. Values that still say the present value stay as they are
// written; others are replaced, and what differs from its default and does not stand in the file is
// added to its section. The parsed document keeps comments and order.
import { isMap, isScalar, type Node, Pair, Scalar, YAMLMap } from 'yaml';
import { argumentsOf, parseSetting } from '../directive.ts';
import type { Parsed } from '../kind.ts';
import { parseYaml, type YamlDocument, type YamlEntry, YamlReader } from '../syntax/yaml-syntax.ts';
import { yamlNode } from '../syntax/yaml-writer.ts';
import { bytesOf } from '../text.ts';
import { type Entry, GENERATED } from './entry.ts';

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
): string {
  const document = parseYaml(old, source);
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
      if (text === entry.standard.text) continue;
      add(document, entry);
    } else {
      if (readBack(reader, present, entry.standard, directory)?.text === text) continue;
      replace(present, yamlNode(entry.directive, entry.parsed));
    }
    isChanged = true;
  }
  if (!isChanged) return old;
  return bytesOf(document.toString({ lineWidth: 0, flowCollectionPadding: false }));
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

/** Adds a directive to its section, below a comment that says where it comes from. */
function add(document: YamlDocument, entry: Entry): void {
  const value = yamlNode(entry.directive, entry.parsed);
  if (value === undefined) return;
  const section = sectionOf(document, entry.directive.section);
  const key = new Scalar(entry.directive.name);
  const isGenerated = (pair: Pair) =>
    isScalar(pair.key) && pair.key.commentBefore?.trim() === GENERATED;
  if (!section.items.some(isGenerated)) key.commentBefore = ` ${GENERATED}`;
  section.items.push(new Pair(key, value));
}

/** The mapping of a section, made where there is none. */
function sectionOf(document: YamlDocument, key: string): YAMLMap {
  const content: unknown = document.contents;
  const root = isMap(content) ? content : new YAMLMap();
  if (root !== content) document.contents = root;
  const pair = root.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair !== undefined && isMap(pair.value)) return pair.value;
  const section = new YAMLMap();
  if (pair === undefined) root.items.push(new Pair(new Scalar(key), section));
  else pair.value = section;
  return section;
}
