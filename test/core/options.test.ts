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
    hasValue: true,
    problem: ({ request }, i) => (request.integer(i) > 0 ? undefined : 'ERR no count'),
  },
  { word: 'match', hasValue: true },
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

test('a table that is wrong in itself cannot be made', () => {
  expect(() => new OptionTable([{ word: 'a', excludes: ['b'] }])).toThrow('no option b');
  const many = Array.from({ length: 32 }, (_, i) => ({ word: `o${i}` }));
  expect(() => new OptionTable(many)).toThrow('more than 31');
});
