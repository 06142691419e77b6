// Options declared once: which words there are, what follows them, what excludes what, and the errors.
import { expect, test } from 'vitest';
import { OptionTable } from '../../src/core/options.ts';
import { Request } from '../../src/protocol/request.ts';
import { TestServer } from '../support/test-call.ts';

const table = new OptionTable([
  { word: 'nx', excludes: ['xx'] },
  { word: 'xx', excludes: ['nx'] },
  {
    word: 'count',
    values: 1,
    problem: ({ request }, i) => (request.integer(i) > 0 ? undefined : 'ERR no count'),
  },
  { word: 'match', values: 1 },
]);
const NX = table.bits('nx');
const COUNT = table.bits('count');
const MATCH = table.bits('match');

/** Reads the options behind two other arguments; answers 'OK', or the error. */
function read(options: OptionTable, ...words: string[]): string {
  const server = new TestServer([]);
  const call = server.call(server.connect(), Request.of(['cmd', 'key', ...words]));
  const mark = server.reply.mark();
  if (options.read(call, 2)) server.reply.ok();
  const answer = server.reply.copySince(mark).toString();
  server.reply.rewind(mark);
  return answer.slice(1, -2);
}

test('what was given, and where values are', () => {
  expect(read(table, 'NX', 'Count', '5')).toBe('OK');
  expect([table.has(NX), table.has(MATCH), table.has(NX | MATCH)]).toEqual([true, false, true]);
  expect([table.valueAt(COUNT), table.valueAt(MATCH), table.valueAt(COUNT | MATCH)]).toEqual([
    4, 0, 4,
  ]);
  expect(read(table)).toBe('OK');
  expect([table.given, table.valueAt(COUNT)]).toEqual([0, 0]);
});

test('one that comes again counts where it came last', () => {
  expect(read(table, 'count', '1', 'nx', 'nx', 'count', '2')).toBe('OK');
  expect(table.valueAt(COUNT)).toBe(7);
  // A value may be called as an option is.
  expect(read(table, 'match', 'nx')).toBe('OK');
  expect([table.has(NX), table.valueAt(MATCH)]).toEqual([false, 3]);
});

test.each([
  ['an unknown word', ['what']],
  ['one that another excludes', ['nx', 'xx']],
  ['one without its value', ['nx', 'count']],
])('%s is no syntax', (_, words) => {
  expect(read(table, ...words)).toBe('ERR syntax error');
});

test('errors come in the order of the arguments', () => {
  expect(read(table, 'count', '0', 'what')).toBe('ERR no count');
  expect(read(table, 'what', 'count', '0')).toBe('ERR syntax error');
});

test('the error for unknown words can be another', () => {
  const own = new OptionTable([{ word: 'gt' }], {
    unknown: ({ request }, i) => `ERR Unsupported option ${request.latin1(i)}`,
  });
  expect(read(own, 'GT', 'lt')).toBe('ERR Unsupported option lt');
});

test('one that excludes itself is given once', () => {
  const once = new OptionTable([{ word: 'count', values: 1, excludes: ['count'] }]);
  expect(read(once, 'count', '1')).toBe('OK');
  expect(read(once, 'count', '1', 'count', '1')).toBe('ERR syntax error');
});

test('two values, and all the rest', () => {
  const own = new OptionTable([
    { word: 'pair', values: 2 },
    { word: 'keys', values: 'rest' },
  ]);
  const [PAIR, KEYS] = [own.bits('pair'), own.bits('keys')];
  expect(read(own, 'pair', 'pair', 'keys', 'keys')).toBe('OK');
  expect([own.valueAt(PAIR), own.valueAt(KEYS)]).toEqual([3, 6]);
  expect(read(own, 'keys', 'pair', 'what')).toBe('OK');
  expect([own.has(PAIR), own.valueAt(KEYS)]).toEqual([false, 3]);
  expect(read(own, 'pair', 'a')).toBe('ERR syntax error');
  // There may be none of the rest.
  expect(read(own, 'keys')).toBe('OK');
  expect(read(own, 'pair', 'a', 'b', 'pair', 'keys')).toBe('ERR syntax error');
  expect(read(own, 'pair', 'a', 'b', 'keys')).toBe('OK');
});

test('secrets are redacted, whatever comes after them', () => {
  const own = new OptionTable([
    { word: 'auth', values: 2, areSecrets: true },
    { word: 'name', values: 1 },
  ]);
  const server = new TestServer([]);
  const words = ['cmd', 'name', 'n', 'auth', 'user', 'secret', 'what'];
  const call = server.call(server.connect(), Request.of(words));
  expect(own.read(call, 1)).toBe(false);
  expect(words.map((_, i) => call.request.isSecret(i))).toEqual(
    words.map((word) => word === 'user' || word === 'secret'),
  );
});

test('a table that is wrong in itself cannot be made', () => {
  expect(() => new OptionTable([{ word: 'a', excludes: ['b'] }])).toThrow('no option b');
  const many = Array.from({ length: 32 }, (_, i) => ({ word: `o${i}` }));
  expect(() => new OptionTable(many)).toThrow('more than 31');
});
