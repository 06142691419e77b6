// What a command of a client that tracks keys means for its client-side caching: the keys that it
// read are remembered, and CLIENT CACHING before it has had its effect. Dispatch calls this after
// commands of such clients only.

import type { Client } from '../core/client.ts';
import type { Command, CommandCatalog } from '../core/command.ts';
import { KeyCursor } from '../core/key-cursor.ts';
import type { Request } from '../protocol/request.ts';
import { CACHING, type Tracker } from '../tracking/tracker.ts';
import type { Tracking } from '../tracking/tracking.ts';

/** What of client-side caching happens with each command; see the head of this file. */
export class TrackedReads {
  readonly #tracking: Tracking;
  readonly #commands: CommandCatalog;
  readonly #keys = new KeyCursor();

  constructor(tracking: Tracking, commands: CommandCatalog) {
    this.#tracking = tracking;
    this.#commands = commands;
  }

  /** Remembers the keys of a request that the client of this tracker has run. */
  remember(tracker: Tracker, command: Command, request: Request): void {
    if (!tracker.remembers) return;
    const keys = this.#keys;
    keys.begin(command.keyPlan, request);
    for (let i = keys.next(); i !== 0; i = keys.next()) {
      this.#tracking.remember(tracker, request, i);
    }
  }

  /** Ends CLIENT CACHING, which holds for one command or transaction after it. */
  endCaching(client: Client, request: Request): void {
    const { tracker } = client;
    if (tracker === undefined || !tracker.has(CACHING) || client.transaction !== undefined) return;
    if (!this.#isClientCommand(request)) tracker.flags &= ~CACHING;
  }

  /** CLIENT CACHING holds over all subcommands of CLIENT. */
  #isClientCommand(request: Request): boolean {
    if (request.count < 2 || !request.is(0, 'client')) return false;
    const subcommands = this.#commands.find(request)?.subcommands;
    return subcommands?.has(request.word(1)) ?? false;
  }
}
