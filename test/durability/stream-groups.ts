// A stream's counters and groups as a text, for the comparison of two servers: all that a log keeps of them. Times are
// left out, and consumers that have nothing: a log has none that found nothing.
import { fieldOf, itemsOf, type Reply, textOf } from '../support/reply-frames.ts';

const OF_STREAM = ['length', 'last-generated-id', 'max-deleted-entry-id', 'entries-added'];
const OF_GROUP = ['name', 'last-delivered-id', 'pel-count'];
/** What the log does not have of each XREADGROUP of entries that a consumer had, or each XCLAIM with LASTID. */
const COUNTED = ['entries-read', 'lag'];

/**
 * @param info the reply of XINFO STREAM … FULL COUNT 0
 * @param areCounted whether it has how often entries were delivered, and how many were read
 */
export function groupsText(info: Reply, areCounted: boolean): string {
  const groups = fieldOf(info, 'groups');
  const parts = itemsOf(required(groups, info)).map((group) => groupText(group, areCounted));
  return [fieldsText(info, OF_STREAM), ...parts].join(' ');
}

function groupText(group: Reply, areCounted: boolean): string {
  const pending = itemsOf(required(fieldOf(group, 'pending'), group)).map((entry) => {
    const [id, consumer, , deliveries] = itemsOf(entry).map(textOf);
    return areCounted ? `${id}:${consumer}:${deliveries}` : `${id}:${consumer}`;
  });
  const consumers = itemsOf(required(fieldOf(group, 'consumers'), group)).flatMap((consumer) => {
    const own = itemsOf(required(fieldOf(consumer, 'pending'), consumer));
    if (own.length === 0) return [];
    return [`${fieldsText(consumer, ['name'])}=${own.map((entry) => textOf(itemsOf(entry)[0]))}`];
  });
  const fields = areCounted ? [...OF_GROUP, ...COUNTED] : OF_GROUP;
  return `${fieldsText(group, fields)}(${pending.join()};${consumers.join()})`;
}

function fieldsText(reply: Reply, names: readonly string[]): string {
  return ` ${names.map((name) => textOf(required(fieldOf(reply, name), reply))).join('/')}`;
}

function required(field: Reply | undefined, reply: Reply): Reply {
  if (field === undefined) throw new Error(`a field is missing: ${reply.bytes.toString('latin1')}`);
  return field;
}
