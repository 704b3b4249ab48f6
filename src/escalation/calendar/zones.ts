import { type LocalMs, readMoment } from '../../lib/index.js';

export { DAY_MS, dayOf, instantOf, isZone, localOf, type LocalMs, showLocal, timesShown } from '../../lib/index.js';

const LOCAL = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?$/;
const NONE = { ok: false } as const;

/** 0 on a Sunday, as in JavaScript. */
export function weekdayOf(local: LocalMs): number {
  return new Date(local).getUTCDay();
}

/**
 * The reading in `2026-01-05`, `2026-01-05T09:00` or `2026-01-05 09:00:30`; undefined for anything else, and for days
 * that do not exist.
 */
export function parseLocal(text: string): LocalMs | undefined {
  const read = LOCAL.test(text) ? readMoment(text, { zone: 'UTC', calendar: true }) : NONE;
  return read.ok ? read.at.getTime() : undefined;
}

/** Milliseconds of `09:30` since midnight. The text is known to fit. */
export function clockMs(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}
