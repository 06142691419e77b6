// The client of calls that no connection makes, such as those of the log that is loaded.
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Client, type ClientBuffers } from './client.ts';

/** A client without a connection. */
export class DetachedClient extends Client {
  constructor(keyspace: Keyspace) {
    const address = { remote: '', local: '', unixSocket: false };
    super(0, address, keyspace.databases[0], keyspace.nowMs, true);
  }

  override buffers(): ClientBuffers {
    return { query: 0, queryFree: 0, arguments: 0, output: 0 };
  }

  override descriptor(): number {
    return -1;
  }

  override kill(): void {
    this.closing = true;
  }

  override send(): void {
    // There is no connection.
  }
}
