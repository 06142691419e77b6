// The type of strings. Setting and changing them is in values.ts.
import {
  ENCODING_EMBSTR,
  ENCODING_INT,
  ENCODING_RAW,
  TYPE_STRING,
} from '../../keyspace/plain-strings.ts';
import type { ValueType } from '../../keyspace/value-type.ts';
import { stringCodec } from './codec.ts';

/** See the head of this file. */
export const stringType: ValueType = {
  id: TYPE_STRING,
  name: 'string',
  encodings: { [ENCODING_RAW]: 'raw', [ENCODING_INT]: 'int', [ENCODING_EMBSTR]: 'embstr' },
  codec: stringCodec,
  digest(entries, ref, digest) {
    const { buffer, offset, length } = entries.value(ref);
    digest.mix(buffer.subarray(offset, offset + length));
  },
  describe: () => '',
};
