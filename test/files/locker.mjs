// A process that takes a lock and keeps it: says how that went, and ends when its standard input does.
//   node locker.mjs PATH HOLDER
import { FileLock, LockedError } from '../../build/files/file-lock.js';

const [path, holder] = process.argv.slice(2);
try {
  const lock = FileLock.take(path, holder);
  process.stdout.write('held\n');
  process.stdin.on('end', () => lock.release());
  process.stdin.resume();
} catch (error) {
  process.stdout.write(`${error instanceof LockedError ? 'locked' : error}\n`);
}
