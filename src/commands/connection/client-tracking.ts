// CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR: how a client chooses and sees its client-side
// caching. What that is and does stands in tracking/tracking.ts.

import type { Call } from '../../core/call.ts';
import type { Client } from '../../core/client.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import type { Services } from '../../core/services.ts';
import type { Request } from '../../protocol/request.ts';
import { findOverlap, prefixBytes } from '../../tracking/prefix-table.ts';
import {
  BROADCAST,
  BROKEN_REDIRECTION,
  CACHING,
  NO_LOOP,
  OPT_IN,
  OPT_OUT,
  TRACKING_ON,
} from '../../tracking/tracker.ts';
import type { TrackingOptions } from '../../tracking/tracking.ts';

const ONE_REDIRECTION = 'ERR A client can only redirect to a single other client';
const NO_SUCH_CLIENT = 'ERR The client ID you want redirect to does not exist';
const PREFIX_WITHOUT_BROADCAST = 'ERR PREFIX option requires BCAST mode to be enabled';
const OPTION_WITH_BROADCAST = 'ERR OPTIN and OPTOUT are not compatible with BCAST';
const IN_AND_OUT = "ERR You can't specify both OPTIN mode and OPTOUT mode";
const OTHER_MODE =
  'before disabling tracking for this client, and then re-enabling it with a different mode.';
const SWITCHED_BROADCAST = `ERR You can't switch BCAST mode on/off ${OTHER_MODE}`;
const SWITCHED_OPTION = `ERR You can't switch OPTIN/OPTOUT mode ${OTHER_MODE}`;
const CACHING_WITHOUT_TRACKING =
  'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled';
const YES_WITHOUT_OPT_IN =
  'ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.';
const NO_WITHOUT_OPT_OUT =
  'ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.';

/** Id of the client to which a client redirects its invalidations; 0: to none, -1: tracks nothing. */
export function redirectionOf({ tracker }: Client): number {
  return tracker?.has(TRACKING_ON) ? tracker.redirect : -1;
}

/** CLIENT TRACKING ON | OFF [REDIRECT id] [PREFIX prefix] … [BCAST] [OPTIN] [OPTOUT] [NOLOOP] */
export function tracking(call: Call): void {
  const { request, reply, client, server } = call;
  const options = optionsOf(request, server);
  if (typeof options === 'string') {
    reply.error(options);
  } else if (request.is(2, 'on')) {
    const conflict = conflictOf(options, client);
    if (conflict !== undefined) {
      reply.error(conflict);
      return;
    }
    let bytes = 0;
    for (const prefix of options.prefixes) bytes += prefixBytes(prefix.length);
    if (!call.mayKeep(bytes)) return;
    server.tracking.enable(client, options);
    reply.ok();
  } else if (request.is(2, 'off')) {
    server.tracking.disable(client);
    reply.ok();
  } else {
    reply.error(SYNTAX);
  }
}

/** Reads the options; returns an error's text when they are none. */
function optionsOf(request: Request, server: Services): TrackingOptions | string {
  let modes = 0;
  let redirect = 0;
  const prefixes: string[] = [];
  for (let i = 3; i < request.count; i++) {
    const hasValue = i + 1 < request.count;
    const mode = modeAt(request, i);
    if (mode !== 0) {
      modes |= mode;
    } else if (request.is(i, 'redirect') && hasValue) {
      if (redirect !== 0) return ONE_REDIRECTION;
      redirect = request.integer(++i);
      if (Number.isNaN(redirect)) return NOT_AN_INTEGER;
      if (server.clients.get(redirect) === undefined) return NO_SUCH_CLIENT;
    } else if (request.is(i, 'prefix') && hasValue) {
      prefixes.push(request.latin1(++i));
    } else {
      return SYNTAX;
    }
  }
  return { modes, redirect, prefixes };
}

