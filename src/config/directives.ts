// The table of directives: every one of Redis 7.0 with its older names, the few that later versions
// added and files contain, and Synap's own. Readers, CONFIG, both file syntaxes, flags, `synap.conf`
// and the documentation all derive from it. A new directive is a new row in its section's file.
import { type Directive, directivesOf, type Section, type ValuesOf } from './directive.ts';
import { clients } from './directives/clients.ts';
import { cluster } from './directives/cluster.ts';
import { general } from './directives/general.ts';
import { logging } from './directives/logging.ts';
import { memory } from './directives/memory.ts';
import { network } from './directives/network.ts';
import { observability } from './directives/observability.ts';
import { persistence } from './directives/persistence.ts';
import { replication } from './directives/replication.ts';
import { security } from './directives/security.ts';
import { structures } from './directives/structures.ts';
import { system } from './directives/system.ts';
import { tls } from './directives/tls.ts';

/** Sections, in the order of documentation, `synap.conf` and CONFIG GET. */
export const sections: readonly Section[] = [
  network,
  tls,
  clients,
  general,
  logging,
  security,
  memory,
  structures,
  persistence,
  replication,
  cluster,
  observability,
  system,
];

/** The value of every directive, by its name. */
export type Values = ValuesOf<typeof network.rows> &
  ValuesOf<typeof tls.rows> &
  ValuesOf<typeof clients.rows> &
  ValuesOf<typeof general.rows> &
  ValuesOf<typeof logging.rows> &
  ValuesOf<typeof security.rows> &
  ValuesOf<typeof memory.rows> &
  ValuesOf<typeof structures.rows> &
  ValuesOf<typeof persistence.rows> &
  ValuesOf<typeof replication.rows> &
  ValuesOf<typeof cluster.rows> &
  ValuesOf<typeof observability.rows> &
  ValuesOf<typeof system.rows>;

export type DirectiveName = keyof Values;

/** All directives, in the order of `sections`. */
export const directives: readonly Directive[] = sections.flatMap(directivesOf);

/** Directives by name and by alias. */
const byName = new Map<string, Directive>();
/** Directives by path; an alias may take the name's place in it. */
const byPath = new Map<string, Directive>();
for (const directive of directives) {
  for (const name of [directive.name, ...directive.aliases]) {
    byName.set(name, directive);
    byPath.set(`${directive.section}.${name}`, directive);
  }
  if (directive.yaml !== undefined) byPath.set(directive.yaml.path, directive);
}

/** Keys of each mapping that a YAML file may have, by its path; '' is that of the whole file. */
const keysByPath = new Map<string, Set<string>>();
for (const path of byPath.keys()) {
  const keys = path.split('.');
  for (const [depth, key] of keys.entries()) {
    const within = keys.slice(0, depth).join('.');
    keysByPath.set(within, (keysByPath.get(within) ?? new Set()).add(key));
  }
}

/** The directive of a name or alias, in either case. */
export function findDirective(name: string): Directive | undefined {
  return byName.get(name.toLowerCase());
}

/** The directive at a path of a YAML file, or of a name without its section. */
export function findByPath(path: string): Directive | undefined {
  return byPath.get(path.toLowerCase()) ?? findDirective(path);
}

/** Whether a path of a YAML file holds further keys rather than a directive. */
export function isSectionPath(path: string): boolean {
  return path !== '' && keysByPath.has(path);
}

/**
 * `unknown directive 'x'`, with the name that was probably meant.
 *
 * @param within path of the mapping of a YAML file that has the name as a key
 */
export function unknownDirective(name: string, within?: string): string {
  const keys = within === undefined ? [] : (keysByPath.get(within) ?? []);
  const nearest = nearestName(name.toLowerCase(), [...keys, ...byName.keys()]);
  const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
  return `unknown directive '${name}'${hint}`;
}

/** The known name with the fewest edits to the given one, if they are few for its length. */
function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.max(1, Math.floor(name.length / 4)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= fewest) continue;
    const edits = editDistance(name, candidate);
    if (edits < fewest) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Levenshtein distance with swaps of neighbours as one edit (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let edits = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, older[j - 2] + 1);
      }
      current.push(edits);
    }
    older = previous;
    previous = current;
  }
  return previous[b.length];
}
