// The list of intended differences stays true: each one is met by some comparison, and each field
// or directive that it names is one that Redis has.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import {
  commandsAdded,
  differences,
  directivesAccepted,
  infoFieldsAdded,
  infoFieldsLeftOut,
} from './differences.ts';

describe('intended differences', () => {
  let redis: RunningServer;
  let client: RawClient;

  beforeAll(async () => {
    redis = await startRedisServer();
    client = await RawClient.connect(redis.port);
  });

  afterAll(async () => {
    await client.close();
    await redis.stop();
  });

  test('each has a name of its own, a reason and a comparison that meets it', () => {
    const names = differences.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const directory = dirname(fileURLToPath(import.meta.url));
    const scripts = readdirSync(directory)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(directory, file), 'utf8'))
      .join('\n');
    for (const { name, reason } of differences) {
      expect(name).toMatch(/^[a-z0-9.]+(-[a-z0-9.]+)*$/);
      expect(reason).toMatch(/\.$/);
      expect(scripts, `no script meets ${name}`).toMatch(new RegExp(`intended\\(\\s*'${name}'`));
    }
  });

  test('fields of INFO that are left out are fields of Redis, those added are not', async () => {
    const text = textOf(await client.command('INFO', 'everything'));
    const fields = new Set(
      text.split('# ').flatMap((part) => {
        const [section, ...lines] = part.split('\r\n');
        return lines.map((line) => `${section}/${line.slice(0, line.indexOf(':'))}`);
      }),
    );
    for (const field of infoFieldsLeftOut.flatMap((group) => group.fields)) {
      expect(fields).toContain(field);
    }
    for (const field of infoFieldsAdded.flatMap((group) => group.fields)) {
      expect(fields).not.toContain(field);
    }
  });

  test('directives and commands are named as they are', async () => {
    for (const name of directivesAccepted.flatMap(({ names }) => names)) {
      expect(itemsOf(await client.command('CONFIG', 'GET', name)).map(textOf)).toContain(name);
    }
    for (const name of commandsAdded.flatMap((group) => group.commands)) {
      const [info] = itemsOf(await client.command('COMMAND', 'INFO', name));
      expect(info.items, `${name} is a command of Redis 7.0`).toBeNull();
    }
  });
});
