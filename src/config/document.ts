// The table of directives as documents: `synap.conf`, every directive with its default, and
// docs/configuration.md. Both files are what these functions return: scripts/document-config.mjs
// writes them, and a test holds them equal.
import { Document, type Node } from 'yaml';
import { type Directive, defaultOf, parseSetting, type Section, type Status } from './directive.ts';
import { directives, sections } from './directives.ts';
import { splitWords } from './syntax/words.ts';
import { scalarOf, yamlNode } from './syntax/yaml-writer.ts';

/** Columns at which comments are wrapped. */
const WIDTH = 90;

/** The content of synap.conf. */
export function configFile(): string {
  const head = [
    'Every directive of Synap with its default, in YAML. The server starts the same without this',
    'file: keep what you change. Names are those of Redis, and a redis.conf can be used instead.',
    'Sizes take the units k, m, g (powers of 1000) and kb, mb, gb (powers of 1024).',
    'docs/configuration.md says which values a directive takes and which parts are still to come.',
  ];
  const parts = sections.map((section) => {
    const entries = directivesIn(section).map(fileEntry).filter(Boolean);
    return `${bar(section.title)}\n${section.key}:\n${entries.join('\n')}`;
  });
  return `${head.map((line) => `# ${line}\n`).join('')}\n${parts.join('\n')}`;
}

/** The content of docs/configuration.md. */
export function configurationGuide(): string {
  const parts = sections.map((section) => {
    const rows = directivesIn(section).map(guideEntry);
    return `## ${section.title}\n\nSection \`${section.key}\` of a YAML file.\n\n${rows.join('')}`;
  });
  return `${guideHead}\n${parts.join('\n')}`;
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
also stand at the top, without one. A sequence writes several words or lines; \`true\` and \`false\` stand
for \`yes\` and \`no\`; bytes that are not UTF-8 are written as \`!!binary\`. CONFIG REWRITE keeps the
comments of either syntax.

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
\`\`\`

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
  later: '(Still to come.)',
  inapplicable: '(Without effect here.)',
};

/**
 * A directive of synap.conf: its description and its default, or an example in a comment. Nothing
 * for those that nobody should set.
 */
function fileEntry(directive: Directive): string {
  const hasDefault = directive.default !== undefined;
  if (directive.hidden || !(hasDefault || directive.example)) return '';
  const doc = `${directive.doc} ${remarks[directive.status]}`.trim().replaceAll('`', "'");
  const comment = wrap(doc, WIDTH - 4);
  const document = new Document({}, { schema: 'failsafe', customTags: ['binary'] });
  document.set(directive.name, valueNode(directive));
  const value = document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
  const lines = [
    ...comment.map((line) => `# ${line}`),
    ...value.split('\n').map((line) => (hasDefault ? line : `# ${line}`)),
  ];
  return lines.map((line) => `  ${line}\n`).join('');
}

/** A default in its own spelling (`512mb`, `.`) where it is one word. */
function valueNode(directive: Directive): Node | undefined {
  if (directive.kind.shape === 'single') return scalarOf(directive.default ?? '');
  if (directive.default !== undefined) return yamlNode(directive, defaultOf(directive, '/'));
  const parsed = parseSetting(directive, splitWords(directive.example ?? '') ?? [], {
    current: directive.kind.empty,
    isRepeated: false,
    directory: '/',
  });
  if (typeof parsed === 'string') throw new Error(`example of ${directive.name}: ${parsed}`);
  return yamlNode(directive, parsed);
}

function guideEntry(directive: Directive): string {
  const facts = [directive.kind.summary];
  if (directive.default !== undefined) {
    facts.push(directive.default === '' ? 'default empty' : `default \`${directive.default}\``);
  }
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
