// When a key was last used, in one 32-bit word of its entry: for LRU the time in steps of 256 ms
// (it wraps after 34 years); for LFU, as in Redis, the minute of the last decay (16 bits) and a
// logarithmic counter of uses (8 bits) that decays with time.
// Source: https://redis.io/docs/reference/eviction/

const LRU_STEP_MS = 256;
/** Longest idle time that a word can hold, in steps: 34 years. */
const MAX_STEPS = 0xffffffff;
const LFU_INITIAL = 5;
const LFU_MAX = 255;
const MINUTE_MS = 60_000;

/** The settings that access words depend on. */
export interface AccessSettings {
  /** Whether words hold the frequency of use (LFU) instead of the time of the last use (LRU). */
  frequency: boolean;
  /** `lfu-log-factor`: how much less likely each further step of the counter is. */
  logFactor: number;
  /** `lfu-decay-time`, in minutes per step; 0 never decays. */
  decayMinutes: number;
}

/** The LRU word of a time, in ms since the epoch. */
export function lruWord(nowMs: number): number {
  return Math.floor(nowMs / LRU_STEP_MS) | 0;
}

/** Milliseconds since the last use that an LRU word records. */
export function idleMs(word: number, nowMs: number): number {
  return ((lruWord(nowMs) - word) >>> 0) * LRU_STEP_MS;
}

/** The LRU word of a key that has been idle for `idle` ms, rounded up to a whole step. */
export function lruWordIdleFor(idle: number, nowMs: number): number {
  const steps = Math.min(Math.ceil(idle / LRU_STEP_MS), MAX_STEPS);
  return (lruWord(nowMs) - steps) | 0;
}

/** The LFU word of a new key. */
export function lfuInitialWord(nowMs: number): number {
  return lfuWord(LFU_INITIAL, nowMs);
}

/** The LFU word with a given counter, 0 … 255. */
export function lfuWord(counter: number, nowMs: number): number {
  return (minuteOf(nowMs) << 8) | counter;
}

/** The counter of an LFU word after its decay, 0 … 255. */
export function lfuCounter(word: number, nowMs: number, settings: AccessSettings): number {
  const counter = word & LFU_MAX;
  if (settings.decayMinutes === 0) return counter;
  const elapsed = (minuteOf(nowMs) - (word >>> 8)) & 0xffff;
  return Math.max(0, counter - Math.floor(elapsed / settings.decayMinutes));
}

/** The LFU word after one more use. */
export function lfuTouched(word: number, nowMs: number, settings: AccessSettings): number {
  let counter = lfuCounter(word, nowMs, settings);
  if (counter < LFU_MAX) {
    const base = Math.max(0, counter - LFU_INITIAL);
    if (Math.random() < 1 / (base * settings.logFactor + 1)) counter++;
  }
  return lfuWord(counter, nowMs);
}

function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS) & 0xffff;
}
