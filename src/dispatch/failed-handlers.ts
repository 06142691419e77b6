// Handlers that throw: a defect, or the arena's end. The client gets an error, the server goes on, and
// what was changed before reaches the log all the same.
import type { Command } from '../commands/command.ts';
import { OUT_OF_MEMORY } from '../commands/errors.ts';
import type { Services } from '../commands/services.ts';
import { ArenaFullError } from '../memory/arena.ts';
import type { Reply } from '../protocol/reply.ts';
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
  log.error({ err: error, command: fullName }, 'The handler of the command {command} failed');
  reply.error(INTERNAL_ERROR);
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
  effects.skip();
  wal.scheduleRewrite();
  log.warn(
    { command: fullName },
    'The command {command} failed halfway: the log will be rewritten',
  );
}
