// The topics of one kind that have subscribers, by name. Names are byte strings; as keys
// they have one character a byte.
import { MessageForm, Topic } from './topic.ts';

/** A table of topics; see the head of this file. */
export class TopicTable {
  readonly #form: MessageForm;
  readonly #byName = new Map<string, Topic>();
  /** The topic that was found last: publishers mostly repeat their channel. */
  #lastFound: Topic | undefined;
  #created = 0;

  /** @param word the word with which messages begin; `hasChannel`: whether they contain the channel too */
  constructor(word: string, hasChannel: boolean) {
    this.#form = new MessageForm(word, hasChannel);
  }

  get size(): number {
    return this.#byName.size;
  }

  /** All topics, in the order in which they were created. */
  all(): IterableIterator<Topic> {
    return this.#byName.values();
  }

  get(key: string): Topic | undefined {
    return this.#byName.get(key);
  }

  /** The topic of the name in these bytes. */
  find(bytes: Buffer, offset: number, length: number): Topic | undefined {
    const last = this.#lastFound;
    if (last?.isNamed(bytes, offset, length)) return last;
    if (this.#byName.size === 0) return undefined;
    const found = this.#byName.get(bytes.toString('latin1', offset, offset + length));
    if (found !== undefined) this.#lastFound = found;
    return found;
  }

  create(key: string): Topic {
    const topic = new Topic(key, this.#created++, this.#form);
    this.#byName.set(key, topic);
    return topic;
  }

  delete(topic: Topic): void {
    this.#byName.delete(topic.key);
    if (this.#lastFound === topic) this.#lastFound = undefined;
  }
}
