// The notation of arguments: what each form stands for, and that whatever is none is refused.

import { describe, expect, test } from 'vitest';
import { type Argument, arityOf, parseSyntax } from '../../src/core/syntax.ts';

/** An argument as COMMAND DOCS shows it: only what is told of it. */
function shown(argument: Argument): Record<string, unknown> {
  const { optional, multiple, multipleToken, arguments: parts, ...rest } = argument;
  const told: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  );
  const flags = Object.entries({ optional, multiple, multipleToken })
    .filter(([, value]) => value)
    .map(([name]) => name);
  if (flags.length > 0) told.flags = flags;
  if (parts.length > 0) told.arguments = parts.map(shown);
  return told;
}

function parse(syntax: string, keySpecs = 0): Record<string, unknown>[] {
  return parseSyntax(syntax, keySpecs).map(shown);
}

const NX = { name: 'nx', type: 'pure-token', token: 'NX' };
const XX = { name: 'xx', type: 'pure-token', token: 'XX' };
const START = { name: 'start', type: 'integer' };

describe('what the notation stands for', () => {
  const cases: [string, Record<string, unknown>[]][] = [
    ['', []],
    ['start:integer', [START]],
    ['ip:port:string', [{ name: 'ip:port', type: 'string' }]],
    ['yes/no:string', [{ name: 'yes/no', type: 'string' }]],
    ['[start:integer]', [{ ...START, flags: ['optional'] }]],
    ['start:integer...', [{ ...START, flags: ['multiple'] }]],
    ['[start:integer...^6.2.0]', [{ ...START, since: '6.2.0', flags: ['optional', 'multiple'] }]],
    ['start:integer!2.8.12', [{ ...START, deprecatedSince: '2.8.12' }]],
    ['NX', [NX]],
    ['NX XX', [NX, XX]],
    ['change=CH', [{ name: 'change', type: 'pure-token', token: 'CH' }]],
    ['all="*"', [{ name: 'all', type: 'pure-token', token: '*' }]],
    ['none=""', [{ name: 'none', type: 'pure-token', token: '' }]],
    ['EX start:integer', [{ ...START, token: 'EX' }]],
    ['NX nx=NX start:integer', [NX, NX, START]],
    ['GET start:integer...~', [{ ...START, token: 'GET', flags: ['multiple', 'multipleToken'] }]],
    ['a=( NX | XX )', [{ name: 'a', type: 'oneof', arguments: [NX, XX] }]],
    ['a=(NX|XX)', [{ name: 'a', type: 'oneof', arguments: [NX, XX] }]],
    ['IF a=( NX )', [{ name: 'a', type: 'oneof', token: 'IF', arguments: [NX] }]],
    [
      'a={ NX start:integer }',
      [{ name: 'a', type: 'block', arguments: [{ ...START, token: 'NX' }] }],
    ],
    [
      'LIMIT a={ NX XX [b={ start:integer }] }...',
      [
        {
          name: 'a',
          type: 'block',
          token: 'LIMIT',
          flags: ['multiple'],
          arguments: [
            NX,
            XX,
            { name: 'b', type: 'block', flags: ['optional'], arguments: [START] },
          ],
        },
      ],
    ],
  ];
  test.each(cases)('%j', (syntax, expected) => {
    expect(parse(syntax)).toEqual(expected);
  });
});

describe('which key spec finds a key', () => {
  const key = (name: string, keySpecIndex: number) => ({ name, type: 'key', keySpecIndex });

  test('the next one, and the last one once there are more keys', () => {
    expect(parse('key to:key more:key', 2)).toEqual([key('key', 0), key('to', 1), key('more', 1)]);
  });

  test('the one that is told, and the next one after it', () => {
    const pattern = { name: 'by', type: 'pattern', keySpecIndex: 1 };
    expect(parse('key by:pattern#1 to:key', 3)).toEqual([key('key', 0), pattern, key('to', 2)]);
  });

  test('a key without a spec is a mistake', () => {
    expect(() => parse('key')).toThrow(/no key specs/);
  });
});

test.each([
  'start',
  'start:number',
  ':integer',
  'start:integer]',
  '[start:integer',
  '[a:string b:string]',
  'a=( NX | )',
  'a=( )',
  'a={ }',
  'a={ NX',
  'a=',
  'a=b:string',
  '...',
  'NX~',
  'NX^',
  'NX^six',
  '"*',
  'a:string;',
])('%j is refused', (syntax) => {
  expect(() => parse(syntax)).toThrow(/ in: /);
});

describe('arity', () => {
  test.each([
    ['', 1, 1],
    ['', 2, 2],
    ['a:string b:string', 1, 3],
    ['a:string...', 1, -2],
    ['[a:string]', 1, -1],
    ['EX a:string', 1, 3],
    ['NX', 1, 2],
    ['a=( NX | XX )', 2, 3],
    ['a=( NX | EX b:string )', 1, -2],
    ['a=( [EX b:string] | [PX b:string] )', 1, 3],
    ['LIMIT a={ b:string c:string }', 1, 4],
    ['a={ b:string c:string }...', 1, -3],
    ['a={ b:string [c:string] }', 1, -2],
  ])('%j after %i words is %i', (syntax, words, arity) => {
    expect(arityOf(parseSyntax(syntax, 0), words)).toBe(arity);
  });
});
