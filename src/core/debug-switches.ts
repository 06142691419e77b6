// What DEBUG switches off and on in a server, for tests: work that comes unasked, and checks.

/** The switches of a server. */
export class DebugSwitches {
  /** Whether expired keys are deleted that nobody accesses (SET-ACTIVE-EXPIRE). */
  expiresActively = true;
  /** Whether the background work is done at all (PAUSE-CRON). */
  worksInBackground = true;
  /** Whether checksums of snapshots and payloads must be right (SET-SKIP-CHECKSUM-VALIDATION). */
  verifiesChecksums = true;
}
