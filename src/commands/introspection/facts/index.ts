// The facts of INFO: its sections in Redis's order, each with those of Redis's facts that apply here, in Redis's
// order, then Synap's own. Each section is declared in its file.
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
