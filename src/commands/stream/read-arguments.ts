// The arguments of XREAD and XREADGROUP, read into one object that lasts until the next of them is run.
import type { Call } from '../../core/call.ts';
import { SYNTAX } from '../../core/errors.ts';
import { timeoutProblem } from '../../core/waiting.ts';
import { readInteger } from './arguments.ts';

const NO_TIMEOUT = 'ERR timeout is not an integer or out of range';
const GROUP_IN_XREAD =
  'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.';
const NOACK_IN_XREAD =
  'ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.';
/** Of XREADGROUP, too. */
const UNBALANCED =
  "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.";
const NO_GROUP = 'ERR Missing GROUP option for XREADGROUP';

/** What XREAD or XREADGROUP was given. */
export class ReadArguments {
  /** Entries a stream at most; 0: any number. */
  count = 0;
  /** How long to wait, in ms; 0: for ever; -1: not at all. */
  timeoutMs = -1;
  /** The argument that is the group; the consumer is the next one. */
  groupAt = 0;
  noAck = false;
  /** The first key, and how many there are; as many ids follow. */
  firstKey = 0;
  keys = 0;

  /** Reads them; false after answering an error. */
  read(call: Call, inGroup: boolean): boolean {
    const { request } = call;
    this.#clear();
    for (let i = 1; i < request.count && this.firstKey === 0; i++) {
      const more = request.count - 1 - i;
      if (request.is(i, 'block') && more > 0) {
        if (!this.#readTimeout(call, ++i)) return false;
      } else if (request.is(i, 'count') && more > 0) {
        this.count = readInteger(call, ++i);
        if (Number.isNaN(this.count)) return false;
        this.count = Math.max(0, this.count);
      } else if (request.is(i, 'streams') && more > 0) {
        this.firstKey = i + 1;
      } else if (request.is(i, 'group') && more > 1) {
        if (!inGroup) return refuse(call, GROUP_IN_XREAD);
        this.groupAt = i + 1;
        i += 2;
      } else if (request.is(i, 'noack')) {
        if (!inGroup) return refuse(call, NOACK_IN_XREAD);
        this.noAck = true;
      } else {
        return refuse(call, SYNTAX);
      }
    }
    if (this.firstKey === 0) return refuse(call, SYNTAX);
    const left = request.count - this.firstKey;
    this.keys = left / 2;
    if (left % 2 === 1) return refuse(call, UNBALANCED);
    return !inGroup || this.groupAt > 0 || refuse(call, NO_GROUP);
  }

  #clear(): void {
    this.count = 0;
    this.timeoutMs = -1;
    this.groupAt = 0;
    this.noAck = false;
    this.firstKey = 0;
    this.keys = 0;
  }

  #readTimeout(call: Call, i: number): boolean {
    const timeoutMs = call.request.integer(i);
    if (Number.isNaN(timeoutMs)) return refuse(call, NO_TIMEOUT);
    const problem = timeoutProblem(timeoutMs, call.server.keyspace.nowMs);
    if (problem !== undefined) return refuse(call, problem);
    this.timeoutMs = timeoutMs;
    return true;
  }
}

function refuse({ reply }: Call, error: string): false {
  reply.error(error);
  return false;
}
