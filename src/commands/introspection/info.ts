// INFO: which sections are asked for, and their text. What the sections tell is in info-sections.ts.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { LOADING, STALE } from '../../core/flags.ts';
import { type InfoSection, infoSections } from './info-sections.ts';

export const infoCommands: readonly CommandRow[] = [
  {
    name: 'info',
    arity: -1,
    flags: LOADING | STALE,
    group: 'server',
    categories: ['dangerous'],
    since: '1.0.0',
    summary: 'Tells the state, the figures and the statistics of the server.',
    complexity: 'O(1)',
    // What ran before it in a pipeline is counted first.
    quickUpTo: 0,
    history: [['7.0.0', 'Takes several sections.']],
    tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    syntax: '[section:string ...]',
    handler: info,
  },
];

/** What arguments may be; others select nothing. */
const selectors: ReadonlySet<string> = new Set([
  'all',
  'everything',
  'default',
  ...infoSections.map(({ name }) => name),
]);

function info({ request, reply, server }: Call): void {
  const wanted = new Set<string>();
  for (let i = 1; i < request.count; i++) {
    const name = request.word(i);
    if (selectors.has(name)) wanted.add(name);
  }
  if (request.count === 1) wanted.add('default');
  const parts: string[] = [];
  for (const section of infoSections) {
    if (!isWanted(section, wanted)) continue;
    const lines = section.fields(server).map(([name, value]) => `${name}:${value}\r\n`);
    parts.push(`# ${section.title}\r\n${lines.join('')}`);
  }
  reply.verbatim(parts.join('\r\n'), 'txt');
}

function isWanted({ name, isDefault }: InfoSection, wanted: ReadonlySet<string>): boolean {
  if (wanted.has('all') || wanted.has('everything') || wanted.has(name)) return true;
  return isDefault && wanted.has('default');
}
