import type { Source } from '../measure/source.js';
import { keyOf } from '../series/day.js';
import type { MonitorState } from './state.js';

/** Of what is counted by the hour, the one that has ended is looked for soon after its end. */
const HOUR_MS = 3_600_000;
const SETTLED_MS = 60_000;

/** What is to be measured now. Pure. A clock that was put back makes everything due. */
export function dueSources(sources: readonly Source[], state: MonitorState | undefined, now: Date): readonly Source[] {
  return sources.filter((source) => now.getTime() >= dueAt(source, state, now));
}

/** When the next of them is due, in milliseconds since the epoch; undefined where there are none. */
export function nextDue(sources: readonly Source[], state: MonitorState | undefined, now: Date): number | undefined {
  const times = sources.map((source) => dueAt(source, state, now));
  return times.length === 0 ? undefined : Math.min(...times);
}

function dueAt({ series, settings }: Source, state: MonitorState | undefined, now: Date): number {
  const measuredAt = state?.standings[keyOf(series)]?.measuredAt;
  if (measuredAt === undefined) return 0;
  const last = Date.parse(measuredAt);
  if (last > now.getTime()) return 0;
  const isHourly = (settings.kind === 'volume' || settings.kind === 'ratio') && settings.everyMs % HOUR_MS === 0;
  if (!isHourly) return last + settings.everyMs;
  const ended = Math.floor((last - SETTLED_MS) / HOUR_MS) * HOUR_MS;
  return ended + settings.everyMs + SETTLED_MS;
}
