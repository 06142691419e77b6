// What GEOSEARCH and its relatives are asked for. Their words take effect as they are read, one of them looks a member
// up, and the first error of all counts, so they are read here and not by an OptionTable.

import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { ABSENT } from '../../core/lookup.ts';
import { GeoShape } from '../../structures/geo-shape.ts';
import { placeOf } from '../../structures/geohash.ts';
import { findMember } from '../../types/zset/values.ts';
import { readDistance, readPlace, readUnit } from './geo-arguments.ts';

/** Around coordinates that the request has. */
export const FROM_PLACE = 0;
/** Around a member that the request names. */
export const FROM_MEMBER = 1;
/** Around whatever an option says. */
export const FROM_OPTION = 2;

/** What a command takes. */
export interface GeoForm {
  readonly from: typeof FROM_PLACE | typeof FROM_MEMBER | typeof FROM_OPTION;
  /** The argument that is the key. */
  readonly keyAt: number;
  /** The argument under which the result is stored; 0 if it is returned, unless an option says otherwise. */
  readonly storeAt: number;
  /** Whether it takes the options STORE and STOREDIST, with keys. */
  readonly mayStore: boolean;
}

const NOT_DECODED = 'ERR could not decode requested zset member';
const NEGATIVE_RADIUS = 'ERR radius cannot be negative';
const NEGATIVE_BOX = 'ERR height or width cannot be negative';
const COUNT_NOT_POSITIVE = 'ERR COUNT must be > 0';
const ANY_WITHOUT_COUNT = 'ERR the ANY argument requires COUNT argument';
const STORED_WITH = 'is not compatible with WITHDIST, WITHHASH and WITHCOORD options';

/** What `#option` returns beside the number of an option's values. */
const UNKNOWN = -1;
const REFUSED = -2;

/** A query; see the head of this file. It can be read again and again. */
export class GeoQuery {
  readonly shape = new GeoShape();
  /** Below 0: the farthest come first; above: the nearest; 0: in any order. */
  sorting = 0;
  /** How many are asked for at most; 0: all. */
  count = 0;
  /** Whether any of them will do, not only the nearest. */
  any = false;
  withDistance = false;
  withHash = false;
  withPlace = false;
  /** The argument under which the result is stored; 0 if it is returned. */
  storeAt = 0;
  /** Whether distances become the scores of what is stored. */
  storesDistance = false;
  #hasCenter = false;
  #fromMember = false;
  #hasShape = false;

  /**
   * Reads the arguments behind the key; false after answering an error.
   * @param ref the sorted set; 0 if there is none
   */
  read(call: Call, form: GeoForm, ref: number): boolean {
    this.#reset(form);
    const first = this.#readFixed(call, form, ref);
    return first > 0 && this.#readOptions(call, form, ref, first) && this.#isWhole(call, form);
  }

