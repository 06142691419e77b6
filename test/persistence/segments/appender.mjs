// A process for crash.test.ts: appends numbered commands, and prints the number of each as soon as the
// policy says that it may be acknowledged, until it is killed. Run from the built sources.

import { writeSync } from 'node:fs';
import { openLog } from '../../../build/persistence/log/open-log.js';
import { recover } from '../../../build/persistence/recovery/recovery.js';
import { cutTail } from '../../../build/persistence/recovery/repair.js';
import { LogDirectory } from '../../../build/persistence/segments/log-directory.js';

const MAX_UNACKNOWLEDGED = 400;

const [path, mode, first] = process.argv.slice(2);
const directory = LogDirectory.read(path, 'appendonly.aof');
const recovery = await recover(directory, { from: 0, loadTruncated: true, onGroup: () => {} });
if (recovery.torn !== undefined) await cutTail(directory, recovery.torn);

/** Offsets behind commands that are not acknowledged yet, from old to new. */
const unacknowledged = [];
let acknowledged = Number(first) - 1;
let following = 0;
let isWaiting = false;

const log = await openLog(directory, recovery, {
  policy: { mode, intervalMs: 2 },
  bufferBytes: 16_384,
  maxSegmentBytes: 100_000,
  retryMs: 10,
  onProgress: acknowledge,
  onFailure: (error) => {
    throw error;
  },
  onRecovered: () => {},
  onWarning: (error) => {
    throw error;
  },
});

tick(Number(first));

/** @param {number} next number */
function tick(next) {
  const count = 1 + ((next * 7) % 40);
  for (let i = next; i < next + count; i++) {
    const text = String(i);
    const command = `*3\r\n$3\r\nSET\r\n$${text.length}\r\n${text}\r\n$4\r\nbody\r\n`;
    log.append(Buffer.from(command), 0, command.length);
    unacknowledged.push(log.offset);
  }
  log.commit();
  acknowledge();
  following = next + count;
  // While much is unacknowledged, what comes next waits for the disk, as a client would.
  if (unacknowledged.length < MAX_UNACKNOWLEDGED) setImmediate(tick, following);
  else isWaiting = true;
}

function acknowledge() {
  const safe = mode === 'always' ? log.syncedOffset : log.writtenOffset;
  const before = acknowledged;
  while (unacknowledged.length > 0 && unacknowledged[0] <= safe) {
    unacknowledged.shift();
    acknowledged++;
  }
  if (acknowledged > before) writeSync(1, `${acknowledged}\n`);
  if (!isWaiting || unacknowledged.length >= MAX_UNACKNOWLEDGED) return;
  isWaiting = false;
  setImmediate(tick, following);
}
