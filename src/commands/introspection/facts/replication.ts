// INFO replication. There are no replicas yet, so all facts about them say that there is none.
import type { Config } from '../../../config/config.ts';
import type { Services } from '../../../core/services.ts';
import type { LogFacts } from '../../../core/write-ahead-log.ts';
import { gauge, none, section, text } from '../../../telemetry/fact.ts';

const NO_REPLICATION_ID = '0'.repeat(40);

interface Sample extends Pick<Services, 'identity'> {
  readonly values: Config['values'];
  readonly log: LogFacts | undefined;
}

export const replicationFacts = section<Services, Sample>({
  ...{ name: 'replication', title: 'Replication' },
  sample: ({ identity, config, wal }) => ({ identity, values: config.values, log: wal.facts }),
  facts: [
    text('role', 'Whether it is a primary or a replica.', () => 'master'),
    none('connected_slaves', 'Replicas.'),
    gauge(
      'min_slaves_good_slaves',
      'Replicas that lag little enough for writes, where some are required.',
      ({ values }) => {
        const isRequired = values['min-replicas-to-write'] > 0;
        return isRequired && values['min-replicas-max-lag'] > 0 ? 0 : undefined;
      },
    ),
    text('master_failover_state', 'Whether a failover is under way.', () => 'no-failover'),
    // The id of the history of the data: the log's, or without a log one of this run.
    text(
      'master_replid',
      'Names the history of the data.',
      ({ identity, log }) => log?.replicationId ?? identity.runId,
    ),
    text('master_replid2', 'The history before it.', () => NO_REPLICATION_ID),
    gauge('master_repl_offset', 'Place in that history.', ({ log }) => log?.offset ?? 0),
    gauge('second_repl_offset', 'Where the history before it ended; -1: nowhere.', () => -1),
    none('repl_backlog_active', 'Whether there is a backlog.'),
    gauge('repl_backlog_size', 'Size of the backlog, in bytes.', ({ values }) =>
      Number(values['repl-backlog-size']),
    ),
    none('repl_backlog_first_byte_offset', 'Where the backlog begins.'),
    none('repl_backlog_histlen', 'What is in the backlog, in bytes.'),
  ],
});