/** The mode that argument i names; 0 when it names none. */
function modeAt(request: Request, i: number): number {
  if (request.is(i, 'bcast')) return BROADCAST;
  if (request.is(i, 'optin')) return OPT_IN;
  if (request.is(i, 'optout')) return OPT_OUT;
  return request.is(i, 'noloop') ? NO_LOOP : 0;
}

/** Why options do not go together, or not with how the client tracks now; undefined if they do. */
function conflictOf({ modes, prefixes }: TrackingOptions, client: Client): string | undefined {
  const now = client.tracker?.flags ?? 0;
  const broadcasts = modes & BROADCAST;
  if (broadcasts === 0 && prefixes.length > 0) return PREFIX_WITHOUT_BROADCAST;
  if ((now & TRACKING_ON) !== 0 && (now & BROADCAST) !== broadcasts) return SWITCHED_BROADCAST;
  if (broadcasts !== 0 && (modes & (OPT_IN | OPT_OUT)) !== 0) return OPTION_WITH_BROADCAST;
  if ((modes & OPT_IN) !== 0 && (modes & OPT_OUT) !== 0) return IN_AND_OUT;
  if ((modes & OPT_IN) !== 0 && (now & OPT_OUT) !== 0) return SWITCHED_OPTION;
  if ((modes & OPT_OUT) !== 0 && (now & OPT_IN) !== 0) return SWITCHED_OPTION;
  const overlap = findOverlap(client.tracker?.prefixes, prefixes);
  if (overlap === undefined) return undefined;
  const other = `${overlap.existing ? 'an existing' : 'another provided'} prefix`;
  return (
    `ERR Prefix '${untilNul(overlap.prefix)}' overlaps with ${other} '${untilNul(overlap.other)}'. ` +
    'Prefixes for a single client must not overlap.'
  );
}

/** As C prints it. */
function untilNul(text: string): string {
  return text.split('\0', 1)[0];
}

/** CLIENT CACHING YES | NO: for the next command, or transaction. */
export function caching({ request, reply, client }: Call): void {
  const { tracker } = client;
  const isYes = request.is(2, 'yes');
  if (!tracker?.has(TRACKING_ON)) {
    reply.error(CACHING_WITHOUT_TRACKING);
  } else if (!isYes && !request.is(2, 'no')) {
    reply.error(SYNTAX);
  } else if (!tracker.has(isYes ? OPT_IN : OPT_OUT)) {
    reply.error(isYes ? YES_WITHOUT_OPT_IN : NO_WITHOUT_OPT_OUT);
  } else {
    tracker.flags |= CACHING;
    reply.ok();
  }
}

/** CLIENT GETREDIR */
export function getRedirection({ reply, client }: Call): void {
  reply.integer(redirectionOf(client));
}

/** CLIENT TRACKINGINFO */
export function trackingInfo({ reply, client }: Call): void {
  const flags = flagNames(client.tracker?.flags ?? 0);
  const prefixes = client.tracker?.prefixes;
  reply.map(3);
  reply.bulkText('flags');
  reply.set(flags.length);
  for (const flag of flags) reply.bulkText(flag);
  reply.bulkText('redirect');
  reply.integer(redirectionOf(client));
  reply.bulkText('prefixes');
  reply.array(prefixes?.size ?? 0);
  for (const prefix of prefixes ?? []) reply.bulkLatin1(prefix);
}

function flagNames(flags: number): string[] {
  const names = [(flags & TRACKING_ON) !== 0 ? 'on' : 'off'];
  const isCaching = (flags & CACHING) !== 0;
  if ((flags & BROADCAST) !== 0) names.push('bcast');
  if ((flags & OPT_IN) !== 0) names.push('optin', ...(isCaching ? ['caching-yes'] : []));
  if ((flags & OPT_OUT) !== 0) names.push('optout', ...(isCaching ? ['caching-no'] : []));
  if ((flags & NO_LOOP) !== 0) names.push('noloop');
  if ((flags & BROKEN_REDIRECTION) !== 0) names.push('broken_redirect');
  return names;
}
