// INFO clients: the connected clients, and what they wait for.
import type { Services } from '../../../core/services.ts';
import { gauge, none, section } from '../../../telemetry/fact.ts';

export const clientFacts = section<Services, Services>({
  ...{ name: 'clients', title: 'Clients' },
  sample: (server) => server,
  facts: [
    gauge('connected_clients', 'Clients that are connected.', ({ clients }) => clients.size),
    none('cluster_connections', "Sockets of the cluster's bus."),
    gauge('maxclients', 'Clients that may be.', ({ config }) => config.values.maxclients),
    gauge(
      'client_recent_max_input_buffer',
      'Largest input buffer that a client had lately, in bytes.',
      ({ clientPeaks }) => clientPeaks.inputBytes,
    ),
    gauge(
      'client_recent_max_output_buffer',
      'Largest output buffer that a client had lately, in bytes.',
      ({ clientPeaks }) => clientPeaks.outputBytes,
    ),
    gauge(
      'blocked_clients',
      'Clients that wait for keys, or for the end of a pause.',
      ({ blocking, pause }) => blocking.size + pause.suspended.size,
    ),
    gauge(
      'tracking_clients',
      'Clients that use client-side caching (CLIENT TRACKING).',
      ({ tracking }) => tracking.clients,
    ),
    gauge(
      'clients_in_timeout_table',
      'Clients that wait for keys for a limited time.',
      ({ blocking }) => blocking.limited,
    ),
  ],
});
