// MODULE, with a Redis to which each module is one that it cannot load.

import { unordered } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { compared, intended } from '../support/script.ts';

const REQUESTS = `
  MODULE
  MODULE LIST
  module list
  MODULE LIST x
  MODULE LOAD
  MODULE LOAD /missing/m.so
  MODULE LOAD /missing/m.so a b
  MODULE LOAD /tmp
  MODULE LOAD ""
  MODULE LOADEX
  MODULE LOADEX /missing/m.so
  MODULE LOADEX /missing/m.so CONFIG a b CONFIG c d ARGS e f
  MODULE LOADEX /missing/m.so config a
  MODULE LOADEX /missing/m.so ARGS
  MODULE LOADEX /missing/m.so args CONFIG
  MODULE LOADEX /missing/m.so bogus
  MODULE UNLOAD
  MODULE UNLOAD m
  MODULE UNLOAD m n
  MODULE HELP x
  MODULE bogus
  MULTI
  MODULE LIST
  MODULE LOAD /missing/m.so
  MODULE UNLOAD m
  EXEC
  INFO modules
  CONFIG GET enable-module-command
  CONFIG SET enable-module-command yes
`;

/** What cannot be loaded is logged. */
const QUIET = { logfile: '/dev/null' };

compareWithRedis('MODULE', (define) => {
  define('where it is not allowed', [
    REQUESTS,
    intended('command-texts', /^\*11\r\n\+MODULE <subcommand> \[.*\r\n\+HELP\r\n/s, 'MODULE HELP'),
    compared(
      unordered,
      'COMMAND INFO module|list module|load module|loadex module|unload module|help',
    ),
  ]);
});

for (const access of ['yes', 'local']) {
  compareWithRedis(
    `MODULE, enable-module-command ${access}`,
    (define) => define('where it is allowed', [REQUESTS]),
    { config: { ...QUIET, 'enable-module-command': access } },
  );
}
