// Places: every command with its options and errors, and queries all over the earth, whose results must come in the
// same order as Redis's.
import { compareWithRedis, type DefineCase } from '../support/comparison-suite.ts';
import { Random } from '../support/random.ts';
import { command, intended, type Script } from '../support/script.ts';

const SICILY =
  'GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 13.583333 37.316667 5';

/** Places where the arithmetic has an edge: poles, the date line, the equator, the greatest numbers. */
const EDGES = [
  ['0', '0'],
  ['180', '85.05112878'],
  ['-180', '-85.05112878'],
  ['180', '-85.05112878'],
  ['-180', '85.05112878'],
  ['179.9999999', '0.0000001'],
  ['-179.9999999', '-0.0000001'],
  ['180', '0'],
  ['-180', '0'],
  ['1e-300', '-1e-300'],
  ['-0', '-0'],
  ['0x10', '1e1'],
  ['90', '66.5'],
  ['-90', '80.5'],
  ['45', '-80.00001'],
] as const;

const BAD_PLACES = [
  ['181', '0'],
  ['0', '86'],
  ['-180.0000001', '0'],
  ['0', '85.05112879'],
  ['1e300', '-1e22'],
  ['inf', '-inf'],
  ['nan', '0'],
  ['0', 'nan'],
  ['a', '0'],
  ['0', 'b'],
  ['', '0'],
  [' 1', '0'],
  ['1 ', '0'],
  ['1e400', '0'],
] as const;

const SINGLE_MEMBERS = `
  GEOPOS g Palermo Catania none 5
  GEOPOS none Palermo
  GEOPOS g
  GEOPOS none
  GEOHASH g Palermo Catania none 5
  GEOHASH none Palermo
  GEOHASH g
  GEODIST g Palermo Catania
  GEODIST g Palermo Catania m
  GEODIST g Palermo Catania KM
  GEODIST g Palermo Catania Mi
  GEODIST g Palermo Catania ft
  GEODIST g Palermo Palermo
  GEODIST g Palermo none
  GEODIST g none none km
  GEODIST none Palermo Catania
  GEODIST g Palermo Catania bogus
  GEODIST none Palermo Catania bogus
  GEODIST g Palermo Catania km more
  GEODIST g Palermo
  GEODIST s Palermo Catania
  GEODIST s Palermo Catania bogus
  GEOPOS s Palermo
  GEOHASH s Palermo
`;

