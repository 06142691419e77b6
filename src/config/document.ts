// The table of directives as documents: `synap.conf`, every directive with its default or what is
// shipped in its place, and docs/configuration.md. Both files are what these functions return:
// scripts/document-config.mjs writes them, and a test holds them equal.
import { Document, type Node } from 'yaml';
import { type Directive, defaultOf, parseSetting, type Section, type Status } from './directive.ts';
import { directives, sections } from './directives.ts';
import { splitWords } from './syntax/words.ts';
import { wordNode, yamlNode } from './syntax/yaml-writer.ts';

/** Columns at which comments are wrapped. */
const WIDTH = 90;

/** The content of synap.conf. */
export function configFile(): string {
  const head = [
    `Every directive of Synap with its default, in YAML, except that a log is kept: ${shipped()}.`,
    'A server that is started without this file has the defaults, which are those of Redis, and so',
    'has any directive that you take out of it. A redis.conf can be used instead. Sizes take the',
    'units k, m, g (powers of 1000) and kb, mb, gb (powers of 1024). docs/configuration.md says which',
    'values a directive takes and which parts are still to come.',
  ];
  const parts = sections.map(
    (section) => `${bar(section.title)}\n${section.key}:\n${sectionEntries(section).join('\n')}`,
  );
  const comment = wrap(head.join(' ').replaceAll('`', "'"), WIDTH).map((line) => `# ${line}\n`);
  return `${comment.join('')}\n${parts.join('\n')}`;
}

/** The content of docs/configuration.md. */
export function configurationGuide(): string {
  const parts = sections.map((section) => {
    const rows = directivesIn(section).map(guideEntry);
    return `## ${section.title}\n\nSection \`${section.key}\` of a YAML file.\n\n${rows.join('')}`;
  });
  return `${guideHead}\n${parts.join('\n')}`;
}

/** What synap.conf sets in place of defaults. */
function shipped(): string {
  return directives
    .filter((directive) => directive.shipped !== undefined)
    .map(({ name, shipped }) => `\`${name} ${shipped || '""'}\``)
    .join(', ');
}

const guideHead = `<!-- Written by scripts/document-config.mjs from src/config/directives: change it there. -->
# Configuration

Settings come from a file, from standard input, from flags and from CONFIG SET; later ones win, in
this order. All take the same directives, named as in Redis 7.0:

    synap-server synap.conf                         # YAML
    synap-server redis.conf                         # the syntax of redis.conf
    synap-server synap.conf --port 7000 --save ''   # flags, over the file
    echo 'port 7000' | synap-server -               # standard input

The syntax of a file is recognised by its content. In YAML, a directive stands in its section; it may
also stand at the top, without one. Some have another place and name in YAML besides, given as *in YAML*;
where both are given, the later one counts. A sequence writes several words or lines; \`true\` and
\`false\` stand for \`yes\` and \`no\`; bytes that are not UTF-8 are written as \`!!binary\`. CONFIG
REWRITE keeps the comments of either syntax.

\`\`\`yaml
network:
  bind: [127.0.0.1, "::1"]
  port: 7000
memory:
  maxmemory: 2gb
clients:
  client-output-buffer-limit:
    pubsub: 64mb 16mb 60
security:
  rename-command:
    FLUSHALL: ""
persistence:
  wal:
    enabled: true          # appendonly yes
    fsync_mode: periodic   # appendfsync everysec
\`\`\`

${wrap(
  `[synap.conf](../synap.conf) sets every directive to its default, except for ${shipped()}: started with it, a server keeps a log of what is written.`,
  100,
).join('\n')}

Sizes take the units \`k\`, \`m\`, \`g\` (powers of 1000) and \`kb\`, \`mb\`, \`gb\` (powers of 1024). Marks:

- *fixed*: CONFIG SET cannot change it while the server runs.
- *protected*: CONFIG SET changes it only where \`enable-protected-configs\` allows.
- *file only*: belongs in files and flags; CONFIG GET and CONFIG SET do not know it.
- *hidden*: CONFIG GET shows it only when asked for its full name.
- *still to come*: kept and reported, but without effect yet.
- *not applicable*: kept and reported, without effect here; changing it logs a warning.
`;

function directivesIn(section: Section): Directive[] {
  return directives.filter((directive) => directive.section === section.key);
}

function bar(title: string): string {
  return `# --- ${title} ${'-'.repeat(WIDTH - title.length - 7)}`;
}

const remarks: Readonly<Record<Status, string>> = {
  active: '',
  later: 'still to come',
  inapplicable: 'without effect here',
};

