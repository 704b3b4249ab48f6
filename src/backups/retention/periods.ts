import { DAY_MS, dayOf, localOf } from '../../lib/index.js';
import type { Period } from './types.js';

/** 1970-01-01 was a Thursday. */
const THURSDAY = 3;

/**
 * The hour, day, week, month or year in which an instant lies, as the clocks of a zone show it. Two instants are in one
 * period exactly where this is the same text.
 *
 * An hour is told with its distance from UTC: where the clocks go back, the hour that is shown twice is two. A day is
 * what the calendar shows, be it 23, 24 or 25 hours long. A week is one of ISO 8601: from Monday to Sunday, of the year
 * that has its Thursday.
 */
export function periodOf(period: Period, at: Date, zone: string): string {
  const local = localOf(at.getTime(), zone);
  const shown = new Date(local).toISOString();
  switch (period) {
    case 'hourly':
      return `${shown.slice(0, 13).replace('T', ' ')}:00 ${offsetText(local - at.getTime())}`;
    case 'daily':
      return shown.slice(0, 10);
    case 'weekly':
      return weekOf(local);
    case 'monthly':
      return shown.slice(0, 7);
    case 'yearly':
      return shown.slice(0, 4);
    default:
      return period satisfies never;
  }
}

function weekOf(local: number): string {
  const day = dayOf(local) / DAY_MS;
  const weekday = (((day + THURSDAY) % 7) + 7) % 7;
  const thursday = day - weekday + THURSDAY;
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0, 1) / DAY_MS) / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const text = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return `${offset < 0 ? '-' : '+'}${text}`;
}