/** Words behind `GEOSEARCH g` and `GEOSEARCHSTORE d g`, and others behind `GEORADIUS g 15 37` and so on. */
const SEARCHES = [
  'FROMMEMBER Palermo BYRADIUS 200 km',
  'FROMLONLAT 15 37 BYRADIUS 200 km ASC',
  'FROMLONLAT 15 37 BYRADIUS 200 km DESC',
  'FROMLONLAT 15 37 BYBOX 400 400 km ASC',
  'FROMLONLAT 15 37 BYBOX 400 40 KM DESC',
  'FROMLONLAT 15 37 BYRADIUS 200 km ASC DESC ASC',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 ANY',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT 2 ANY DESC',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT 9223372036854775807',
  'FROMLONLAT 15 37 BYRADIUS 0 m',
  'FROMMEMBER Palermo BYRADIUS 0 m',
  'FROMMEMBER Palermo BYBOX 0 0 m',
  'FROMLONLAT 15 37 BYRADIUS inf m ASC',
  'FROMLONLAT 15 37 BYRADIUS 1e300 m ASC',
  'FROMLONLAT 15 37 BYBOX inf 1 m ASC',
  'FROMLONLAT 15 37 BYRADIUS -1 m',
  'FROMLONLAT 15 37 BYRADIUS nan m',
  'FROMLONLAT 15 37 BYRADIUS x m',
  'FROMLONLAT 15 37 BYRADIUS 1 x',
  'FROMLONLAT 15 37 BYRADIUS -1 x',
  'FROMLONLAT 15 37 BYBOX -1 1 x',
  'FROMLONLAT 15 37 BYBOX x -1 m',
  'FROMLONLAT 15 37 BYBOX 1 x m',
  'FROMLONLAT 15 37 BYBOX 1 1 x',
  'FROMLONLAT 15 37 BYBOX 1 1',
  'FROMLONLAT 200 37 BYRADIUS 1 m',
  'FROMLONLAT x 37 BYRADIUS 1 m',
  'FROMMEMBER none BYRADIUS 1 m',
  'FROMMEMBER none BYRADIUS x m',
  'BYRADIUS x m FROMMEMBER none',
  'FROMMEMBER Palermo FROMLONLAT 15 37 BYRADIUS 200 km',
  'FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 200 km',
  'FROMLONLAT 15 37 FROMLONLAT 13 38 BYRADIUS 100 km',
  'FROMMEMBER Palermo FROMMEMBER Catania BYRADIUS 10 km',
  'FROMLONLAT 15 37 BYRADIUS 200 km BYBOX 1 1 km',
  'FROMLONLAT 15 37 BYBOX 1 1 km BYRADIUS 200 km',
  'FROMLONLAT 15 37 BYRADIUS 1 km BYRADIUS 200 km',
  'FROMLONLAT 15 37 BYBOX 1 1 km BYBOX 200 200 km',
  'BYRADIUS 200 km ASC ASC ASC',
  'FROMLONLAT 15 37 ASC ASC ASC',
  'FROMMEMBER Palermo WITHDIST WITHHASH WITHCOORD ASC',
  'FROMLONLAT 15 37 BYRADIUS 200 km ANY',
  'FROMLONLAT 15 37 BYRADIUS 200 km ANY COUNT 1',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT 0',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT -1',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT x',
  'FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1.5',
  'FROMLONLAT 15 37 BYRADIUS 200 km STORE d',
  'FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST d',
  'FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST',
  'FROMLONLAT 15 37 BYRADIUS 200 km bogus',
  'bogus FROMLONLAT x 37 BYRADIUS 200 km',
  'FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST WITHHASH WITHCOORD ASC',
  'FROMLONLAT 15 37 BYRADIUS 200 mi WITHCOORD WITHHASH',
  'FROMLONLAT 15 37 BYRADIUS 600000 ft WITHDIST DESC COUNT 1',
] as const;

const CIRCLES = [
  '200 km',
  '200 km ASC',
  '200 km DESC COUNT 1',
  '200 km COUNT 2 ANY',
  '200 KM WITHDIST WITHHASH WITHCOORD ASC',
  '200 km STORE d',
  '200 km STOREDIST d',
  '200 km STORE d STOREDIST e',
  '200 km STOREDIST d STORE e',
  '200 km STORE d WITHDIST',
  '200 km WITHCOORD STORE d ANY',
  '200 km STORE',
  '200 km STOREDIST',
  '1 m STORE d',
  '1 m STORE d',
  '-1 km',
  'x km',
  '1 bogus',
  '-1 bogus',
  '200 km bogus',
  '200 km ANY',
  '200 km COUNT 0',
  '200 km FROMMEMBER Palermo',
  '200 km FROMLONLAT 1 1',
  '200 km BYRADIUS 1 km',
  '200 km COUNT 1 COUNT x',
] as const;

const NEVER_MADE = 'EXISTS d e';

function defineSearches(define: DefineCase): void {
  define('GEOSEARCH and GEOSEARCHSTORE', [
    SICILY,
    'SET s v',
    ...SEARCHES.map(
      (words) => `
        GEOSEARCH g ${words}
        geosearch none ${words}
        GEOSEARCHSTORE d g ${words}
        ZRANGE d 0 -1 WITHSCORES
        OBJECT ENCODING d
        TTL d
        GeoSearchStore d none ${words}
        GEOSEARCH s ${words}
        GEOSEARCHSTORE d s ${words}
        GEOSEARCHSTORE s none ${words}
        SET s v EX 100
        GEOSEARCHSTORE s g ${words}
        TTL s
        SET s v
      `,
    ),
    'GEOSEARCH\nGEOSEARCH g\nGEOSEARCHSTORE d g FROMMEMBER Palermo BYRADIUS 1',
  ]);

  for (const [name, center] of [
    ['GEORADIUS', '15 37'],
    ['GEORADIUSBYMEMBER', 'Palermo'],
    ['GEORADIUSBYMEMBER', 'missing'],
    ['GEORADIUS', '200 0'],
    ['GEORADIUS', 'x 0'],
  ]) {
    define(`${name} of ${center}`, [
      SICILY,
      'SET s v',
      ...CIRCLES.map(
        (words) => `
          ${name} g ${center} ${words}
          ZRANGE d 0 -1 WITHSCORES
          ZRANGE e 0 -1 WITHSCORES
          DEL d e
          ${name}_RO g ${center} ${words}
          ${name} none ${center} ${words}
          ${name}_RO none ${center} ${words}
          ${name} s ${center} ${words}
          ${NEVER_MADE}
        `,
      ),
      `${name} g ${center}\n${name}_RO g ${center} 1\n${name} g`,
    ]);
  }
}

