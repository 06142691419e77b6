// The type of strings. Setting and changing them is in values.ts.
import { EVENT_STRING } from '../../keyspace/key-events.ts';
import {
  ENCODING_EMBSTR,
  ENCODING_INT,
  ENCODING_RAW,
  TYPE_STRING,
} from '../../keyspace/plain-strings.ts';
import type { ValueType } from '../../keyspace/value-type.ts';
import { parseInteger } from '../../protocol/integer.ts';
import { stringCodec } from './codec.ts';

/** Integers below this are objects that all keys share in Redis. */
const SHARED_INTEGERS = 10_000;

/** See the head of this file. */
export const stringType: ValueType = {
  id: TYPE_STRING,
  name: 'string',
  eventClass: EVENT_STRING,
  wakes: 0,
  encodings: { [ENCODING_RAW]: 'raw', [ENCODING_INT]: 'int', [ENCODING_EMBSTR]: 'embstr' },
  codec: stringCodec,
  digest(entries, ref, digest) {
    const { buffer, offset, length } = entries.value(ref);
    digest.mix(buffer.subarray(offset, offset + length));
  },
  describe: () => '',
  isShared(entries, ref) {
    if (entries.encodingOf(ref) !== ENCODING_INT) return false;
    const { buffer, offset, length } = entries.value(ref);
    const value = parseInteger(buffer, offset, length);
    return value >= 0 && value < SHARED_INTEGERS;
  },
};
