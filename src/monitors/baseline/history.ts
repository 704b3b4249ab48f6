import type { Measurement, SeriesName } from '../types.js';

/** A number for each hour from `first` on; null where it was not measured. `hour` counts whole hours since the epoch. */
export interface Hours {
  readonly first: number;
  /** A count of records; of a ratio what failed; of durations the sum of the logarithms of their milliseconds; of a level what it grew by. */
  readonly values: readonly (number | null)[];
  /** Of a ratio what was tried; of durations how many ended. */
  readonly of?: readonly (number | null)[];
}

/** What is kept of a series to judge it. Plain JSON. {@link remember} makes it, and keeps as much as judging needs. */
export interface SeriesHistory {
  readonly series: SeriesName;
  /** The first hour that was ever measured: it stays when old hours are forgotten. */
  readonly began?: number;
  readonly hours?: Hours;
  /** The latest durations, levels, trials, beats and what could not be measured, by time. */
  readonly events: readonly SeriesEvent[];
}

/** What has a moment instead of an hour. `measured` of hours: they could be counted again after they could not. */
export type SeriesEvent = Exclude<Measurement, { kind: 'count' } | { kind: 'ratio' }>;