compareWithRedis('geo', (define) => {
  define('GEOADD', [
    SICILY,
    `
      GEOADD g 13.361389 38.115556 Palermo
      GEOADD g CH 13 38 Palermo 14 38 x
      GEOADD g NX CH 1 1 Palermo 14 39 y
      GEOADD g XX CH 1 1 Palermo 14 39 z
      GEOADD g XX 2 2 Palermo
      GEOADD none XX 2 2 Palermo
      EXISTS none
      GEOADD g ch nx 14 38 w
      GEOADD g XX NX 2 2 Palermo
      GEOADD g XX NX x 2 Palermo
      GEOADD g 2 2
      GEOADD g 2 2 a 3
      GEOADD g 2 2 a 3 3
      GEOADD g NX XX CH
      GEOADD g NX NX CH
      GEOADD g CH 1 1
      GEOADD g GT 1 1 a
      GEOADD g INCR 1 1 a
      GEOADD g 1 1 a 200 1 b
      GEOPOS g a b
      SET s v
      GEOADD s 1 1 a
      GEOADD s 200 1 a
      GEOADD s XX 1 1 a
      TYPE g
      OBJECT ENCODING g
      DEBUG DIGEST-VALUE g
      GEOADD t 1 1 "" 2 2 "\\x00\\xff" 3 3 3 3 3 03
      EXPIRE t 100
      GEOADD t 1 2 x
      TTL t
      DEBUG DIGEST-VALUE t
      GEOADD t 5 5 ${'x'.repeat(65)}
      OBJECT ENCODING t
      GEOADD
    `,
    ...BAD_PLACES.map((place) => command('GEOADD', 'g', ...place, 'bad')),
  ]);

  define('GEOPOS, GEODIST, GEOHASH', [SICILY, 'SET s v', SINGLE_MEMBERS]);

  define('places at edges', [
    ...EDGES.map(([longitude, latitude], i) => command('GEOADD', 'g', longitude, latitude, `${i}`)),
    ...EDGES.flatMap((from, i) => [
      `GEOPOS g ${i}\nGEOHASH g ${i}`,
      ...EDGES.map((_, k) => `GEODIST g ${i} ${k} km`),
      ...[0, 1e-3, 1, 1000, 1e5, 1e6, 5e6, 1e7, 2.1e7, 1e8].flatMap((radius) => [
        `GEOSEARCH g FROMMEMBER ${i} BYRADIUS ${radius} m WITHDIST WITHHASH`,
        `GEOSEARCH g FROMLONLAT ${from.join(' ')} BYBOX ${radius} ${radius / 3} m WITHDIST`,
        `GEOSEARCH g FROMLONLAT ${from.join(' ')} BYBOX ${radius / 7} ${radius} m WITHDIST`,
      ]),
    ]),
  ]);

  define('scores that nobody made of places', [
    ...['0', '-1', '1.5', '-1.5', '1e15', '1e300', '-1e300', 'inf', '-inf', '4503599627370496']
      .concat(
        ['9007199254740993', '13510798882111488', '9223372036854775808', '18446744073709551616'],
        [
          '-9223372036854775808',
          '18446744073709549568',
          '4611686018427387904',
          '3377699720527872.5',
        ],
      )
      .flatMap((score, i) => [
        `ZADD z ${score} m${i}\nGEOPOS z m${i}\nGEOHASH z m${i}\nGEODIST z m${i} m0`,
        `GEOSEARCH z FROMMEMBER m${i} BYRADIUS 20000 km WITHHASH WITHDIST`,
      ]),
    'GEOSEARCH z FROMLONLAT 0 0 BYRADIUS 30000 km WITHHASH WITHCOORD',
  ]);

  define('places beyond the grid: what adding up scores makes of them', [
    `
      GEOADD g 12.5 0 equator 12.5 80 north -170 -80 south 179.99 85.05 corner
      ZUNIONSTORE twice 2 g g
      GEOPOS twice equator north south corner
    `,
    ...['equator', 'north', 'south', 'corner'].flatMap((member) => [
      `GEOSEARCH twice FROMMEMBER ${member} BYBOX 150.5 3e6 ft ASC WITHHASH`,
      `GEOSEARCH twice FROMMEMBER ${member} BYRADIUS 1 m ASC WITHHASH`,
      `GEOSEARCH twice FROMMEMBER ${member} BYRADIUS 5000 km ASC WITHHASH`,
    ]),
    'GEOSEARCH twice FROMLONLAT 180 85.05112878 BYBOX 3e6 1 m ASC WITHHASH',
    'GEOSEARCH twice FROMLONLAT 12.5 85.05112878 BYRADIUS 1 m ASC WITHHASH',
  ]);

  define('a distance whose last digits differ', [
    `
      GEOADD g 0 -37.5 near 180 0 far
      GEOSEARCHSTORE d g FROMLONLAT 180 -85.05112878 BYRADIUS 3e6 km STOREDIST
      ZSCORE d near
    `,
    intended('geo-last-digits', /9459\.9225059868204/, 'ZSCORE d far'),
  ]);

  defineSearches(define);

  for (const [name, count] of [
    ['small', 120],
    ['large', 5000],
  ] as const) {
    define(`queries of a ${name} set, all over the earth`, everywhere(name, count));
  }
});