  #reset({ storeAt }: GeoForm): void {
    this.shape.isBox = false;
    this.sorting = 0;
    this.count = 0;
    this.any = false;
    this.withDistance = false;
    this.withHash = false;
    this.withPlace = false;
    this.storeAt = storeAt;
    this.storesDistance = false;
    this.#hasCenter = false;
    this.#fromMember = false;
    this.#hasShape = false;
  }

  /** Reads what comes before the options; returns the first option's argument, or 0 after answering an error. */
  #readFixed(call: Call, { from, keyAt }: GeoForm, ref: number): number {
    const at = keyAt + 1;
    if (from === FROM_OPTION) return at;
    if (from === FROM_PLACE) {
      return readPlace(call, at, this.shape.center) && this.#readCircle(call, at + 2) ? at + 4 : 0;
    }
    // Without a sorted set the options alone decide on the answer.
    if (ref === ABSENT) return at + 3;
    return this.#findCenter(call, ref, at) && this.#readCircle(call, at + 1) ? at + 3 : 0;
  }

  #readOptions(call: Call, form: GeoForm, ref: number, first: number): boolean {
    const { request, reply } = call;
    for (let i = first; i < request.count; i++) {
      let values = this.#plainOption(call, i);
      if (values === UNKNOWN) values = this.#storeOption(call, form, i);
      if (values === UNKNOWN && form.from === FROM_OPTION) values = this.#areaOption(call, ref, i);
      if (values === UNKNOWN) reply.error(SYNTAX);
      if (values < 0) return false;
      i += values;
    }
    return true;
  }

  /** Takes an option that all of these commands have; returns how many values it has, or UNKNOWN or REFUSED. */
  #plainOption(call: Call, i: number): number {
    const { request } = call;
    if (request.is(i, 'withdist')) this.withDistance = true;
    else if (request.is(i, 'withhash')) this.withHash = true;
    else if (request.is(i, 'withcoord')) this.withPlace = true;
    else if (request.is(i, 'any')) this.any = true;
    else if (request.is(i, 'asc')) this.sorting = 1;
    else if (request.is(i, 'desc')) this.sorting = -1;
    else if (i + 1 < request.count && request.is(i, 'count')) return this.#readCount(call, i + 1);
    else return UNKNOWN;
    return 0;
  }

  #readCount({ request, reply }: Call, i: number): number {
    this.count = request.integer(i);
    if (this.count > 0) return 1;
    reply.error(Number.isNaN(this.count) ? NOT_AN_INTEGER : COUNT_NOT_POSITIVE);
    return REFUSED;
  }

  /** Takes an option that says where the result is stored, as `#plainOption`. */
  #storeOption({ request }: Call, { mayStore, storeAt }: GeoForm, i: number): number {
    if (mayStore && i + 1 < request.count) {
      const storesDistance = request.is(i, 'storedist');
      if (!storesDistance && !request.is(i, 'store')) return UNKNOWN;
      this.storeAt = i + 1;
      this.storesDistance = storesDistance;
      return 1;
    }
    if (storeAt === 0 || !request.is(i, 'storedist')) return UNKNOWN;
    this.storesDistance = true;
    return 0;
  }

  /** Takes an option that says where to search, as `#plainOption`. */
  #areaOption(call: Call, ref: number, i: number): number {
    const { request } = call;
    const values = request.count - 1 - i;
    if (values >= 1 && (!this.#hasCenter || this.#fromMember) && request.is(i, 'frommember')) {
      if (ref !== ABSENT && !this.#findCenter(call, ref, i + 1)) return REFUSED;
      this.#hasCenter = true;
      this.#fromMember = true;
      return 1;
    }
    if (values >= 2 && !this.#fromMember && request.is(i, 'fromlonlat')) {
      this.#hasCenter = true;
      return readPlace(call, i + 1, this.shape.center) ? 2 : REFUSED;
    }
    const { isBox } = this.shape;
    if (values >= 2 && !(this.#hasShape && isBox) && request.is(i, 'byradius')) {
      this.#hasShape = true;
      return this.#readCircle(call, i + 1) ? 2 : REFUSED;
    }
    if (values >= 3 && (!this.#hasShape || isBox) && request.is(i, 'bybox')) {
      this.#hasShape = true;
      return this.#readBox(call, i + 1) ? 3 : REFUSED;
    }
    return UNKNOWN;
  }

  #findCenter({ request, reply, db }: Call, ref: number, i: number): boolean {
    const { buffer, offsets, lengths } = request;
    const score = findMember(db.entries, ref, buffer, offsets[i], lengths[i]);
    if (Number.isNaN(score)) {
      reply.error(NOT_DECODED);
      return false;
    }
    placeOf(score, this.shape.center);
    return true;
  }

  #readCircle(call: Call, i: number): boolean {
    const radius = readDistance(call, i, 'radius');
    if (Number.isNaN(radius)) return false;
    if (radius < 0) {
      call.reply.error(NEGATIVE_RADIUS);
      return false;
    }
    this.shape.isBox = false;
    this.shape.radius = radius;
    return this.#readUnit(call, i + 1);
  }

  #readBox(call: Call, i: number): boolean {
    const width = readDistance(call, i, 'width');
    if (Number.isNaN(width)) return false;
    const height = readDistance(call, i + 1, 'height');
    if (Number.isNaN(height)) return false;
    if (width < 0 || height < 0) {
      call.reply.error(NEGATIVE_BOX);
      return false;
    }
    this.shape.isBox = true;
    this.shape.width = width;
    this.shape.height = height;
    return this.#readUnit(call, i + 2);
  }

  #readUnit(call: Call, i: number): boolean {
    const unit = readUnit(call, i);
    this.shape.unit = unit;
    return !Number.isNaN(unit);
  }

  /** Whether all that is needed was given, and nothing besides; answers an error if not. */
  #isWhole({ request, reply }: Call, { from, storeAt }: GeoForm): boolean {
    const isSearch = from === FROM_OPTION;
    let problem: string | undefined;
    if (this.storeAt !== 0 && (this.withDistance || this.withHash || this.withPlace)) {
      problem = `ERR ${storeAt !== 0 ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS'} ${STORED_WITH}`;
    } else if (isSearch && !this.#hasCenter) {
      problem = `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${cString(request, 0)}`;
    } else if (isSearch && !this.#hasShape) {
      problem = `ERR exactly one of BYRADIUS and BYBOX can be specified for ${cString(request, 0)}`;
    } else if (this.any && this.count === 0) {
      problem = ANY_WITHOUT_COUNT;
    }
    if (problem !== undefined) reply.error(problem);
    return problem === undefined;
  }
}
