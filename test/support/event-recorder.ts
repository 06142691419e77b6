// Records the key events of a server, in the order in which they are told. Events of the class
// "expired" are left out: when a key that is over is found depends on which keys a SCAN visits.

import { RawClient } from './raw-client.ts';
import { itemsOf, textOf } from './reply-frames.ts';

const END = 'end of the events';

export class EventRecorder {
  readonly #listener: RawClient;
  readonly #publisher: RawClient;

  private constructor(listener: RawClient, publisher: RawClient) {
    this.#listener = listener;
    this.#publisher = publisher;
  }

  /** Begins to record; which classes there are is for `notify-keyspace-events` to choose. */
  static async start(port: number): Promise<EventRecorder> {
    const [listener, publisher] = await Promise.all([
      RawClient.connect(port),
      RawClient.connect(port),
    ]);
    await listener.command('PSUBSCRIBE', '__key*__:*');
    return new EventRecorder(listener, publisher);
  }

  /** The events of everything that was answered until now, as "channel message". */
  async take(): Promise<string[]> {
    await this.#publisher.command('PUBLISH', '__key__:', END);
    const { replies } = await this.#listener.readUntil(Buffer.from(END));
    return replies
      .slice(0, -1)
      .map((reply) => itemsOf(reply).slice(2).map(textOf).join(' '))
      .filter((event) => !/^__keyevent@\d+__:expired |^__keyspace@\d+__:.* expired$/s.test(event));
  }

  async close(): Promise<void> {
    await Promise.all([this.#listener.close(), this.#publisher.close()]);
  }
}
