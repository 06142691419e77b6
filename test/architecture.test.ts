// What must hold of the sources as a whole: which part may know which, and how files are kept.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { directives } from '../src/config/directives.ts';

/**
 * Folders and root files of src/, from top to bottom: each imports only what is below it. Where a folder lies in
 * another that is named too, the longest name counts.
 */
const LAYERS = [
  'main',
  'program',
  'check',
  'persistence/check',
  'index',
  'server',
  'persistence/log',
  'net',
  'dispatch',
  'commands',
  'persistence/snapshots',
  'core',
  'replication',
  'pubsub',
  'tracking',
  'types',
  'persistence/rdb',
  'keyspace',
  'persistence/rdb/format',
  'structures',
  'memory',
];

/** What everyone may import, and what of the others these may import themselves. */
const LEAVES: Readonly<Record<string, readonly string[]>> = {
  logging: [],
  version: [],
  config: ['files'],
  files: [],
  protocol: [],
  telemetry: ['protocol', 'memory'],
  // The files of the log: bytes, and nothing of the commands in them.
  'persistence/segments': ['protocol', 'telemetry', 'logging', 'files'],
  // The files of cold blocks: bytes, and nothing of the streams that they are from.
  'persistence/cold': ['persistence/segments', 'files'],
  'persistence/recovery': ['persistence/segments', 'protocol', 'telemetry', 'logging', 'files'],
};

/** Layers that know less than all that is below them: what of it they may not import. */
const UNKNOWN_TO: Readonly<Record<string, readonly string[]>> = {
  // Checks and runs what the table says, and knows no command.
  dispatch: ['commands'],
  net: ['commands'],
};

/** What is run; the others leave the process to it. */
const PROGRAMS = ['main', 'program', 'check'];

const MAX_LINES = 500;

/** `import … from '…'` and `export … from '…'`, over several lines too; `import '…'`; `import('…')`. */
const IMPORT_FORMS = [
  /^(?:import|export)\b[^;'"=]*\bfrom '([^']+)';/gm,
  /^import '([^']+)';/gm,
  /\bimport\('([^']+)'\)/g,
];

interface Source {
  /** Relative to src/, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Paths of the sources that it imports, types included. */
  readonly imports: readonly string[];
  /** Names of the packages that it imports. */
  readonly packages: readonly string[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readSources();

describe('imports', () => {
  test('every source has a place in the layers', () => {
    const lost = sources.filter(({ path }) => partOf(path) === undefined);
    expect(lost.map(({ path }) => path)).toEqual([]);
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(50);
  });

  test('they point down only', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((imported) => !mayImport(partOf(path) ?? '', partOf(imported) ?? ''))
        .map((imported) => `${path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  test('there are no circles of files, types included', () => {
    expect(circles().map((circle) => circle.join(' '))).toEqual([]);
  });

  test('every import is of a source that exists, by its full name', () => {
    const known = new Set(sources.map(({ path }) => path));
    const missing = sources.flatMap(({ imports }) => imports.filter((path) => !known.has(path)));
    expect(missing).toEqual([]);
  });

  test("packages are Node's own or dependencies", () => {
    const { dependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    const known = { ...dependencies, ...optionalDependencies };
    const others = sources.flatMap(({ path, packages }) =>
      packages
        .filter((name) => !name.startsWith('node:') && !(name in known))
        .map((name) => `${path} imports ${name}`),
    );
    expect(others).toEqual([]);
  });
});

describe('directives', () => {
  test('every one that is called active is used', () => {
    const text = sources
      .filter(({ path }) => !path.startsWith('config/directives'))
      .map((source) => source.text)
      .join('\n');
    const active = directives.filter(({ status }) => status === 'active');
    expect(active.length).toBeGreaterThan(30);
    const idle = active.filter(({ name }) => !isUsed(name, text));
    expect(idle.map(({ name }) => name)).toEqual([]);
  });
});

describe('files', () => {
  test('none is longer than 500 lines', () => {
    const long = sources.filter(({ lines }) => lines.length > MAX_LINES);
    expect(long.map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([]);
  });

  test('each opens by saying what it owns', () => {
    const silent = sources.filter(({ text }) => !/^(#!.*\n)?\/\/ \S/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('each is called by a noun in kebab case', () => {
    const odd = sources.filter(
      ({ path }) => !/^([a-z0-9-]+\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path),
    );
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  test('none escapes the type checker or the linter, or leaves work for later', () => {
    const anywhere = /@ts-(ignore|expect-error|nocheck)|biome-ignore|eslint-|\b(TODO|FIXME|XXX)\b/;
    const inCode = /^(?!\s*(\/\/|\/?\*)).*(\bas any\b|<any\b|:\s*any\s*[,;)\]=|])/;
    const found = sources.flatMap(({ path, lines }) =>
      lines.flatMap((line, index) =>
        anywhere.test(line) || inCode.test(line) ? [`${path}:${index + 1}: ${line}`] : [],
      ),
    );
    expect(found).toEqual([]);
  });

  test('only the programs act on the process', () => {
    const acts = /\bprocess\.(exit|exitCode|env|on|once|kill|chdir|stdin|stdout|stderr)\b/;
    const found = sources.filter(
      ({ path, text }) => !PROGRAMS.includes(partOf(path) ?? '') && acts.test(text),
    );
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});

/** Whether a directive's name stands in the code, as a string or a property of the values. */
function isUsed(name: string, text: string): boolean {
  if (text.includes(`'${name}'`) || text.includes(`values.${name}`)) return true;
  return [...text.matchAll(/const \{([^}]*)\} = [\w.]*\bvalues;/g)].some(([, names]) =>
    names.split(',').some((part) => part.split(':')[0].trim() === name),
  );
}

/** The layer or leaf that a source is part of: the longest of their names that its path begins with. */
function partOf(path: string): string | undefined {
  return [...LAYERS, ...Object.keys(LEAVES)]
    .filter((name) => path === `${name}.ts` || path.startsWith(`${name}/`))
    .sort((one, other) => other.length - one.length)[0];
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  const allowed = LEAVES[from];
  if (allowed !== undefined) return allowed.includes(to);
  if (UNKNOWN_TO[from]?.includes(to)) return false;
  return to in LEAVES || LAYERS.indexOf(from) < LAYERS.indexOf(to);
}

/**
 * Sets of two and more sources each of which imports all others, directly or not: Tarjan's strongly connected
 * components (Depth-first search and linear graph algorithms, 1972).
 */
function circles(): string[][] {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const lower = (path: string, to: number | undefined) =>
    lowest.set(path, Math.min(lowest.get(path) ?? 0, to ?? 0));
  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.get(path) ?? 0);
    open.push(path);
    for (const next of importsOf.get(path) ?? []) {
      if (!order.has(next)) {
        visit(next);
        lower(path, lowest.get(next));
      } else if (open.includes(next)) {
        lower(path, order.get(next));
      }
    }
    if (lowest.get(path) !== order.get(path)) return;
    const circle = open.splice(open.indexOf(path));
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const { path } of sources) if (!order.has(path)) visit(path);
  return found;
}

function readSources(): Source[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map(readSource);
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, 'src', path), 'utf8');
  const specifiers = IMPORT_FORMS.flatMap((form) =>
    [...text.matchAll(form)].map(([, name]) => name),
  );
  const isLocal = (name: string) => name.startsWith('.');
  return {
    path,
    text,
    lines: text.trimEnd().split('\n'),
    imports: specifiers
      .filter(isLocal)
      .map((name) => normalize(join(dirname(path), name)).replaceAll('\\', '/')),
    packages: specifiers.filter((name) => !isLocal(name)),
  };
}
