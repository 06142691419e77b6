// INFO keyspace: how many keys each database has.
import type { Services } from '../../../core/services.ts';
import type { Database } from '../../../keyspace/database.ts';
import { type Fact, gauge, section, valuesOf } from '../../../telemetry/fact.ts';

const ofDatabase: readonly Fact<Database>[] = [
  gauge('keys', 'Keys of the database.', ({ size }) => size),
  gauge('expires', 'Those that expire.', ({ expiring }) => expiring),
  gauge('avg_ttl', 'What they live for on average, in ms.', (database) => database.averageTtlMs()),
];

export const keyspaceFacts = section<Services, Services>({
  ...{ name: 'keyspace', title: 'Keyspace' },
  sample: (server) => server,
  families: [
    {
      ...{ name: 'db', prefix: 'db', label: 'db' },
      read: ({ keyspace }) => ({
        facts: ofDatabase,
        members: keyspace.databases
          .filter(({ size }) => size > 0)
          .map((database) => ({
            label: String(database.index),
            values: valuesOf(ofDatabase, database),
          })),
      }),
    },
  ],
});
