import { DAY_MS, dayOf, instantOf, localOf } from './zones.js';

/** A stretch of every day, by the clocks of a zone: `22:00` to `06:00` goes over midnight. */
export interface DailyWindow {
  readonly from: string;
  readonly to: string;
}

/** Where an instant stands to such a window; `opens` is absent where no opening comes within a week. */
export type WindowState = { readonly isOpen: true; readonly closes: Date } | { readonly isOpen: false; readonly opens?: Date };

/** What the ends of a window look like. */
export const DAY_TIME_PATTERN = /^(?:[01]\d|2[0-3]):[0-5]\d$/u;

const DAYS_AHEAD = 7;

/**
 * Whether a window is open at an instant, and until when, or when it opens next. A pure function: it asks no clock.
 *
 * Where the clocks of the zone jump, an end that is skipped is the moment of the jump, and one that is shown twice is
 * the first of the two. So a window that lies within what is skipped does not open on that day.
 */
export function windowAt({ from, to }: DailyWindow, zone: string, now: Date): WindowState {
  const at = now.getTime();
  const today = dayOf(localOf(at, zone));
  const [begin, end] = [sinceMidnight(from), sinceMidnight(to)];
  // Yesterday's may go over midnight.
  for (let day = -1; day <= DAYS_AHEAD; day += 1) {
    const midnight = today + day * DAY_MS;
    const opens = instantOf(midnight + begin, zone);
    const closes = instantOf(midnight + end + (end <= begin ? DAY_MS : 0), zone);
    if (closes <= at || closes === opens) continue;
    return opens <= at ? { isOpen: true, closes: new Date(closes) } : { isOpen: false, opens: new Date(opens) };
  }
  return { isOpen: false };
}

function sinceMidnight(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}
