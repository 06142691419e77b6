// DEBUG CLIENT-EVICTION: how many clients there are of each size, in doublings, as they are evicted under
// `maxmemory-clients`: from the largest down.
import type { Call } from '../../core/call.ts';

/** The first class ends below 2^15 bytes, the last one begins with 2^32. */
const FIRST_BITS = 15;
const LAST_BITS = 32;
const DISABLED = 'ERR maxmemory-clients is disabled.';

/** DEBUG CLIENT-EVICTION */
export function debugClientEviction({ reply, server }: Call): void {
  if (server.config.values['maxmemory-clients'].amount === 0) {
    reply.error(DISABLED);
    return;
  }
  const classes = Array.from({ length: LAST_BITS - FIRST_BITS + 2 }, () => ({
    bytes: 0,
    count: 0,
  }));
  for (const client of server.clients.all()) {
    if (client.noEvict) continue;
    const bits = Math.floor(Math.log2(Math.max(1, client.memoryBytes)));
    const place = Math.min(Math.max(0, bits - FIRST_BITS + 1), classes.length - 1);
    classes[place].bytes += client.memoryBytes;
    classes[place].count++;
  }
  const lines = classes.map(({ bytes, count }, i) => {
    return `bucket ${rangeOf(i)}: tot-mem: ${padded(bytes)}, clients: ${count}\n`;
  });
  reply.verbatim(lines.join(''), 'txt');
}

function rangeOf(place: number): string {
  const from = place === 0 ? 0 : 2 ** (FIRST_BITS + place - 1);
  if (FIRST_BITS + place > LAST_BITS) return `${padded(from)}+${' '.repeat(12)}`;
  return `${padded(from)} - ${padded(2 ** (FIRST_BITS + place) - 1)}`;
}

function padded(value: number): string {
  return String(value).padStart(10);
}
