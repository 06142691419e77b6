// What the tests of whole files share: reading bytes into a keyspace in pieces, and writing a keyspace.
import { NO_EXPIRY } from '../../../src/keyspace/database.ts';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { KeyspaceLoader, type LoadOptions } from '../../../src/persistence/rdb/keyspace-loader.ts';
import { RdbFileReader } from '../../../src/persistence/rdb/rdb-file-reader.ts';
import {
  type RdbFacts,
  type RdbFileOptions,
  RdbFileWriter,
} from '../../../src/persistence/rdb/rdb-file-writer.ts';
import { valueTypes } from '../../../src/types/index.ts';

export const STRICT: LoadOptions = { skipsUnknown: false, dropsExpired: true };
export const LENIENT: LoadOptions = { skipsUnknown: true, dropsExpired: true };

/** Reads a file that comes in pieces of a size. */
export function load(
  bytes: Buffer,
  {
    keyspace = new Keyspace(valueTypes, 16),
    options = STRICT,
    pieceBytes = 1 << 20,
    verifies = true,
  } = {},
): { keyspace: Keyspace; loader: KeyspaceLoader; reader: RdbFileReader } {
  const loader = new KeyspaceLoader(keyspace, options);
  const reader = new RdbFileReader(keyspace, loader, verifies);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.push(Buffer.from(bytes.subarray(at, at + pieceBytes)));
    if (reader.work(Number.POSITIVE_INFINITY) === 'done') return { keyspace, loader, reader };
  }
  reader.finish();
  reader.work(Number.POSITIVE_INFINITY);
  return { keyspace, loader, reader };
}

export const FACTS: RdbFacts = { redisVersion: '7.0.15', usedMemoryBytes: 1000, isLogBase: false };

/** The file of a keyspace. */
export function save(
  keyspace: Keyspace,
  options: Partial<RdbFileOptions> = {},
  facts: Partial<RdbFacts> = {},
  pieceBytes?: number,
): { file: Buffer; pieces: Buffer[]; writer: RdbFileWriter } {
  const pieces: Buffer[] = [];
  const writer = new RdbFileWriter(
    keyspace,
    {
      compresses: true,
      hasChecksum: true,
      use: undefined,
      access: keyspace.access,
      nowMs: keyspace.nowMs,
      ...options,
    },
    (piece) => pieces.push(piece),
    pieceBytes,
  );
  writer.begin({ ...FACTS, ...facts });
  for (const db of keyspace.databases) {
    let cursor = 0;
    do cursor = db.scan(cursor, 1000, (ref) => writer.entry(db, ref));
    while (cursor !== 0);
  }
  writer.end();
  return { file: Buffer.concat(pieces), pieces, writer };
}

/** A key's text and what is told of it, for comparing. */
export function describeKeys(keyspace: Keyspace): string[] {
  const lines: string[] = [];
  for (const db of keyspace.databases) {
    let cursor = 0;
    do {
      cursor = db.scan(cursor, 1000, (ref) => {
        const expiry = db.expiryOf(ref);
        const name = db.key(ref).copy().toString('latin1');
        lines.push(`${db.index} ${name} ${expiry === NO_EXPIRY ? '' : expiry}`);
      });
    } while (cursor !== 0);
  }
  return lines.sort();
}
