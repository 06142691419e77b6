// @ts-check
// Walking over the keys of requests, and noting in the log's dependencies what a command has changed: with
// the hashes of its keys at hand, as when they were prefetched, and without.

import {
  CommandTable,
  Dependencies,
  families,
  KeyCursor,
  Keyspace,
  Request,
  valueTypes,
} from './engine.mjs';

export const name = 'keys';
export const title = 'Keys of requests, per request';

const REQUESTS = 512;
const VALUE = 'v'.repeat(16);

/** @type {Record<string, (keys: string[]) => string[]>} */
const COMMANDS = {
  SET: ([key]) => ['SET', key, VALUE],
  'MSET of 10': (keys) => ['MSET', ...keys.flatMap((key) => [key, VALUE])],
  LMOVE: ([from, to]) => ['LMOVE', from, to, 'LEFT', 'LEFT'],
  'LMPOP of 3': (keys) => ['LMPOP', '3', ...keys.slice(0, 3), 'LEFT'],
};

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  const table = new CommandTable(families);
  const [db] = new Keyspace(valueTypes, 1).databases;
  const cursor = new KeyCursor();
  const dependencies = new Dependencies();
  return Object.entries(COMMANDS).flatMap(([label, wordsOf]) => {
    const calls = Array.from({ length: REQUESTS }, (_, i) => ({
      db,
      request: Request.of(wordsOf(keysFrom(i))),
    }));
    const command = table.find(calls[0].request);
    const walk = () => {
      let sum = 0;
      for (let i = 0; i < REQUESTS; i++) {
        cursor.begin(command.keyPlan, calls[i].request);
        for (let at = cursor.next(); at !== 0; at = cursor.next()) sum += at;
      }
      return sum;
    };
    const note = () => {
      for (let i = 0; i < REQUESTS; i++) dependencies.note(calls[i], command, i);
      return 0;
    };
    const forget = () => {
      for (const { request } of calls) request.hashedTo = 0;
    };
    const hash = () => {
      for (const { request } of calls) {
        cursor.begin(command.keyPlan, request);
        for (let at = cursor.next(); at !== 0; at = cursor.next()) db.hashKey(request, at);
      }
    };
    return [
      { name: `${label}, walk`, operations: REQUESTS, run: walk },
      { name: `${label}, note, hashed before`, operations: REQUESTS, run: note, prepare: hash },
      { name: `${label}, note`, operations: REQUESTS, run: note, prepare: forget },
    ];
  });
}

/** Ten keys of 16 bytes. @param {number} i */
function keysFrom(i) {
  return Array.from({ length: 10 }, (_, k) => `key:${String(10 * i + k).padStart(12, '0')}`);
}
