// Key extraction against Redis's own: the key specs of every command that Redis has, whether Synap
// has it or not, are read from COMMAND INFO and applied to random requests, and COMMAND
// GETKEYSANDFLAGS must find the same keys.

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type LegacyKeyRange,
  legacyKeyRange,
} from '../../src/commands/introspection/command-info.ts';
import { KeyCursor } from '../../src/core/key-cursor.ts';
import { KeyPlan, namesKeys } from '../../src/core/key-plan.ts';
import {
  KEY_FLAG_NAMES,
  type KeyExtent,
  type KeyFlag,
  type KeySearch,
  type KeySpec,
} from '../../src/core/key-specs.ts';
import { Request } from '../../src/protocol/request.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { fieldOf, isError, itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';

const REQUESTS_PER_COMMAND = 25;
/**
 * The keywords of all specs, numbers that count keys rightly and wrongly, and plain words. No "01":
 * for a number that its key specs refuse Redis falls back to older code, which takes that one.
 */
const WORDS = ['STREAMS', 'store', 'StoreDist', '0', '1', '2', '3', '-1', 'a', 'b', 'c', ''];

interface OracleCommand {
  /** The words of its name. */
  readonly name: readonly string[];
  readonly arity: number;
  readonly specs: readonly KeySpec[];
  readonly legacyRange: LegacyKeyRange;
}

let server: RunningServer;
let client: RawClient;

beforeAll(async () => {
  server = await startRedisServer();
  client = await RawClient.connect(server.port);
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

test('random requests of every command have the keys that Redis finds', async () => {
  const commands = (await oracleCommands()).filter(({ specs }) => specs.every(isGeneric));
  const kinds = new Set(commands.flatMap(({ specs }) => specs.map(kindOf)));
  expect(commands.length).toBeGreaterThan(150);
  expect([...kinds].sort()).toEqual(['index/keynum', 'index/range', 'keyword/range']);

  const [requests] = fc.sample(
    fc.tuple(...commands.map((command) => fc.array(requestOf(command), fixedLength()))),
    { numRuns: 1, seed: 7 },
  );
  let found = 0;
  for (const [index, command] of commands.entries()) {
    for (const words of requests[index]) {
      const expected = await oracleKeys(words);
      expect(ownKeys(command, words), words.join(' ')).toEqual(expected);
      if (expected.length > 0) found++;
    }
  }
  expect(found).toBeGreaterThan((commands.length * REQUESTS_PER_COMMAND) / 2);
});

test('the key specs of every command make the range of keys that Redis tells', async () => {
  for (const { name, specs, legacyRange } of await oracleCommands()) {
    expect(legacyKeyRange(specs), name.join(' ')).toEqual(legacyRange);
  }
});

function fixedLength(): fc.ArrayConstraints {
  return { minLength: REQUESTS_PER_COMMAND, maxLength: REQUESTS_PER_COMMAND };
}

function requestOf({ name, arity }: OracleCommand): fc.Arbitrary<string[]> {
  const minLength = Math.abs(arity) - name.length;
  const maxLength = arity > 0 ? minLength : minLength + 6;
  return fc
    .array(fc.constantFrom(...WORDS), { minLength, maxLength, size: 'max' })
    .map((args) => [...name, ...args]);
}

function ownKeys({ specs }: OracleCommand, words: readonly string[]): string[] {
  const request = Request.of(words);
  const found: string[] = [];
  const keys = new KeyCursor();
  keys.begin(new KeyPlan(specs.filter(namesKeys)), request);
  for (let i = keys.next(); i !== 0; i = keys.next()) {
    const bits = keys.flags(request);
    const flags = KEY_FLAG_NAMES.filter((_, bit) => (bits & (1 << bit)) !== 0);
    found.push(`${words[i]} ${flags.join(' ')}`);
  }
  return found;
}

/** What Redis finds; where it finds none it answers an error, or an empty array for scripts. */
async function oracleKeys(words: readonly string[]): Promise<string[]> {
  const reply = await client.command('COMMAND', 'GETKEYSANDFLAGS', ...words);
  if (isError(reply)) {
    expect(textOf(reply)).toBe('ERR Invalid arguments specified for command');
    return [];
  }
  return itemsOf(reply).map((item) => {
    const [key, flags] = itemsOf(item);
    return `${textOf(key)} ${itemsOf(flags).map(textOf).join(' ')}`;
  });
}

/** Whether the spec alone tells the keys: Redis has code of its own for the others. */
function isGeneric({ flags }: KeySpec): boolean {
  return !flags.includes('incomplete') && !flags.includes('variable_flags');
}

function kindOf({ search, extent }: KeySpec): string {
  return `${search.kind}/${extent.kind}`;
}

/** In the order of their names: Redis's own differs at each start. */
async function oracleCommands(): Promise<OracleCommand[]> {
  const reply = await client.command('COMMAND');
  return itemsOf(reply)
    .flatMap((command) => [command, ...itemsOf(itemsOf(command)[9])])
    .flatMap((command) => {
      const fields = itemsOf(command);
      const name = textOf(fields[0]).split('|');
      const specs = itemsOf(fields[8]).map(specOf);
      const known = specs.filter((spec) => spec !== undefined);
      if (!known.some(namesKeys) || known.length < specs.length) return [];
      const [arity, first, last, step] = [1, 3, 4, 5].map((i) => Number(textOf(fields[i])));
      const movable = itemsOf(fields[2]).some((flag) => textOf(flag) === 'movablekeys');
      return [{ name, arity, specs: known, legacyRange: { first, last, step, movable } }];
    })
    .sort((a, b) => a.name.join().localeCompare(b.name.join()));
}

/** A key spec from COMMAND INFO; undefined for one that tells nothing ("unknown"). */
function specOf(reply: Reply): KeySpec | undefined {
  const search = searchOf(member(reply, 'begin_search'));
  const extent = extentOf(member(reply, 'find_keys'));
  if (search === undefined || extent === undefined) return undefined;
  const flags = itemsOf(member(reply, 'flags')).map((flag) => textOf(flag) as KeyFlag);
  return { flags, search, extent };
}

function searchOf(reply: Reply): KeySearch | undefined {
  const spec = member(reply, 'spec');
  const kind = textOf(member(reply, 'type'));
  if (kind === 'index') return { kind, index: numberIn(spec, 'index') };
  if (kind !== 'keyword') return undefined;
  const keyword = textOf(member(spec, 'keyword'));
  return { kind, keyword, startFrom: numberIn(spec, 'startfrom') };
}

function extentOf(reply: Reply): KeyExtent | undefined {
  const spec = member(reply, 'spec');
  const kind = textOf(member(reply, 'type'));
  const step = () => numberIn(spec, 'keystep');
  if (kind === 'range') {
    const lastKey = numberIn(spec, 'lastkey');
    return { kind, lastKey, step: step(), limit: numberIn(spec, 'limit') };
  }
  if (kind !== 'keynum') return undefined;
  const keyNumIndex = numberIn(spec, 'keynumidx');
  return { kind, keyNumIndex, firstKey: numberIn(spec, 'firstkey'), step: step() };
}

function numberIn(reply: Reply, key: string): number {
  return Number(textOf(member(reply, key)));
}

function member(reply: Reply, key: string): Reply {
  const found = fieldOf(reply, key);
  if (found === undefined) throw new Error(`COMMAND INFO tells no ${key}`);
  return found;
}
