// The one error of this folder: a setting that cannot be accepted, or a file that cannot be read.
// Its message is a single line that begins with the place, so that it can be shown as it is.

/**
 * A configuration that cannot be used. The command line prints `message` and exits with code 1.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** Where the setting stands: `redis.conf:12`, `command line`, `standard input:3`. */
  readonly origin: string;

  /**
   * @param origin place of the setting, in front of the message
   * @param problem what is wrong, in one line without a full stop
   * @param cause the system's error behind it, if any
   */
  constructor(origin: string, problem: string, cause?: unknown) {
    super(`${origin}: ${problem}`, { cause });
    this.origin = origin;
  }
}

const strerror: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EDQUOT: 'Disk quota exceeded',
  EFBIG: 'File too large',
  EINCOMPLETE: 'Not all changes are in the file',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOST: 'The file is not where it was opened',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  EPERM: 'Operation not permitted',
  ENOTFOUND: 'Name or service not known',
  EROFS: 'Read-only file system',
};

/** What a failed file operation says, in the words of strerror(3), as Redis shows it. */
export function systemMessage(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return strerror[error.code] ?? error.message;
  }
  return String(error);
}
