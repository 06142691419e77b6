// Checks the bases of a log: a snapshot, as Synap writes it, or commands, as Redis writes them with
// `aof-use-rdb-preamble no`.
import { basename } from 'node:path';
import { type BaseCheck, BaseDamageError, type InspectionProgress } from './base-check.ts';
import { textOf } from './contents-text.ts';
import { readContents } from './file-contents.ts';

/** Returns a check of bases that reports its progress. */
export function baseChecker(onProgress: InspectionProgress): BaseCheck {
  return async (path) => {
    const name = basename(path);
    // As in Redis, commands may follow a snapshot, whatever the file's name, unless it is compressed.
    const kind = name.endsWith('.lz4') ? 'snapshot' : 'commands';
    const contents = await readContents(path, { kind, name, onProgress });
    const { damage, snapshot } = contents;
    if (damage !== undefined)
      throw new BaseDamageError(`byte ${damage.position}: ${damage.reason}`);
    const { restBytes = 0 } = snapshot ?? {};
    if (restBytes > 0) throw new BaseDamageError(`${restBytes} bytes follow its end`);
    const aux = snapshot?.counter.aux;
    return {
      contents: textOf(contents),
      offset: offsetOf(aux?.get('synap-offset')),
      replicationId: aux?.get('synap-replid'),
    };
  };
}

function offsetOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const offset = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(offset)) return offset;
  throw new BaseDamageError(`its offset is no number: '${text}'`);
}
