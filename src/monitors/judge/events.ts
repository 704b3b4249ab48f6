import type { SeriesEvent, SeriesHistory } from '../baseline/history.js';

/** What was known at a moment, by time. */
export function eventsUntil({ events }: SeriesHistory, at: Date): readonly SeriesEvent[] {
  const until = at.getTime();
  const latest = events.at(-1);
  if (latest === undefined || Date.parse(latest.at) <= until) return events;
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Date.parse(events[middle]?.at ?? '') <= until) low = middle + 1;
    else high = middle;
  }
  return events.slice(0, low);
}

/** The last one. */
export function latestOf<T>(events: readonly T[]): T | undefined {
  return events.at(-1);
}
