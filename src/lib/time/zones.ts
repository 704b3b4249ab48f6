import { createRequire } from 'node:module';

/**
 * A reading of a wall clock, as the milliseconds that UTC would need to show it. Adding days to it keeps the time of
 * day, whatever DST does; {@link instantOf} says when a zone's clocks show it.
 */
export type LocalMs = number;

export const DAY_MS = 86_400_000;
/** No zone is further than this from UTC, and none jumps further than a day. */
const REACH_MS = 1.5 * DAY_MS;

/** Loaded with the first zone: 30 ms that a command without one does not pay. */
function luxon(): typeof import('luxon') {
  return createRequire(import.meta.url)('luxon') as typeof import('luxon');
}

/** Whether this machine knows the zone. Offsets such as `+02:00` are no zones: they know nothing of DST. */
export function isZone(name: string): boolean {
  return /^[A-Za-z]/.test(name) && luxon().IANAZone.isValidZone(name);
}

/** What Node names where TZ is empty: a zone that it then takes for none. Of TZ=UTC-3 and the like it gives no name. */
const UNKNOWN = 'Etc/Unknown';

/** The zone of this machine; UTC where its environment names none that is known, as an empty TZ does. */
export function machineZone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions() as { readonly timeZone: string | undefined };
  return timeZone === undefined || timeZone === UNKNOWN ? 'UTC' : timeZone;
}

/** What the clocks of a zone show at an instant. */
export function localOf(at: number, zone: string): LocalMs {
  return at + offsetMs(at, zone);
}

/**
 * The first instant at which the clocks of a zone have reached a reading: of two in an overlap the first; for one that
 * is skipped, the moment of the jump. Later readings never give earlier instants.
 */
export function instantOf(local: LocalMs, zone: string): number {
  const before = offsetMs(local - REACH_MS, zone);
  const after = offsetMs(local + REACH_MS, zone);
  const early = local - Math.max(before, after);
  const late = local - Math.min(before, after);
  if (localOf(early, zone) === local || early === late) return early;
  if (localOf(late, zone) === local) return late;
  let [low, high] = [early, late];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (localOf(middle, zone) < local) low = middle;
    else high = middle;
  }
  return high;
}

/** How often the clocks of a zone show a reading: 0 in a gap, 2 in an overlap. */
export function timesShown(local: LocalMs, zone: string): 0 | 1 | 2 {
  const offsets = new Set([offsetMs(local - REACH_MS, zone), offsetMs(local + REACH_MS, zone)]);
  return [...offsets].filter((offset) => localOf(local - offset, zone) === local).length as 0 | 1 | 2;
}

/** Midnight at which the day of a reading begins. */
export function dayOf(local: LocalMs): LocalMs {
  return Math.floor(local / DAY_MS) * DAY_MS;
}

/** An instant for people: `Mon 2026-01-05 09:00 EST`. */
export function showLocal(at: number, zone: string): string {
  return luxon().DateTime.fromMillis(at, { zone, locale: 'en-US' }).toFormat('ccc yyyy-LL-dd HH:mm ZZZZ');
}

function offsetMs(at: number, zone: string): number {
  return luxon().IANAZone.create(zone).offset(at) * 60_000;
}
