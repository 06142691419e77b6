// The order in which values leave that are written in steps, while others are written and change.
import { expect, test } from 'vitest';
import type { ValueRest } from '../../../src/keyspace/value-type.ts';
import { EntryStream } from '../../../src/persistence/rdb/entry-stream.ts';
import type { RdbWriter } from '../../../src/persistence/rdb/format/rdb-writer.ts';
import { Random } from '../../support/random.ts';

const MIB = 1024 * 1024;

/** The rest of a value of so many parts, each of which is the value's letter. */
class Parts implements ValueRest {
  left: number;
  readonly #letter: string;
  readonly #isLent: boolean;

  /** @param isLent whether it can be read later; else what is left is written when it is detached */
  constructor(letter: string, left: number, isLent: boolean) {
    this.#letter = letter;
    this.left = left;
    this.#isLent = isLent;
  }

  step(writer: RdbWriter): boolean {
    write(writer, this.#letter);
    return --this.left > 0;
  }

  detach(writer: RdbWriter): boolean {
    if (this.#isLent) return true;
    while (this.step(writer));
    return false;
  }

  abandon(): void {}
}

function write(writer: RdbWriter, text: string): void {
  writer.raw(Buffer.from(text), 0, text.length);
}

function collecting(pieceBytes?: number): { stream: EntryStream; text: () => string } {
  const pieces: Buffer[] = [];
  const stream = new EntryStream((piece) => pieces.push(Buffer.from(piece)), {
    compresses: false,
    pieceBytes,
  });
  return { stream, text: () => Buffer.concat(pieces).toString() };
}

test.each([true, false])('what is written within a value follows it (lent: %s)', (isLent) => {
  const { stream, text } = collecting();
  write(stream.writer, '1');
  stream.begin(new Parts('a', 3, isLent));
  expect(stream.step()).toBe(true);
  write(stream.writer, '2');
  write(stream.writer, '3');
  stream.beginDetached(new Parts('b', 3, isLent));
  write(stream.writer, '4');
  stream.detach();
  write(stream.writer, '5');
  stream.flush();
  write(stream.writer, '6');
  stream.flush();
  expect(text()).toBe('1aaa23bbb456');
});

test.each(Array.from({ length: 50 }, (_, seed) => seed))('any order of events: seed %i', (seed) => {
  const random = new Random(seed);
  const { stream, text } = collecting(random.pick([10, 32, 1000]));
  let expected = '';
  const add = () => {
    const letter = String.fromCharCode(random.integer(97, 122));
    write(stream.writer, letter);
    const parts = new Parts(letter, random.integer(1, 60), random.chance(0.5));
    expected += letter.repeat(1 + parts.left);
    return parts;
  };
  for (let i = 0; i < 300; i++) {
    const kind = random.next();
    if (kind < 0.2) {
      write(stream.writer, '.');
      expected += '.';
      stream.settle();
    } else if (kind < 0.25) stream.beginDetached(add());
    else if (kind < 0.3) stream.detach();
    else if (stream.isBusy) stream.step();
    else if (kind < 0.5) stream.begin(add());
  }
  stream.flush();
  expect(text()).toBe(expected);
});

test('who adds more than may be held has some of it written, a little at a time', () => {
  let written = 0;
  const stream = new EntryStream(
    (piece) => {
      written += piece.length;
    },
    { compresses: false },
  );
  stream.begin(new Parts('a', 500, true));
  const entry = Buffer.alloc(MIB / 2);
  let steps = 0;
  let most = 0;
  for (let i = 1; i <= 600; i++) {
    stream.writer.raw(entry, 0, entry.length);
    const before = written;
    stream.settle();
    steps += written > before ? 1 : 0;
    most = Math.max(most, (i * MIB) / 2 - written);
    expect(written - before).toBeLessThanOrEqual(3 * MIB);
  }
  expect(steps).toBeGreaterThan(10);
  expect(most).toBeLessThan(100 * MIB);
  stream.flush();
  expect(written).toBe(600 * entry.length + 500);
});
