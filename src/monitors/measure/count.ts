import type { VolumeSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Measurement } from '../types.js';
import type { PlatformLook, Source } from './source.js';
import { unmeasured } from './unmeasured.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** An hour is counted when so long has passed since its end: what was written last is in the index of the platform by then. */
const SETTLE_MS = 60_000;
/** Of an hour that ended longer ago, it cannot be told any more how many were changed in it: some were changed again since. */
const CHANGED_WITHIN_MS = 15 * 60_000;
/** Hours that were missed are counted this far back. */
const CATCH_UP_HOURS = 72;
/** A new series begins with so much of the past, where the platform can tell it: a baseline from the first days on. */
const PAST_HOURS = 9 * 168;
/** Hours that one look counts: the rest is for the next. */
const MOST_MISSED = 24;
const MOST_PAST = 24;
const MINUTE_MS = 60_000;
/** The past is asked for with what others leave of the day. */
const FOR_PAST = 0.5;

/** How many records were created or changed, hour by hour: a call for each hour. */
export function countSource(settings: VolumeSettings): Source {
  const { platform, object, event, writer } = settings;
  const series = { monitor: settings.name, of: `${platform}/${object} ${event}${writer === undefined ? '' : ` by ${writer}`}` };
  return { series, settings, through: { platform, cost: 1, measure: async (look) => await count(settings, look) } };
}

async function count({ object, event, writer }: VolumeSettings, look: PlatformLook): Promise<readonly Measurement[]> {
  const { platform, now, known, left, limit, reach } = look;
  const { connector } = platform;
  if (connector.count === undefined) return unmeasured(`${platform.name} cannot count records by time.`, now);
  const hours = hoursToCount(event, known, now, left, limit);
  if (hours.length === 0) return [];
  const schema = await look.schemaOf(object);
  const aheadMs = wholeMinutes(connector.aheadMs?.() ?? 0);
  const at = (hour: number): Date => new Date(hour * HOUR_MS - aheadMs);
  const measured: Measurement[] = [];
  for (const hour of hours) {
    if (measured.length > 0 && look.isLong()) break;
    const value = await connector.count({ schema, event, from: at(hour), to: at(hour + 1), ...(writer !== undefined && { writer }) }, reach.call);
    if (value === undefined)
      return unmeasured(`${platform.name} does not tell how many ${object} were ${event}${writer === undefined ? '' : ` by ${writer}`}.`, now);
    measured.push({ kind: 'count', hour, value });
  }
  return measured;
}

/** Clocks of platforms tell seconds: hours would overlap or leave gaps by what an answer took, where that was not rounded. */
const wholeMinutes = (ms: number): number => Math.round(ms / MINUTE_MS) * MINUTE_MS;

/**
 * Which hours are to be counted now, the latest first: the last one that has ended, those that were missed, the one before these once
 * more, and for a new series those before it. Pure. Only of what was created can an hour be counted later.
 */
export function hoursToCount(
  event: VolumeSettings['event'],
  known: SeriesHistory | undefined,
  now: Date,
  left: number,
  limit: number,
): readonly number[] {
  const end = Math.floor((now.getTime() - SETTLE_MS) / HOUR_MS);
  const last = end - 1;
  const has = (hour: number): boolean => valueAt(known, hour) !== undefined;
  if (event === 'changed') return has(last) || now.getTime() - end * HOUR_MS > CHANGED_WITHIN_MS ? [] : [last];
  const missed: number[] = [];
  const first = Math.max(known?.hours === undefined ? last : known.hours.first, last - CATCH_UP_HOURS + 1);
  for (let hour = last; hour >= first && missed.length < Math.min(MOST_MISSED, left); hour -= 1) if (!has(hour)) missed.push(hour);
  const again = countedOnce(missed, has).slice(0, Math.max(0, Math.floor(left - missed.length - limit * restOfDay(now))));
  const room = Math.min(MOST_PAST, Math.floor(left - missed.length - again.length - limit * FOR_PAST));
  const began = known?.hours?.first ?? last;
  const past = Array.from({ length: Math.max(0, Math.min(room, began - (end - PAST_HOURS))) }, (_, n) => began - 1 - n);
  return [...missed, ...again, ...past];
}

/**
 * The hour before those that are counted for the first time was counted last, soon after its end. What was committed late, or came late
 * into the index, is there by now: a record is stamped when its transaction begins, and seen when that ends.
 */
function countedOnce(missed: readonly number[], has: (hour: number) => boolean): readonly number[] {
  const earliest = missed.at(-1);
  return earliest !== undefined && has(earliest - 1) ? [earliest - 1] : [];
}

/** What part of the day (UTC) is left: who has more calls left than that may spend some. */
const restOfDay = (now: Date): number => 1 - (now.getTime() % DAY_MS) / DAY_MS;

function valueAt(known: SeriesHistory | undefined, hour: number): number | undefined {
  return known?.hours?.values[hour - known.hours.first] ?? undefined;
}
