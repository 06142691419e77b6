// A type of values that the server does not have: what a new one writes, in its smallest form. It proves that a
// folder and a line in the table are enough (conformance.test.ts).
import { EVENT_MODULE } from '../../../src/keyspace/key-events.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../../src/keyspace/key-signals.ts';
import type { ValueType } from '../../../src/keyspace/value-type.ts';
import { stubCodec } from './codec.ts';
import { ENCODING_INLINE, ENCODING_LINKED, TYPE_STUB } from './encodings.ts';
import { LinkedStacks } from './linked-stacks.ts';
import { elementsOf, stackLength } from './values.ts';

/** See the head of this file. */
export const stubType: ValueType = {
  id: TYPE_STUB,
  name: 'stub',
  eventClass: EVENT_MODULE,
  wakes: KEY_CREATED | KEY_GROWN | KEY_GONE,
  encodings: { [ENCODING_INLINE]: 'inline', [ENCODING_LINKED]: 'linked' },
  collectionsIn: (arena) => new LinkedStacks(arena),
  codec: stubCodec,
  digest(entries, ref, digest) {
    for (const bytes of elementsOf(entries, ref)) digest.mix(bytes);
  },
  describe: (entries, ref) => ` stub_elements:${stackLength(entries, ref)}`,
};
