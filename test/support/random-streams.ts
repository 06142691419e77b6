// Random commands on a few streams with small nodes, mixed with those of other families that keys meet. Ids go on from
// those before, with some that are too small, or of nothing; times are so far apart that it never depends on when a
// command is run which entries it means.
import type { Random } from './random.ts';

const KEYS = ['s1', 's2', 's3'];
const GROUPS = ['g1', 'g2'];
const CONSUMERS = ['a', 'b', 'longer-name', ''];
const FIELDS = ['f', 'field', 'g', '7'];
const VALUES = [
  '',
  'v',
  '0',
  '-1',
  '127',
  '4096',
  '70000',
  '9223372036854775807',
  '007',
  '\x00\xff',
];
const LONG_VALUES = ['x'.repeat(30), 'y'.repeat(70), 'z'.repeat(300)];
const COUNTS = ['0', '1', '2', '3', '5', '100', '-1'];
const ENTRIES = ['1', '2', '3', '5', '5', '8', '100', '0'];
const BYTES = ['0', '60', '200', '4096'];
/** So far apart that it is the same whenever a command is run. */
const MIN_IDLES = ['0', '0', '0', '500000000', '1500000000'];
const IDLES = ['1000000000', '2000000000'];

const KNOWN_IDS = 15;

type Maker = (random: Random) => readonly string[];

/** Makes the commands of one program. */
export class StreamCommands {
  readonly #random: Random;
  /** Where ids are by now. */
  #ms = 1;
  #isQueueing = false;
  /** The key of a command, whose ids it is about. */
  #current = KEYS[0];
  /** The last ids that entries got, of each key. */
  readonly #known = new Map<string, string[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The next command. */
  next(): readonly string[] {
    const args = this.#choose()(this.#random);
    const [name] = args;
    if (name === 'MULTI') this.#isQueueing = true;
    if (name === 'EXEC' || name === 'DISCARD') this.#isQueueing = false;
    return args;
  }

  /** The next one that is about entries and groups alone. */
  nextChange(): readonly string[] {
    const random = this.#random;
    return random.chance(0.4) ? this.#add(random) : random.pick(this.#changes)(random);
  }

  /** Remembers the id of an entry, which other commands will be about. */
  added(key: string, id: string): void {
    const ids = this.#known.get(key) ?? [];
    this.#known.set(key, [...ids.slice(-KNOWN_IDS), id]);
  }

  /** Begins outside of a transaction again, where the connection did. */
  leaveTransaction(): void {
    this.#isQueueing = false;
  }

  #choose(): Maker {
    const random = this.#random;
    if (this.#isQueueing && random.chance(0.25)) return (r) => [r.chance(0.9) ? 'EXEC' : 'DISCARD'];
    const kind = random.next();
    if (kind < 0.03 && !this.#isQueueing) return random.pick(SELDOM);
    if (kind < 0.08) return random.pick(GENERIC);
    if (kind < 0.3) return random.pick(READS);
    if (kind < 0.55) return (r) => this.#add(r);
    return random.pick(this.#changes);
  }

  #add(random: Random): string[] {
    const name = this.#key(random);
    const trim = random.chance(0.25) ? this.#trim(random) : [];
    const create = random.chance(0.1) ? ['NOMKSTREAM'] : [];
    const fields = Array.from({ length: random.integer(1, 3) }, () => [
      random.pick(FIELDS),
      random.chance(0.1) ? random.pick(LONG_VALUES) : random.pick(VALUES),
    ]);
    return ['XADD', name, ...create, ...trim, this.#newId(random), ...fields.flat()];
  }

  #trim(random: Random): string[] {
    const [strategy, threshold] = random.chance(0.6)
      ? ['MAXLEN', String(random.integer(0, 25))]
      : ['MINID', this.id(random)];
    if (random.chance(0.5)) return [strategy, ...(random.chance(0.3) ? ['='] : []), threshold];
    const limit = random.chance(0.4) ? ['LIMIT', String(random.integer(0, 12))] : [];
    return [strategy, '~', threshold, ...limit];
  }

  #newId(random: Random): string {
    if (random.chance(0.4)) this.#ms += random.integer(1, 3);
    const kind = random.next();
    if (kind < 0.5) return `${this.#ms}-*`;
    if (kind < 0.9) return `${this.#ms}-${random.integer(0, 300)}`;
    return kind < 0.95 ? String(this.#ms) : this.id(random);
  }

  /** An id of one of the last entries, or of about them. */
  id(random: Random): string {
    const known = this.#known.get(this.#current) ?? [];
    if (known.length > 0 && random.chance(0.8)) return random.pick(known);
    const ms = Math.max(0, this.#ms - random.integer(-1, 20));
    return random.chance(0.6) ? `${ms}-${random.integer(0, 3)}` : String(ms);
  }

  readonly #key = (random: Random) => {
    this.#current = key(random);
    return this.#current;
  };

  readonly #ids = (random: Random) =>
    Array.from({ length: random.integer(1, 6) }, () => this.id(random));

  readonly #limit = (random: Random) => {
    const open = random.chance(0.2) ? '(' : '';
    return random.chance(0.3) ? random.pick(['-', '+', '0']) : open + this.id(random);
  };

