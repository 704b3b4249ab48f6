import type { Calendar } from '../baseline/calendar.js';
import type { Departure } from '../baseline/stretches.js';

/** What a judge goes by next to the series itself. */
export interface JudgeContext {
  readonly calendar: Calendar;
  /** Incidents and other times that nothing is to be learned from. */
  readonly departures: readonly Departure[];
}
