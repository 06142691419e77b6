// COMMAND: what the server says of each of its commands, which clients use to find keys and to
// route, and documentation tools to print. Held equal to Redis for every command that both have;
// only sentences are each server's own.

import { beforeAll, describe, expect, test } from 'vitest';
import { anyOfType, shape, unordered } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { fieldOf, isError, itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { compared, intended } from '../support/script.ts';
import { commandsAdded } from './differences.ts';

compareWithRedis('COMMAND', (define, servers) => {
  define('INFO, COUNT, DOCS: shapes and errors', [
    compared(anyOfType, 'COMMAND\nCOMMAND COUNT\nCOMMAND LIST\nCOMMAND DOCS'),
    `
      COMMAND INFO bogus
      COMMAND INFO bogus bogus
      COMMAND INFO get|x
      COMMAND INFO config|bogus
      COMMAND INFO ""
      COMMAND DOCS bogus
      COMMAND DOCS config|bogus
      COMMAND COUNT x
      COMMAND bogus
      COMMAND HELP x
      COMMAND GETKEYS
      COMMAND GETKEYSANDFLAGS
    `,
    compared(unordered, 'COMMAND INFO get\nCOMMAND INFO GET bogus set\nCOMMAND INFO config|get'),
    compared(shape, 'COMMAND COUNT'),
    intended(
      'command-texts',
      /^\*18\r\n\+COMMAND <subcommand> \[.*\r\n\+HELP\r\n/s,
      'COMMAND HELP',
    ),
  ]);

  define('LIST FILTERBY', [
    compared(anyOfType, 'COMMAND LIST FILTERBY ACLCAT string\nCOMMAND LIST FILTERBY PATTERN *'),
    `
      COMMAND LIST FILTERBY PATTERN get
      COMMAND LIST FILTERBY pattern GET
      COMMAND LIST FILTERBY PATTERN bogus*
      COMMAND LIST FILTERBY MODULE bogus
      COMMAND LIST FILTERBY ACLCAT bogus
      COMMAND LIST FILTERBY ACLCAT
      COMMAND LIST FILTERBY
      COMMAND LIST FILTERBY bogus x
      COMMAND LIST FILTERBY PATTERN get set
      COMMAND LIST bogus
      COMMAND LIST bogus PATTERN x
    `,
    compared(
      unordered,
      'COMMAND LIST FILTERBY PATTERN mset*\nCOMMAND LIST FILTERBY PATTERN config|*',
    ),
  ]);

  define('GETKEYS and GETKEYSANDFLAGS', [
    ...[
      'GET k',
      'get',
      'GET k l',
      'SET k v',
      'SET k v GET',
      'SET k v NX GET EX 10',
      'SET k v get get',
      'SET k v bogus',
      'MGET a b c',
      'MSET a 1 b 2 a 3',
      'MSET a',
      'MSETNX a 1 b 2',
      'DEL a b',
      'UNLINK a',
      'EXISTS a b',
      'TOUCH a',
      'RENAME a b',
      'RENAMENX a b',
      'COPY a b DB 1',
      'MOVE a 1',
      'LCS a b',
      'GETEX k',
      'GETDEL k',
      'GETSET k v',
      'INCRBYFLOAT k 1',
      'OBJECT ENCODING k',
      'object encoding k',
      'OBJECT HELP',
      'MEMORY USAGE k',
      'WATCH a b',
      'PING',
      'KEYS *',
      'CONFIG GET x',
      'CLIENT ID',
      'bogus',
      'bogus k',
      'SCAN 0',
      'MULTI',
      'DEBUG OBJECT k',
      'SETBIT k 0 1',
      'BITOP AND to a b c',
      'BITOP NOT to a',
      'BITCOUNT k 0 1',
      'BITFIELD k',
      'BITFIELD k GET u8 0',
      'BITFIELD k GET u8 0 OVERFLOW SAT GET u8 0',
      'BITFIELD k GET u8 0 SET u8 0 1',
      'BITFIELD k OVERFLOW FAIL INCRBY u8 0 1',
      'BITFIELD k GET u8',
      'BITFIELD k OVERFLOW',
      'BITFIELD k bogus',
      'BITFIELD_RO k SET u8 0 1',
      'PFADD k a',
      'PFCOUNT a b c',
      'PFMERGE to a b',
      'PFMERGE to',
      'PFDEBUG GETREG k',
      'PFSELFTEST',
      'MIGRATE h 1 k 0 10',
      'MIGRATE h 1 k 0 10 COPY REPLACE',
      'MIGRATE h 1 "" 0 10',
      'MIGRATE h 1 "" 0 10 COPY KEYS a b c',
      'MIGRATE h 1 "" 0 10 AUTH keys KEYS a',
      'MIGRATE h 1 "" 0 10 AUTH2 keys keys keys a b',
      'MIGRATE h 1 "" 0 10 AUTH2 keys keys',
      'MIGRATE h 1 "" 0 10 KEYS',
      'MIGRATE h 1 k 0 10 KEYS a',
      'MIGRATE h 1 k 0 10 COPY KEYS',
      'MIGRATE h 1 "" 0 10 KEYS KEYS',
      'MIGRATE h 1 "" 0 10 KEYS a KEYS',
      'MIGRATE h 1 k 0',
      'GEOADD k 1 1 a',
      'GEOSEARCHSTORE d k FROMMEMBER a BYRADIUS 1 m',
      'GEORADIUS k 1 1 1 m',
      'GEORADIUS k 1 1 1 m STORE a storedist b',
      'GEORADIUS k 1 1 1 m STORE',
      'GEORADIUSBYMEMBER k a 1 m STOREDIST b STORE',
      'GEORADIUSBYMEMBER k a 1 m STORE a STORE b',
      'GEORADIUS_RO k 1 1 1 m STORE a',
      'SORT k',
      'SORT k BY a* GET b STORE x LIMIT 0 1 STORE y',
      'SORT k STORE',
      'SORT k GET STORE x STORE LIMIT STORE 1 z STORE q',
      'SORT k LIMIT STORE',
      'SORT k BY STORE x',
      'SORT_RO k BY a* STORE d',
      'XADD k * f v',
      'XADD k NOMKSTREAM MAXLEN ~ 5 * f v',
      'XLEN k',
      'XRANGE k - +',
      'XREVRANGE k + -',
      'XDEL k 1-1 2-2',
      'XTRIM k MAXLEN 5',
      'XSETID k 1-1',
      'XREAD STREAMS a 0',
      'XREAD STREAMS a b c 0 0 0',
      'XREAD COUNT 1 BLOCK 0 STREAMS a b 0 $',
      'XREAD STREAMS a b 0',
      'XREAD STREAMS a',
      'XREAD STREAMS STREAMS 0',
      'XREAD STREAMS STREAMS a 0 0',
      'XREAD COUNT STREAMS STREAMS a 0',
      'XREAD a 0 b',
      'XREADGROUP GROUP g c STREAMS a >',
      'XREADGROUP GROUP g c COUNT 1 NOACK STREAMS a b > >',
      'XREADGROUP GROUP streams c STREAMS a >',
      'XREADGROUP GROUP g c STREAMS a b >',
      'XREADGROUP GROUP g c BLOCK 0 a b > 0',
      'XACK k g 1-1',
      'XPENDING k g',
      'XCLAIM k g c 0 1-1',
      'XAUTOCLAIM k g c 0 0',
      'XGROUP CREATE k g 0',
      'XGROUP DESTROY k g',
      'XGROUP SETID k g 0',
      'XGROUP CREATECONSUMER k g c',
      'XGROUP DELCONSUMER k g c',
      'XGROUP HELP',
      'XGROUP bogus k',
      'XINFO STREAM k FULL',
      'XINFO GROUPS k',
      'XINFO CONSUMERS k g',
      'XINFO HELP',
      'COMMAND COUNT',
      '""',
    ].map((line) => `COMMAND GETKEYS ${line}\nCOMMAND GETKEYSANDFLAGS ${line}`),
  ]);

  describe('every command', () => {
    let redis: CommandTable;
    let synap: CommandTable;

    beforeAll(async () => {
      [redis, synap] = await Promise.all(servers().map(readCommandTable));
    });

    test('is one of Redis, or is listed as added', () => {
      const added = new Set(commandsAdded.flatMap(({ commands }) => commands));
      const unknown = [...synap.keys()].filter((name) => !redis.has(name) && !added.has(name));
      expect(unknown).toEqual([]);
      expect(synap.size).toBeGreaterThan(0);
    });

    test('tells the same of itself', () => {
      const shared = [...synap].filter(([name]) => redis.has(name));
      expect(Object.fromEntries(shared)).toEqual(
        Object.fromEntries(shared.map(([name]) => [name, redis.get(name)])),
      );
    });
  });
});

/** Versions after 7.0. */
const NEWER = /^(7\.[24]|8)\./;

/** By full name, what COMMAND INFO and COMMAND DOCS say, in a form that can be compared. */
type CommandTable = Map<string, Record<string, unknown>>;

async function readCommandTable({ port }: RunningServer): Promise<CommandTable> {
  const client = await RawClient.connect(port);
  await client.command('HELLO', '3');
  const table: CommandTable = new Map();
  for (const name of itemsOf(await client.command('COMMAND', 'LIST'))
    .map(textOf)
    .sort()) {
    const [info] = itemsOf(await client.command('COMMAND', 'INFO', name));
    const docs = await client.command('COMMAND', 'DOCS', name);
    if (isError(info) || isError(docs)) throw new Error(`COMMAND does not know ${name}`);
    table.set(name, describeCommand(name, info, docs));
    for (const subcommand of itemsOf(itemsOf(info)[9])) {
      const fullName = textOf(itemsOf(subcommand)[0]);
      const [own] = itemsOf(await client.command('COMMAND', 'INFO', fullName));
      const ownDocs = await client.command('COMMAND', 'DOCS', fullName);
      table.set(fullName, describeCommand(fullName, own, ownDocs));
    }
  }
  await client.close();
  return table;
}

function describeCommand(name: string, info: Reply, docs: Reply): Record<string, unknown> {
  const [own, arity, flags, first, last, step, categories, tips, keySpecs] = itemsOf(info);
  const doc = fieldOf(docs, name);
  if (doc === undefined) throw new Error(`COMMAND DOCS has nothing on ${name}`);
  const complexity = fieldOf(doc, 'complexity');
  const history = fieldOf(doc, 'history');
  return {
    info: {
      name: textOf(own),
      // With an option of 7.2 the number is a least one.
      arity: textOf(arity).replace(EXTENDED.has(name) ? '-' : '', ''),
      flags: sorted(flags),
      keys: [first, last, step].map(textOf),
      categories: sorted(categories),
      tips: sorted(tips),
      keySpecs: itemsOf(keySpecs).map((spec) => plainOf(spec, ['notes'])),
    },
    docs: plainOf(doc, ['summary', 'subcommands', 'complexity', 'history']),
    // The order alone: what the variables in it stand for is said in a sentence.
    complexity: complexity && /^O\((?:[^()]|\([^()]*\))*\)/.exec(textOf(complexity))?.[0],
    changedIn: changesOf(history),
  };
}

/** Commands that have got an option since Redis 7.0, and had none. */
const EXTENDED = new Set(['zrank', 'zrevrank']);

/** The versions in which a command changed, up to 7.0; undefined if it never did. */
function changesOf(history: Reply | undefined): string[] | undefined {
  const versions = history && itemsOf(history).map((change) => textOf(itemsOf(change)[0]));
  const known = versions?.filter((version) => !NEWER.test(version));
  return known?.length === 0 ? undefined : known;
}

function sorted(reply: Reply): string[] {
  return itemsOf(reply).map(textOf).sort();
}

/** A map as an object without the fields in `left`, at every depth; sets sorted. */
function plainOf(reply: Reply, left: readonly string[]): unknown {
  const items = itemsOf(reply);
  if (reply.type === '%') {
    const fields = items.flatMap((item, index): [string, unknown][] => {
      const name = textOf(item);
      const isField = index % 2 === 0 && !left.includes(name);
      return isField ? [[name, plainOf(items[index + 1], left)]] : [];
    });
    return Object.fromEntries(fields);
  }
  if (reply.type === '~') return sorted(reply);
  if (reply.items !== null) return items.filter(isOfRedis70).map((item) => plainOf(item, left));
  return reply.type === ':' ? Number(textOf(reply)) : textOf(reply);
}

/** Whether an argument, if it is one, is not of a later version than Redis 7.0. */
function isOfRedis70(reply: Reply): boolean {
  const since = reply.type === '%' ? fieldOf(reply, 'since') : undefined;
  return since === undefined || !/^(7\.[24]|8)\./.test(textOf(since));
}
