// What replies depend on: the latest change of any key that their command looked at.

import { beforeEach, expect, test } from 'vitest';
import { families } from '../../src/commands/index.ts';
import type { Call } from '../../src/core/call.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { READONLY } from '../../src/core/flags.ts';
import { KeyPlan } from '../../src/core/key-plan.ts';
import { keyAt, keysAfter } from '../../src/core/key-specs.ts';
import { Dependencies } from '../../src/dispatch/dependencies.ts';
import { Request } from '../../src/protocol/request.ts';
import { allocatedBytes } from '../support/heap.ts';
import { TestServer } from '../support/test-call.ts';

const WORDS = ['a', 'b', 'c', 'x', 'y', 'value'];
const table = new CommandTable(families);
let dependencies: Dependencies;
let call: Call;

beforeEach(() => {
  dependencies = new Dependencies();
  // Hashes are seeded at random. These words must not share a slot, as some few may.
  const slots = () =>
    new Set(WORDS.map((word) => call.db.hash(Buffer.from(word), 0, word.length) & 0x3fff));
  do {
    const server = new TestServer([]);
    call = server.call(server.connect(), Request.of(['PING']));
  } while (slots().size < WORDS.length);
});

/** Points the call at a request; returns its command. */
function prepare(...words: string[]) {
  call.request = Request.of(words);
  const command = table.find(call.request);
  if (command === undefined) throw new Error(`no command ${words[0]}`);
  return command;
}

function note(offset: number, ...words: string[]): void {
  const command = prepare(...words);
  dependencies.note(call, command, offset);
}

function neededBy(...words: string[]): number {
  const command = prepare(...words);
  return dependencies.of(call, command);
}

test('a command depends on the latest change of its keys', () => {
  note(10, 'SET', 'a', 'value');
  note(20, 'MSET', 'b', 'a', 'c', 'value');
  expect(neededBy('GET', 'a')).toBe(10);
  expect(neededBy('GET', 'b')).toBe(20);
  expect(neededBy('GET', 'value')).toBe(0);
  expect(neededBy('MGET', 'x', 'a', 'y', 'c')).toBe(20);
  expect(neededBy('LMPOP', '2', 'x', 'a', 'LEFT')).toBe(10);
  expect(neededBy('PING')).toBe(0);
});

test('in whatever database', () => {
  note(10, 'SET', 'a', 'value');
  call.db = call.server.keyspace.databases[3];
  expect(neededBy('GET', 'a')).toBe(10);
});

test('a change without keys, or without all of them, may concern any key', () => {
  note(10, 'SET', 'a', 'value');
  note(20, 'FLUSHDB');
  expect(neededBy('GET', 'b')).toBe(20);
  note(30, 'LMPOP', '7', 'x', 'y', 'LEFT');
  expect(neededBy('GET', 'b')).toBe(30);
  const keyPlan = new KeyPlan([keyAt(1, 'RO'), keysAfter('STORE', 2, 'OW', 'incomplete')]);
  const command = { ...prepare('COPY', 'x', 'y'), keyPlan };
  dependencies.note(call, command, 40);
  expect(neededBy('GET', 'b')).toBe(40);
});

test('a command without keys, or with others besides, depends on every change', () => {
  note(10, 'SET', 'a', 'value');
  expect(neededBy('RANDOMKEY')).toBe(10);
  const keyPlan = new KeyPlan([keyAt(1, 'RO', 'incomplete')]);
  const command = { ...prepare('GET', 'b'), flags: READONLY, keyPlan };
  expect(dependencies.of(call, command)).toBe(10);
});

test('a command whose keys are not there depends on none', () => {
  note(10, 'SET', 'a', 'value');
  expect(neededBy('LMPOP', '7', 'a', 'LEFT')).toBe(0);
});

test('hashes that are at hand are not computed', () => {
  note(10, 'SET', 'a', 'value');
  const { request } = call;
  const command = prepare('GET', 'b');
  call.request.hashes[1] = call.db.hashOf(request, 1);
  call.request.hashedTo = 1;
  expect(dependencies.of(call, command)).toBe(10);
  dependencies.note(call, command, 20);
  expect(neededBy('GET', 'a')).toBe(20);
});

test('nothing is allocated', () => {
  const requests = [
    ['SET', 'a', 'value'],
    ['MSET', 'a', 'value', 'b', 'value'],
    ['LMPOP', '2', 'a', 'b', 'LEFT'],
    ['COPY', 'a', 'b'],
    ['MIGRATE', 'host', '1', '', '0', '1', 'KEYS', 'a', 'b'],
    ['FLUSHDB'],
  ].map((words) => ({ command: prepare(...words), request: call.request }));
  let offset = 0;
  let sum = 0;
  const noteAll = (): void => {
    for (let i = 0; i < requests.length; i++) {
      call.request = requests[i].request;
      dependencies.note(call, requests[i].command, ++offset);
      sum = (sum + dependencies.of(call, requests[i].command)) | 0;
    }
  };
  expect(allocatedBytes(noteAll, 3000)).toBeLessThan(8 * 1024);
  expect(sum).not.toBe(0);
});
