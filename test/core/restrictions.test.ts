// Restrictions: bits that say what admission must look at. Each must hold exactly while its fact does, whatever
// changes that; where all are 0, nothing is asked any more.
import { beforeEach, describe, expect, it } from 'vitest';
import { REPLY_OFF, REPLY_ON, REPLY_SKIP } from '../../src/core/client.ts';
import { ClientPause, PAUSE_ALL, PAUSE_WRITES } from '../../src/core/client-pause.ts';
import { ClientRegistry } from '../../src/core/client-registry.ts';
import {
  IN_TRANSACTION,
  MONITORED,
  MONITORING,
  PAUSED,
  REPLIES_OFF,
  Restrictions,
  SUBSCRIBED,
  TRACKING,
  UNAUTHENTICATED,
} from '../../src/core/restrictions.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { PubSub } from '../../src/pubsub/pubsub.ts';
import { valueTypes } from '../../src/types/index.ts';
import { TestClient } from '../support/test-call.ts';

const keyspace = new Keyspace(valueTypes, 1);
const address = { remote: '127.0.0.1:1', local: '127.0.0.1:2', unixSocket: false };

function connect(trusted = true): TestClient {
  return new TestClient(1, address, keyspace.databases[0], 0, trusted);
}

describe('of a client', () => {
  it('there are none for one that does nothing special', () => {
    expect(connect().restrictions).toBe(0);
  });

  it('authentication', () => {
    const client = connect(false);
    expect(client.restrictions).toBe(UNAUTHENTICATED);
    client.authenticated = true;
    expect(client.restrictions).toBe(0);
    client.authenticated = false;
    expect(client.restrictions).toBe(UNAUTHENTICATED);
  });

  it('a transaction, until it ends', () => {
    const client = connect();
    client.beginTransaction();
    expect(client.restrictions).toBe(IN_TRANSACTION);
    client.endTransaction();
    expect(client.restrictions).toBe(0);
  });

  it('replies that are not sent', () => {
    const client = connect();
    for (const mode of [REPLY_OFF, REPLY_SKIP]) {
      client.replyMode = mode;
      expect(client.restrictions).toBe(REPLIES_OFF);
    }
    client.replyMode = REPLY_ON;
    expect(client.restrictions).toBe(0);
  });

  it('subscriptions, until the last is gone', () => {
    const client = connect();
    const pubsub = new PubSub();
    pubsub.subscribe('channels', client, 'a');
    pubsub.subscribe('patterns', client, 'b*');
    expect(client.restrictions).toBe(SUBSCRIBED);
    pubsub.unsubscribe('channels', client, 'a');
    expect(client.restrictions).toBe(SUBSCRIBED);
    pubsub.unsubscribe('patterns', client, 'b*');
    expect(client.restrictions).toBe(0);
  });

  it('facts do not disturb each other', () => {
    const client = connect(false);
    client.monitor = true;
    client.beginTransaction();
    client.authenticated = true;
    expect(client.restrictions).toBe(MONITORING | IN_TRANSACTION);
    client.endTransaction();
    expect(client.restrictions).toBe(MONITORING);
  });
});

describe('of the server', () => {
  let restrictions: Restrictions;
  let clients: ClientRegistry;

  beforeEach(() => {
    restrictions = new Restrictions();
    clients = new ClientRegistry(restrictions);
  });

  it('monitors, until the last is gone or disconnects', () => {
    const [one, other] = [connect(), connect()];
    clients.addMonitor(one);
    clients.addMonitor(other);
    expect(restrictions.bits).toBe(MONITORED);
    clients.removeMonitor(one);
    expect(restrictions.bits).toBe(MONITORED);
    clients.remove(other);
    expect(restrictions.bits).toBe(0);
  });

  it('pauses of either kind, and commands that suspend writes', () => {
    const pause = new ClientPause({ expiryPaused: false }, restrictions);
    for (const mode of [PAUSE_WRITES, PAUSE_ALL] as const) {
      pause.begin(mode, 60_000, Date.now());
      expect(restrictions.bits).toBe(PAUSED);
      const resumeWrites = pause.suspendWrites();
      pause.end();
      expect(restrictions.bits).toBe(PAUSED);
      resumeWrites();
      expect(restrictions.bits).toBe(0);
    }
    pause.suspendForGood();
    expect(restrictions.bits).toBe(PAUSED);
    pause.close();
  });

  it('setting one leaves the others', () => {
    restrictions.set(TRACKING, true);
    restrictions.set(PAUSED, true);
    restrictions.set(PAUSED, false);
    expect(restrictions.bits).toBe(TRACKING);
  });
});
