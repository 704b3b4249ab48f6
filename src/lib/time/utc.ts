/**
 * `2026-11-22 14:05:09 UTC`, or to the minute `2026-11-22 14:05 UTC`. Text that is no time, from a damaged file, stays
 * as it is.
 */
export function utcText(at: Date | string, to: 'second' | 'minute' = 'second'): string {
  const bare = utcClock(at, to);
  return bare === undefined ? String(at) : `${bare} UTC`;
}

/** The same without the word, for columns whose heading says UTC; undefined where it is no time. */
export function utcClock(at: Date | string, to: 'second' | 'minute' = 'second'): string | undefined {
  const ms = typeof at === 'string' ? Date.parse(at) : at.getTime();
  return Number.isNaN(ms)
    ? undefined
    : new Date(ms)
        .toISOString()
        .slice(0, to === 'second' ? 19 : 16)
        .replace('T', ' ');
}
