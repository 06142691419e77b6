// Values as YAML nodes, which the reader takes back for the same values.
import { type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Directive } from '../directive.ts';
import type { Parsed } from '../kind.ts';
import { textOf } from '../text.ts';
import { quoteIfNeeded } from './words.ts';

/**
 * A value as it is written in YAML, or undefined for one that must be absent.
 *
 * @param path place in the file
 */
export function yamlNode(
  directive: Directive,
  parsed: Parsed<unknown>,
  path: string,
): Node | undefined {
  const lines = directive.kind.lines(parsed);
  if (lines.length === 0) return undefined;
  const isEmpty = lines.length === 1 && lines[0].length === 1 && lines[0][0] === '';
  switch (directive.kind.shape) {
    case 'single':
      return wordNode(directive, lines[0][0], path);
    case 'words':
      return sequenceOf(isEmpty ? [] : lines[0].map(quoteIfNeeded));
    case 'lines':
      return sequenceOf(isEmpty ? [] : lines.map(joined));
    case 'keyed': {
      const map = new YAMLMap();
      for (const [name, ...words] of lines) {
        map.items.push(new Pair(scalarOf(name), scalarOf(joined(words))));
      }
      return map;
    }
  }
}

/**
 * A value of one word, spelled as its place suggests: in that of the row's own there are `true` and
 * `false`, and the row's words.
 */
export function wordNode({ kind, yaml }: Directive, word: string, path: string): Scalar {
  if (path.toLowerCase() !== yaml?.path) return scalarOf(word);
  if (kind.isSwitch && word === 'yes') return new Scalar('true');
  if (kind.isSwitch && word === 'no') return new Scalar('false');
  return scalarOf(yaml.words?.[word] ?? word);
}

/** Words on one line; a single empty word is the empty line. */
function joined(words: readonly string[]): string {
  return words.length === 1 && words[0] === '' ? '' : words.map(quoteIfNeeded).join(' ');
}

function sequenceOf(words: readonly string[]): Node {
  const [only] = words;
  if (words.length === 1) return scalarOf(only);
  const sequence = new YAMLSeq();
  sequence.flow = true;
  sequence.items.push(...words.map(scalarOf));
  return sequence;
}

/** A scalar that is read back as the byte string, with quotes only where YAML needs them. */
export function scalarOf(bytes: string): Scalar {
  const text = textOf(bytes);
  if (text === undefined) {
    const binary = new Scalar(Buffer.from(bytes, 'latin1'));
    binary.tag = '!!binary';
    binary.type = 'QUOTE_DOUBLE';
    return binary;
  }
  const scalar = new Scalar(text);
  if (/^(~|null|true|false|)$/i.test(text)) scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}
