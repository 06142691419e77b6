// INFO: selects the sections, and formats their text. The sections are declared in facts/.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { LOADING, STALE } from '../../core/flags.ts';
import type { Services } from '../../core/services.ts';
import { type FactHead, type FactSection, type FactValue, printed } from '../../telemetry/fact.ts';
import { factSections } from './facts/index.ts';

export const infoCommands: readonly CommandRow[] = [
  {
    name: 'info',
    arity: -1,
    flags: LOADING | STALE,
    group: 'server',
    categories: ['dangerous'],
    since: '1.0.0',
    summary: 'Returns the state, figures and statistics of the server.',
    complexity: 'O(1)',
    // Commands before it in the same pipeline must be counted first.
    quickUpTo: 0,
    history: [['7.0.0', 'Takes several sections.']],
    tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    syntax: '[section:string ...]',
    handler: info,
  },
];

/** The arguments that select something. */
const selectors: ReadonlySet<string> = new Set([
  'all',
  'everything',
  'default',
  ...factSections.map(({ name }) => name),
]);

function info({ request, reply, server }: Call): void {
  const wanted = new Set<string>();
  for (let i = 1; i < request.count; i++) {
    const name = request.word(i);
    if (selectors.has(name)) wanted.add(name);
  }
  if (request.count === 1) wanted.add('default');
  const parts: string[] = [];
  for (const section of factSections) {
    if (isWanted(section, wanted)) parts.push(textOf(section, server));
  }
  reply.verbatim(parts.join('\r\n'), 'txt');
}

/** A section's text: a line for each fact, and for each member of a family of facts. */
function textOf(section: FactSection<Services>, server: Services): string {
  const { values, families } = section.read(server);
  let text = `# ${section.title}\r\n`;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined) continue;
    const fact = section.facts[i];
    text += `${fact.name}:${printed(fact, value)}\r\n`;
  }
  for (const [i, { facts, members }] of families.entries()) {
    const { prefix } = section.families[i];
    for (const { label, values } of members) {
      text += `${prefix}${label}:${pairsOf(facts, values)}\r\n`;
    }
  }
  return text;
}

/** `name=value,name=value`. */
function pairsOf(facts: readonly FactHead[], values: readonly FactValue[]): string {
  let text = '';
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined) continue;
    const fact = facts[i];
    text += `${text === '' ? '' : ','}${fact.name}=${printed(fact, value)}`;
  }
  return text;
}

function isWanted(
  { name, isDefault }: FactSection<Services>,
  wanted: ReadonlySet<string>,
): boolean {
  if (wanted.has('all') || wanted.has('everything') || wanted.has(name)) return true;
  return isDefault && wanted.has('default');
}
