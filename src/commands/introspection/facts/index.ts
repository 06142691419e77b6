// Everything that the server tells of itself: the sections of INFO in Redis's order, each with Redis's facts in
// Redis's order where they mean something here, then Synap's own. What a section tells is declared in its file.
import type { Services } from '../../../core/services.ts';
import { type FactSection, none, section } from '../../../telemetry/fact.ts';
import { clientFacts } from './clients.ts';
import { commandFacts, errorFacts, percentileFacts } from './commands.ts';
import { cpuFacts } from './cpu.ts';
import { keyspaceFacts } from './keyspace.ts';
import { memoryFacts } from './memory.ts';
import { persistenceFacts } from './persistence.ts';
import { replicationFacts } from './replication.ts';
import { serverFacts } from './server.ts';
import { statsFacts } from './stats.ts';

const moduleFacts = section({ name: 'modules', title: 'Modules', sample: () => undefined });

const clusterFacts = section({
  ...{ name: 'cluster', title: 'Cluster', sample: () => undefined },
  facts: [none('cluster_enabled', 'Whether it is part of a cluster.')],
});

/** All sections. */
export const factSections: readonly FactSection<Services>[] = [
  serverFacts,
  clientFacts,
  memoryFacts,
  persistenceFacts,
  statsFacts,
  replicationFacts,
  cpuFacts,
  moduleFacts,
  commandFacts,
  errorFacts,
  percentileFacts,
  clusterFacts,
  keyspaceFacts,
];
