// The file with the process id (`pidfile`), for scripts that send signals.
import { closeSync, rmSync, writeFileSync } from 'node:fs';
import { systemMessage } from '../config/error.ts';
import { openRegular, readRegular } from '../files/regular-file.ts';
import type { Logger } from '../logging/logger.ts';

/** @returns whether it was written */
export function writePidFile(path: string, log: Logger): boolean {
  try {
    const fd = openRegular(path, 'w');
    writeFileSync(fd, ownPidLine());
    closeSync(fd);
    return true;
  } catch (error) {
    const details = { err: error, path };
    log.warn({ reason: systemMessage(error), details }, 'Failed to write PID file: {reason}');
    return false;
  }
}

/** Removes the file, unless another server has written its own id into it meanwhile. */
export function removePidFile(path: string, log: Logger): void {
  try {
    if (readRegular(path).toString('latin1') !== ownPidLine()) return;
    log.info('Removing the pid file.');
    rmSync(path, { force: true });
  } catch {
    // It is gone already.
  }
}

function ownPidLine(): string {
  return `${process.pid}\n`;
}