/** A directive at a place of synap.conf. */
interface FilePlace {
  readonly directive: Directive;
  readonly path: string;
}

/** The entries of a section of synap.conf, each mapping within it behind its key. */
function sectionEntries(section: Section): string[] {
  const entries: string[] = [];
  let within = section.key;
  for (const place of placesIn(section)) {
    const mapping = parentOf(place.path);
    const keys = mapping === within || mapping === section.key ? '' : `  ${lastKey(mapping)}:\n`;
    within = mapping;
    entries.push(keys + fileEntry(place));
  }
  return entries;
}

/**
 * Where a section's directives stand; those that only have another place in it, behind the first of
 * the mapping there. Without the directives that users should not set.
 */
function placesIn(section: Section): FilePlace[] {
  const places = directivesIn(section)
    .filter((row) => !row.hidden && (row.default !== undefined || row.example))
    .map((directive) => ({ directive, path: directive.path }));
  for (const directive of directives) {
    if (!directive.yaml?.isAlias) continue;
    const { path } = directive.yaml;
    const first = places.findIndex((place) => parentOf(place.path) === parentOf(path));
    if (first >= 0) places.splice(first + 1, 0, { directive, path });
  }
  return places;
}

/**
 * A directive of synap.conf: its description and its value; in a comment where that is an example, or
 * the directive has its value in another place.
 */
function fileEntry({ directive, path }: FilePlace): string {
  const isSet = directive.default !== undefined && path === directive.path;
  const indent = '  '.repeat(path.split('.').length - 1);
  const comment = wrap(remarkedDoc({ directive, path }), WIDTH - indent.length - 2);
  const document = new Document({}, { schema: 'failsafe', customTags: ['binary'] });
  document.set(lastKey(path), valueNode(directive, path));
  const value = document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
  const lines = [
    ...comment.map((line) => `# ${line}`),
    ...value.split('\n').map((line) => (isSet ? line : `# ${line}`)),
  ];
  return lines.map((line) => `${indent}${line}\n`).join('');
}

function remarkedDoc({ directive, path }: FilePlace): string {
  const { name, status, shipped, section } = directive;
  if (path !== directive.path) return `Another place of '${name}' in section '${section}'.`;
  const remark = [
    lastKey(path) === name ? '' : `directive '${name}'`,
    shipped === undefined ? '' : `default ${directive.default}`,
    remarks[status],
  ]
    .filter(Boolean)
    .join('; ');
  const sentence = remark === '' ? '' : ` (${remark[0].toUpperCase()}${remark.slice(1)}.)`;
  return (directive.doc + sentence).replaceAll('`', "'");
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('.'));
}

function lastKey(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** A value of synap.conf: in its own spelling (`512mb`, `.`) where it is one word. */
function valueNode(directive: Directive, path: string): Node | undefined {
  const words = directive.shipped ?? directive.default;
  if (directive.kind.shape === 'single') return wordNode(directive, words ?? '', path);
  if (words !== undefined) {
    return yamlNode(directive, defaultOf({ ...directive, default: words }, '/'), path);
  }
  const parsed = parseSetting(directive, splitWords(directive.example ?? '') ?? [], {
    current: directive.kind.empty,
    isRepeated: false,
    directory: '/',
  });
  if (typeof parsed === 'string') throw new Error(`example of ${directive.name}: ${parsed}`);
  return yamlNode(directive, parsed, path);
}

function guideEntry(directive: Directive): string {
  const facts = [directive.kind.summary];
  if (directive.default !== undefined) {
    facts.push(directive.default === '' ? 'default empty' : `default \`${directive.default}\``);
  }
  if (directive.shipped !== undefined) {
    facts.push(
      directive.shipped === '' ? 'empty in synap.conf' : `\`${directive.shipped}\` in synap.conf`,
    );
  }
  if (directive.yaml !== undefined) facts.push(`*in YAML* \`${directive.yaml.path}\``);
  if (directive.immutable) facts.push('*fixed*');
  if (directive.protected) facts.push('*protected*');
  if (directive.fileOnly) facts.push('*file only*');
  if (directive.hidden) facts.push('*hidden*');
  if (directive.status === 'later') facts.push('*still to come*');
  if (directive.status === 'inapplicable') facts.push('*not applicable*');
  if (directive.aliases.length > 0) {
    facts.push(`also \`${directive.aliases.join('`, `')}\``);
  }
  return `- **\`${directive.name}\`** (${facts.join('; ')})\\\n  ${directive.doc}\n`;
}

/** Text in lines of at most `width` columns. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}
