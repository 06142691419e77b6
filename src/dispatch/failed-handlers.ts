// Handlers that throw: a defect, the arena's end, or no memory. The client gets an error, the server goes
// on, and what was changed before reaches the log all the same.
import type { Command } from '../core/command.ts';
import { OUT_OF_MEMORY } from '../core/errors.ts';
import type { Services } from '../core/services.ts';
import { UnreadableValueError } from '../keyspace/unreadable-value.ts';
import { ArenaFullError } from '../memory/arena.ts';
import { isOutOfMemory } from '../memory/out-of-memory.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import type { EffectRecorder } from './effect-recorder.ts';

const INTERNAL_ERROR = 'ERR internal error; it was logged';

/** Answers the request of a handler that threw; what it had answered is taken back by now. */
export function answerFailure(
  error: unknown,
  { fullName }: Command,
  reply: Reply,
  { log }: Services,
): void {
  if (error instanceof ArenaFullError) {
    reply.error(OUT_OF_MEMORY);
    return;
  }
  if (isOutOfMemory(error)) {
    warnOfNoMemory(error, fullName, log);
    reply.error(OUT_OF_MEMORY);
    return;
  }
  if (error instanceof UnreadableValueError) {
    log.warn({ err: error, command: fullName }, 'The command {command} cannot read a value');
    reply.error(`ERR the entries cannot be read: ${error.message}`);
    return;
  }
  log.error({ err: error, command: fullName }, 'The handler of the command {command} failed');
  reply.error(INTERNAL_ERROR);
}

/** Copies a request, or parts of it; returns whether there was memory. Logs it if not. */
export function canCopy(copy: () => void, { fullName }: Command, { log }: Services): boolean {
  try {
    copy();
    return true;
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    warnOfNoMemory(error, fullName, log);
    return false;
  }
}

/** Copies the large arguments that a command cannot do with where they are; returns as `canCopy`. */
export function canGather(request: Request, command: Command, services: Services): boolean {
  return canCopy(() => request.gather(command.firstLarge, command.largeStep), command, services);
}

function warnOfNoMemory(error: unknown, command: string, log: Services['log']): void {
  log.warn({ err: error, command }, 'There is no memory for the command {command}');
}

/**
 * To be called when it had changed something. Its request would change more if it were run once more, so
 * it is not recorded: the log is to begin anew with the data as it is.
 */
export function noteHalfDone(
  { fullName }: Command,
  effects: EffectRecorder,
  { wal, log }: Services,
): void {
  effects.suppress();
  wal.scheduleRewrite();
  log.warn(
    { command: fullName },
    'The command {command} failed halfway: the log will be rewritten',
  );
}
