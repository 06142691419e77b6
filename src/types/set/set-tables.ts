// The hash tables of large sets: each record is a member.
import type { Entries } from '../../keyspace/entries.ts';
import { RecordTables } from '../../keyspace/record-tables.ts';
import type { Request } from '../../protocol/request.ts';
import type { EntryBatch } from '../../structures/table-segment.ts';
import { TYPE_SET } from './encodings.ts';
import { DEFAULT_LIMITS, type SetLimits } from './limits.ts';
import type { Member } from './member.ts';

/** See the head of this file. */
export class SetTables extends RecordTables {
  /** Up to where sets are kept without a table. */
  limits: SetLimits = DEFAULT_LIMITS;

  /**
   * Fetches some records, as BytesTable.fetch.
   * @returns where to go on; 0 after the last
   */
  fetch(root: number, position: number, batch: EntryBatch): number {
    return this.open(root).fetch(position, batch);
  }

  /**
   * Adds argument i of a request, unless it is a member already.
   * @returns whether it was added
   * @throws ArenaFullError; the table has the same members then
   */
  addArgument(root: number, request: Request, i: number): boolean {
    if (this.findArgument(root, request, i) !== 0) return false;
    this.reserve(root);
    this.insert(
      root,
      this.records.newMember(request.buffer, request.offsets[i], request.lengths[i]),
    );
    return true;
  }

  /** As `find`, of a member, whose bytes are hashed once for all tables. */
  findMember(root: number, member: Member): number {
    member.asBytes();
    const { buffer, offset, length } = member;
    const table = this.open(root);
    if (member.hasHash) return table.findHashed(member.hash, buffer, offset, length);
    const ref = table.find(buffer, offset, length);
    member.setHash(table.hash);
    return ref;
  }

  /** As `addArgument`, of a member. */
  addMember(root: number, member: Member): boolean {
    if (this.findMember(root, member) !== 0) return false;
    const { buffer, offset, length } = member;
    this.reserve(root);
    this.insert(root, this.records.newMember(buffer, offset, length));
    return true;
  }

  /** Removes a member, if it is there. */
  removeMember(root: number, member: Member): void {
    const ref = this.findMember(root, member);
    if (ref !== 0) this.remove(root, ref);
  }
}

/** The tables of a keyspace's sets, and their limits. */
export function setsOf({ collections }: Entries): SetTables {
  const sets = collections[TYPE_SET];
  // Not `instanceof`, which every command would pay for: the type of sets has made them.
  if (sets === undefined) throw new Error('this keyspace has no sets');
  return sets as SetTables;
}
