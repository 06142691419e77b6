// MODULE: no module can be loaded, since modules are machine code for Redis. The commands reply like a Redis without
// modules that cannot load any.
import { moduleProblem } from '../../config/module-problem.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { ADMIN, NO_ASYNC_LOADING, NOSCRIPT, PROTECTED } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';

const FLAGS = ADMIN | NOSCRIPT | NO_ASYNC_LOADING | PROTECTED;
const CANNOT_LOAD = 'ERR Error loading the extension. Please check the server logs.';
const NO_SUCH_MODULE = 'ERR Error unloading module: no such module with that name';

const HELP = [
  'LIST',
  '    Return a list of loaded modules.',
  'LOAD <path> [<arg> ...]',
  '    Answer that the module cannot be loaded: modules are machine code for Redis.',
  'LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]',
  '    The same.',
  'UNLOAD <name>',
  '    Answer that there is no such module.',
];

export const moduleCommands: readonly CommandRow[] = [
  {
    name: 'module',
    arity: -2,
    flags: 0,
    group: 'server',
    since: '4.0.0',
    summary: 'Container of the commands about modules.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'list',
        arity: 2,
        flags: ADMIN | NOSCRIPT,
        group: 'server',
        since: '4.0.0',
        summary: 'Lists the loaded modules: there are never any.',
        complexity: 'O(N) where N is the number of loaded modules.',
        tips: ['nondeterministic_output_order'],
        handler: ({ reply }) => reply.array(0),
      },
      {
        name: 'load',
        arity: -3,
        flags: FLAGS,
        group: 'server',
        since: '4.0.0',
        summary: 'Refuses to load a module.',
        complexity: 'O(1)',
        syntax: 'path:string [arg:string ...]',
        handler: load,
      },
      {
        name: 'loadex',
        arity: -3,
        flags: FLAGS,
        group: 'server',
        since: '7.0.0',
        summary: 'Refuses to load a module, with its settings.',
        complexity: 'O(1)',
        syntax:
          'path:string [CONFIG configs={ name:string value:string } ... ~] [ARGS args={ arg:string } ...]',
        handler: loadex,
      },
      {
        name: 'unload',
        arity: 3,
        flags: FLAGS,
        group: 'server',
        since: '4.0.0',
        summary: 'Refuses to unload a module.',
        complexity: 'O(1)',
        syntax: 'name:string',
        handler: ({ reply }) => reply.error(NO_SUCH_MODULE),
      },
      helpRow('server', '5.0.0', HELP),
    ],
  },
];

/** MODULE LOAD path [arg …] */
function load({ request, reply, server }: Call): void {
  const path = request.text(2);
  const problem = moduleProblem(path);
  server.log.warn({ path, problem }, 'Module {path} failed to load: {problem}');
  reply.error(CANNOT_LOAD);
}

/** MODULE LOADEX path [CONFIG name value …] [ARGS arg …]; whatever is wrong, the answer is the same. */
function loadex(call: Call): void {
  const { request, reply, server } = call;
  for (let i = 3; i < request.count && !request.is(i, 'args'); i += 3) {
    if (!request.is(i, 'config')) {
      server.log.info(`Syntax Error from arguments to loadex around ${request.text(i)}.`);
    } else if (i + 2 >= request.count) {
      server.log.info('CONFIG specified without name value pair');
    } else {
      continue;
    }
    reply.error(CANNOT_LOAD);
    return;
  }
  load(call);
}
