import type { Measurement, SeriesName } from '../types.js';

const HOURS = 24;
const HOUR_MS = 3_600_000;
/** Of levels, beats and what could not be measured, the last of each such stretch is kept. */
const BUCKET_MS = 900_000;

/**
 * What was measured on one day (UTC), by series. Counts and ratios are texts of 24 hours, `3,5,,0,…`, of ratios `1/40,…`; an
 * hour between two commas was not measured. Everything else is a list of measurements as JSON.
 */
export interface DayDocument {
  readonly version: 1;
  readonly counts: Readonly<Record<string, string>>;
  readonly ratios: Readonly<Record<string, string>>;
  readonly events: Readonly<Record<string, readonly string[]>>;
}

/** A measurement and the series it is one of. */
export interface Measured {
  readonly series: SeriesName;
  readonly measurement: Measurement;
}

export const NO_DAY: DayDocument = { version: 1, counts: {}, ratios: {}, events: {} };

/** The names of monitors have no spaces. */
export const keyOf = ({ monitor, of }: SeriesName): string => `${monitor} ${of}`;

export function seriesOfKey(key: string): SeriesName {
  const cut = key.indexOf(' ');
  return { monitor: key.slice(0, cut), of: key.slice(cut + 1) };
}

/** The day that a measurement is of: `2026-11-30`. */
export function dayOfMeasurement(measurement: Measurement): string {
  const at = 'hour' in measurement ? new Date(measurement.hour * HOUR_MS).toISOString() : new Date(measurement.at).toISOString();
  return at.slice(0, 10);
}

/** A day with more measurements, each of that day. The same one twice counts once; of an hour the last one stands. Pure. */
export function withMeasured(day: DayDocument, measured: readonly Measured[]): DayDocument {
  const counts = { ...day.counts };
  const ratios = { ...day.ratios };
  const events = { ...day.events };
  for (const { series, measurement } of measured) {
    const key = keyOf(series);
    if (measurement.kind === 'count') counts[key] = withHour(counts[key], measurement.hour, String(measurement.value));
    else if (measurement.kind === 'ratio')
      ratios[key] = withHour(ratios[key], measurement.hour, `${String(measurement.failed)}/${String(measurement.of)}`);
    else events[key] = withEvent(events[key] ?? [], measurement);
  }
  return { version: 1, counts, ratios, events };
}

function withHour(text: string | undefined, hour: number, value: string): string {
  const hours = text === undefined ? Array.from({ length: HOURS }, () => '') : text.split(',');
  hours[hour % HOURS] = value;
  return hours.join(',');
}

type SeriesEvent = Exclude<Measurement, { kind: 'count' } | { kind: 'ratio' }>;

function withEvent(texts: readonly string[], event: SeriesEvent): readonly string[] {
  const text = JSON.stringify(event);
  if (texts.includes(text)) return texts;
  const isWhole = event.kind === 'trial' || event.kind === 'duration';
  const bucket = Math.floor(Date.parse(event.at) / BUCKET_MS);
  const others = isWhole
    ? texts
    : texts.filter((one) => {
        const kept = JSON.parse(one) as SeriesEvent;
        return kept.kind !== event.kind || Math.floor(Date.parse(kept.at) / BUCKET_MS) !== bucket;
      });
  return [...others, text];
}

/** All that a day holds, by the key of its series; events by time. */
export function* measuredOn(
  day: string,
  { counts, ratios, events }: DayDocument,
): Generator<readonly [key: string, measurements: readonly Measurement[]]> {
  const first = Date.parse(`${day}T00:00:00Z`) / HOUR_MS;
  for (const [key, text] of Object.entries(counts))
    yield [key, text.split(',').flatMap((value, n) => (value === '' ? [] : [{ kind: 'count', hour: first + n, value: Number(value) } as const]))];
  for (const [key, text] of Object.entries(ratios))
    yield [
      key,
      text.split(',').flatMap((value, n) => {
        const [failed, of] = value.split('/').map(Number);
        return failed === undefined || of === undefined ? [] : [{ kind: 'ratio', hour: first + n, failed, of } as const];
      }),
    ];
  for (const [key, texts] of Object.entries(events))
    yield [key, texts.map((text) => JSON.parse(text) as SeriesEvent).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))];
}
