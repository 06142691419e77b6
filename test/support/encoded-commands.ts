// Commands as they are in logs, one after another, as their words.
import { itemsOf, parseReply } from './reply-frames.ts';

/** The words of each command in the first bytes of a buffer. */
export function encodedCommands(bytes: Uint8Array, length: number): Buffer[][] {
  const buffer = Buffer.from(bytes.subarray(0, length));
  const commands: Buffer[][] = [];
  for (let at = 0; at < length; ) {
    const parsed = parseReply(buffer, at);
    if (parsed === undefined) throw new Error('a command is cut short');
    commands.push(itemsOf(parsed.reply).map(({ payload }) => payload ?? Buffer.alloc(0)));
    at = parsed.end;
  }
  return commands;
}
