// Who may use the commands that look into the server or add to it: DEBUG and MODULE, as their directives say.

import type { Config } from '../config/config.ts';
import type { Client } from '../core/client.ts';
import type { Command } from '../core/command.ts';
import { isLoopback } from './peer.ts';

/** The error of a command with the flag PROTECTED that this client may not use; undefined when it may. */
export function refuseProtected(
  { values }: Config,
  { address }: Client,
  { fullName }: Command,
): string | undefined {
  const isModule = fullName.startsWith('module');
  const directive = isModule ? 'enable-module-command' : 'enable-debug-command';
  const access = values[directive];
  if (access === 'yes') return undefined;
  const isLocal = address.unixSocket || isLoopback(address.remote);
  if (access === 'local' && isLocal) return undefined;
  return `ERR ${isModule ? 'MODULE' : 'DEBUG'} command not allowed. If the ${directive} option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`;
}
