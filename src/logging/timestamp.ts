// The time at the beginning of a log's line, as `log-timestamp-format` says, in the local time zone.

/** Values of `log-timestamp-format`, which are Valkey's. */
export type TimestampFormat = 'legacy' | 'iso8601' | 'milliseconds';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** @param timeMs unix time, in ms */
export function timestamp(timeMs: number, format: TimestampFormat): string {
  if (format === 'milliseconds') return String(timeMs);
  const date = new Date(timeMs);
  const clock = `${clockOf(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  const day = two(date.getDate());
  const year = date.getFullYear();
  if (format === 'legacy') return `${day} ${MONTHS[date.getMonth()]} ${year} ${clock}`;
  return `${year}-${two(date.getMonth() + 1)}-${day}T${clock}${zoneOf(date)}`;
}

function clockOf(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/** What the local time is ahead of UTC: `+01:00`. */
function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