/** Members in clusters of all sizes, and queries around them. */
function everywhere(name: string, count: number): Script {
  const random = new Random(count);
  const centers = Array.from({ length: 12 }, () => [between(random, 180), between(random, 85)]);
  const places = Array.from({ length: count }, (): [number, number] => {
    if (random.chance(0.4)) return inTheNorth(random);
    const [longitude, latitude] = random.pick(centers);
    const spread = 10 ** (random.next() * 6 - 4);
    return [
      Math.max(-180, Math.min(180, longitude + between(random, spread))),
      Math.max(-85, Math.min(85, latitude + between(random, spread))),
    ];
  });
  // Many members in the same place, and on a line: their distances are equal.
  const grid = places.map(([x, y], i): [number, number] =>
    i % 4 === 0 ? [Math.round(x), Math.round(y)] : [x, y],
  );
  const words = grid.flatMap(([x, y], i) => [`${x}`, `${y}`, i % 3 === 0 ? `${i}` : `m${i}`]);
  const steps: Script[number][] = [];
  for (let i = 0; i < words.length; i += 300) {
    steps.push(command('GEOADD', name, ...words.slice(i, i + 300)));
  }
  for (let i = 0; i < 400; i++) {
    const isNorthern = random.chance(0.4);
    const [x, y] = isNorthern ? inTheNorth(random) : random.pick(grid);
    const at = random.chance(0.7)
      ? ['FROMLONLAT', `${x}`, `${y}`]
      : ['FROMLONLAT', `${between(random, 180)}`, `${between(random, 85)}`];
    const radius = 10 ** (isNorthern ? 4 + random.next() * 2 : random.next() * 8);
    const by = random.chance(0.5)
      ? ['BYRADIUS', `${radius}`, random.pick(['m', 'km', 'ft', 'mi'])]
      : ['BYBOX', `${radius}`, `${radius * 10 ** between(random, 1)}`, 'm'];
    const order = random.pick([[], [], ['ASC'], ['DESC']]);
    const limit = random.pick([[], ['COUNT', '3'], ['COUNT', '10', 'ANY'], ['COUNT', '40']]);
    const extra = random.pick([[], ['WITHDIST'], ['WITHHASH', 'WITHCOORD']]);
    steps.push(command('GEOSEARCH', name, ...at, ...by, ...order, ...limit, ...extra));
  }
  return steps;
}

/** A place where cells are so narrow that a circle spans three of them. */
function inTheNorth(random: Random): [number, number] {
  return [20 + between(random, 4), 63 + between(random, 2.9)];
}

function between(random: Random, most: number): number {
  return (random.next() * 2 - 1) * most;
}