  readonly #changes: readonly Maker[] = [
    (r) => ['XDEL', this.#key(r), ...this.#ids(r)],
    (r) => ['XDEL', this.#key(r), ...this.#ids(r)],
    (r) => ['XTRIM', this.#key(r), ...this.#trim(r)],
    (r) => ['XSETID', this.#key(r), this.id(r)],
    (r) => ['XSETID', this.#key(r), this.id(r), 'ENTRIESADDED', String(r.integer(0, 60))],
    (r) => ['XSETID', this.#key(r), String(this.#ms), 'MAXDELETEDID', this.id(r)],
    (r) => ['XGROUP', 'CREATE', this.#key(r), group(r), r.pick(['0', '$', this.id(r)])],
    ...many(2, (r: Random) => {
      const id = r.pick(['0', '0', '$', this.id(r)]);
      return ['XGROUP', 'CREATE', this.#key(r), group(r), id, 'MKSTREAM'];
    }),
    (r) => {
      const count = String(r.integer(-1, 30));
      return ['XGROUP', 'CREATE', this.#key(r), group(r), this.id(r), 'ENTRIESREAD', count];
    },
    (r) => ['XGROUP', 'SETID', this.#key(r), group(r), r.pick(['0', '$', this.id(r)])],
    (r) => [
      'XGROUP',
      'SETID',
      this.#key(r),
      group(r),
      this.id(r),
      'ENTRIESREAD',
      String(r.integer(-1, 30)),
    ],
    (r) => (r.chance(0.2) ? ['XGROUP', 'DESTROY', this.#key(r), group(r)] : ['XLEN', this.#key(r)]),
    (r) => [
      ...['XGROUP', r.chance(0.7) ? 'DELCONSUMER' : 'CREATECONSUMER', this.#key(r), group(r)],
      consumer(r),
    ],
    ...many(12, (r: Random) => this.#readGroup(r)),
    ...many(4, (r: Random) => ['XACK', this.#key(r), group(r), ...this.#ids(r)]),
    ...many(6, (r: Random) => this.#claim(r)),
    ...many(3, (r: Random) => [
      ...['XAUTOCLAIM', this.#key(r), group(r), consumer(r), r.pick(MIN_IDLES), this.#limit(r)],
      ...(r.chance(0.7) ? ['COUNT', String(r.integer(1, 6))] : []),
      ...(r.chance(0.4) ? ['JUSTID'] : []),
    ]),
    (r) => ['XRANGE', this.#key(r), this.#limit(r), this.#limit(r), 'COUNT', r.pick(COUNTS)],
    (r) => ['XREVRANGE', this.#key(r), this.#limit(r), this.#limit(r), 'COUNT', r.pick(COUNTS)],
    (r) => ['XREAD', 'COUNT', r.pick(COUNTS), 'STREAMS', 's1', 's2', this.id(r), this.id(r)],
    (r) => ['XPENDING', this.#key(r), group(r), this.#limit(r), this.#limit(r), r.pick(COUNTS)],
    (r) => [
      ...[
        'XPENDING',
        this.#key(r),
        group(r),
        'IDLE',
        r.pick(MIN_IDLES),
        this.#limit(r),
        this.#limit(r),
      ],
      ...[r.pick(COUNTS), ...(r.chance(0.5) ? [consumer(r)] : [])],
    ],
  ];

  #readGroup(random: Random): string[] {
    const keys = random.chance(0.2) ? [this.#key(random), this.#key(random)] : [this.#key(random)];
    const ids = keys.map(() => (random.chance(0.75) ? '>' : this.id(random)));
    return [
      ...['XREADGROUP', 'GROUP', group(random), consumer(random)],
      ...(random.chance(0.7) ? ['COUNT', random.pick(COUNTS)] : []),
      ...(random.chance(0.15) ? ['NOACK'] : []),
      ...['STREAMS', ...keys, ...ids],
    ];
  }

  #claim(random: Random): string[] {
    const maybe = (chance: number, ...words: string[]) => (random.chance(chance) ? words : []);
    return [
      ...['XCLAIM', this.#key(random), group(random), consumer(random), random.pick(MIN_IDLES)],
      ...this.#ids(random),
      ...maybe(0.3, 'IDLE', random.pick(IDLES)),
      ...maybe(0.3, 'TIME', String(1_700_000_000_000 + random.integer(0, 1000))),
      ...maybe(0.3, 'RETRYCOUNT', String(random.integer(0, 300))),
      ...maybe(0.3, 'FORCE'),
      ...maybe(0.4, 'JUSTID'),
      ...maybe(0.1, 'LASTID', this.id(random)),
    ];
  }
}

function key(random: Random): string {
  return random.pick(KEYS);
}

function group(random: Random): string {
  return random.pick(GROUPS);
}

function consumer(random: Random): string {
  return random.pick(CONSUMERS);
}

function many(count: number, maker: Maker): Maker[] {
  return Array.from({ length: count }, () => maker);
}

const GENERIC: readonly Maker[] = [
  (r) => ['COPY', key(r), key(r), 'REPLACE'],
  (r) => ['RENAME', key(r), key(r)],
  (r) => ['EXPIRE', key(r), '1000'],
  (r) => ['PERSIST', key(r)],
  (r) => ['TYPE', key(r)],
  (r) => ['OBJECT', 'ENCODING', key(r)],
  (r) => ['MOVE', key(r), '1'],
  (r) => ['WATCH', key(r)],
  () => ['MULTI'],
  () => ['MULTI'],
];

const READS: readonly Maker[] = [
  (r) => ['XLEN', key(r)],
  (r) => ['XRANGE', key(r), '-', '+'],
  (r) => ['XREVRANGE', key(r), '+', '-'],
  (r) => ['XINFO', 'STREAM', key(r)],
  (r) => ['XINFO', 'GROUPS', key(r)],
  (r) => ['XINFO', 'CONSUMERS', key(r), group(r)],
  (r) => ['XINFO', 'STREAM', key(r), 'FULL', 'COUNT', r.pick(COUNTS)],
  (r) => ['XPENDING', key(r), group(r)],
  () => ['DEBUG', 'DIGEST-VALUE', ...KEYS],
];

const SELDOM: readonly Maker[] = [
  ...many(2, (r) => ['DEL', key(r)]),
  (r) => [r.chance(0.4) ? 'SET' : 'GETSET', key(r), 'text'],
  ...many(3, (r) => ['CONFIG', 'SET', 'stream-node-max-entries', r.pick(ENTRIES)]),
  (r) => ['CONFIG', 'SET', 'stream-node-max-bytes', r.pick(BYTES)],
  () => ['DEBUG', 'RELOAD'],
  (r) => ['SELECT', r.pick(['0', '0', '0', '1'])],
  () => ['SWAPDB', '0', '1'],
  ...many(4, (r) => ['DUMP', key(r)]),
];
