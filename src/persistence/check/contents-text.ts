// Describes the contents of a file in one line. The format is stable, as scripts may parse it.
import type { FileContents, SnapshotContents } from './file-contents.ts';

/** `RDB version 10, 12 keys (8 string, 4 list), 2 expire, in database 0: 10, 3: 2; then 5 commands`. */
export function textOf({ snapshot, commands }: FileContents): string {
  const parts: string[] = [];
  if (snapshot !== undefined) parts.push(snapshotText(snapshot));
  if (commands !== undefined) {
    const kind = commands.hasGroups ? 'in groups' : 'without checksums';
    const beginning = snapshot === undefined ? '' : 'then ';
    parts.push(`${beginning}${commands.commands} commands ${kind}`);
  }
  return parts.join('; ');
}

function snapshotText({ version, hasChecksum, counter }: SnapshotContents): string {
  const { keys, expiring, types, databases, unknown } = counter;
  let text = `RDB version ${version}${hasChecksum ? '' : ' without a checksum'}, ${keys} keys`;
  if (keys > 0) {
    const byType = [...types].map(([type, count]) => `${count} ${type}`);
    text += ` (${byType.join(', ')}), ${expiring} expire, in database ${pairs(databases)}`;
  }
  if (unknown.size > 0) text += `; not known to Synap yet: ${pairs(unknown)}`;
  return text;
}

function pairs(counts: ReadonlyMap<string | number, number>): string {
  return [...counts].map(([name, count]) => `${name}: ${count}`).join(', ');
}
