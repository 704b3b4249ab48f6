import type { CalendarEntry, Watching } from '../../workspace/index.js';
import type { AlertAction, Silence } from '../alerts/types.js';
import type { Departure } from '../baseline/stretches.js';
import type { Judgement, SeriesName } from '../types.js';

/** What is tried: settings under a name, `as it is` among them. */
export interface ReplayVariant {
  readonly name: string;
  readonly settings: Pick<Watching, 'monitors' | 'alerts'>;
  /** Absent: the calendar of the replay. */
  readonly calendar?: readonly CalendarEntry[];
}

/** Which time is gone through again, and what was known in it. */
export interface ReplaySpan {
  readonly from: Date;
  readonly to: Date;
  readonly calendar: readonly CalendarEntry[];
  readonly silences: readonly Silence[];
  readonly departures?: readonly Departure[];
  /** Other settings that are gone through next to the first. */
  readonly tried?: readonly ReplayVariant[];
}

/** What would have been said once. */
export interface ReplayedAction {
  readonly at: string;
  readonly action: AlertAction;
}

/** One hour of a chart. Null: not known. */
export interface ReplayPoint {
  readonly hour: number;
  readonly found: number | null;
  readonly expected: number | null;
}

/** One series under one variant. */
export interface ReplayedSeries {
  readonly series: SeriesName;
  /** For volumes: each hour with what was expected of it. */
  readonly points: readonly ReplayPoint[];
  /** Each judgement that differs in state or finding from the one before, with its moment. */
  readonly changes: readonly { readonly at: string; readonly judgement: Judgement }[];
}

/** What one variant would have said. */
export interface ReplayedVariant {
  readonly name: string;
  readonly actions: readonly ReplayedAction[];
  readonly series: readonly ReplayedSeries[];
  /** How many alerts would have woken people, how many would only have been told, and how many messages that is in all. */
  readonly pages: number;
  readonly notes: number;
  readonly messages: number;
}

/** What these settings would have said, and what others would have. The first variant is `as it is`. */
export interface ReplayResult {
  readonly from: string;
  readonly to: string;
  readonly variants: readonly ReplayedVariant[];
}
