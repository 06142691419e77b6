// What the log gets of the commands of sets, compared with Redis's log: members that were drawn at random as those that
// they were, all others as they were sent, and nothing of what changed nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Process } from '../durability/process.ts';
import { splitLine } from '../support/command-line.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const MANY = Array.from({ length: 100 }, (_, i) => `m${i}`).join(' ');

const LINES = [
  'SADD k 1 2 3 4 5 6 7 8 9 10',
  'SADD k 1',
  'SADD k 1 11',
  'SREM k 99',
  'SREM k 99 11',
  'SPOP k',
  'SPOP k 0',
  'SPOP k 1',
  'SPOP k 3',
  'MULTI',
  'SPOP k 2',
  'SADD t x',
  'EXEC',
  'MULTI',
  'SPOP none 2',
  'EXEC',
  'SPOP k 100',
  'SPOP k',
  'SPOP k 2',
  `SADD many ${MANY}`,
  'EXPIREAT many 4102444800',
  'SPOP many 95',
  'SPOP many 4',
  'SPOP many 1',
  'SADD one x',
  'SPOP one',
  'SADD a 1 2 3',
  'SADD b 2 3 4',
  'SMOVE a b 9',
  'SMOVE a b 1',
  'SMOVE a b 2',
  'SMOVE a a 3',
  'SINTERSTORE d a b',
  'SINTERSTORE d a none',
  'SINTERSTORE d a none',
  'SUNIONSTORE d a b',
  'SDIFFSTORE d b a',
  'SDIFFSTORE d a a',
  'SDIFFSTORE d a a',
  'SRANDMEMBER b 2',
  'SINTERCARD 2 a b',
  'SSCAN b 0',
];

afterEach(() => Process.killAll());

test.skipIf(!hasRedis)(
  'the effects of the commands of sets',
  async () => {
    const redis = await logOf((path) =>
      Process.startRedis(path, ['--appendonly', 'yes', '--appendfsync', 'always']),
    );
    const synap = await logOf((path) =>
      Process.start(path, ['--appendonly', 'yes', '--appendfsync', 'always']),
    );
    expect(synap.digestAfterRestart).toBe(synap.digest);
    expect(synap.commands.map(withoutDrawn)).toEqual(redis.commands.map(withoutDrawn));
    expect(synap.commands.filter(([name]) => name === 'SREM').length).toBeGreaterThan(100);
    // All of a set are drawn in the end.
    const drawn = synap.commands.filter(([name, key]) => name === 'SREM' && key === 'many');
    expect(new Set(drawn.map(([, , member]) => member)).size).toBe(99);
  },
  60_000,
);

/** A command whose member was drawn at random, without the member. */
function withoutDrawn(words: readonly string[]): readonly string[] {
  const [name, key] = words;
  return name === 'SREM' && (key === 'k' || key === 'many')
    ? [name, key, words.length.toString()]
    : words;
}

/** The commands in the log of a server that has run the lines, and its digest, before and after it has loaded the log. */
async function logOf(start: (path: string) => Promise<Process>) {
  const { path, remove } = temporaryDirectory();
  try {
    const server = await start(path);
    const client = await RawClient.connect(server.port, 20_000);
    for (const line of LINES) await client.command(...splitLine(line));
    const digest = await digestOf(client);
    await client.close();
    await server.kill();
    const folder = join(path, 'appendonlydir');
    const [increment] = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
    const commands = commandsIn(readFileSync(join(folder, increment), 'latin1'));
    const again = await start(path);
    const other = await RawClient.connect(again.port, 20_000);
    const digestAfterRestart = await digestOf(other);
    await other.close();
    await again.kill();
    return { commands, digest, digestAfterRestart };
  } finally {
    remove();
  }
}

async function digestOf(client: RawClient): Promise<string> {
  return (await client.command('DEBUG', 'DIGEST')).bytes.toString('latin1');
}

/** The commands of a log, without comments between them, and without SELECT. */
function commandsIn(text: string): string[][] {
  const lines = text.split('\r\n').filter((line) => !line.startsWith('#'));
  const commands: string[][] = [];
  for (let at = 0; lines[at]?.startsWith('*'); ) {
    const count = Number(lines[at].slice(1));
    commands.push(Array.from({ length: count }, (_, i) => lines[at + 2 * i + 2]));
    at += 2 * count + 1;
  }
  return commands.filter(([name]) => name.toUpperCase() !== 'SELECT');
}
