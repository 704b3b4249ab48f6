import { defined } from '../../lib/index.js';
import type { Measurement, SeriesName } from '../types.js';
import type { Hours, SeriesEvent, SeriesHistory } from './history.js';
import { HOUR_MS } from './week-clock.js';

/** So many hours back are enough to judge: eight weeks of windows, each with eight weeks before it, and some days. */
export const KEPT_HOURS = 18 * 168;
const KEPT_EVENTS = 128;
/** Over how many hours it is believed that a level grew evenly. */
const MOST_SPREAD = 6;

type Level = Extract<SeriesEvent, { kind: 'level' }>;

/** How much is kept: a replay keeps all. */
export interface Keeping {
  readonly hours: number;
  readonly events: number;
}

export const FOR_JUDGING: Keeping = { hours: KEPT_HOURS, events: KEPT_EVENTS };
export const ALL: Keeping = { hours: Number.MAX_SAFE_INTEGER, events: Number.MAX_SAFE_INTEGER };

/**
 * A history with what was measured since. The same measurement twice is taken once: of an hour the last count stands, and what is not later than
 * the latest event of its kind is passed over. An hour that is far from all others (the clock had jumped) begins the hours again.
 */
export function remember(
  history: SeriesHistory | undefined,
  series: SeriesName,
  measurements: readonly Measurement[],
  keeping: Keeping = FOR_JUDGING,
): SeriesHistory {
  const kept = new Keeper(history ?? { series, events: [] });
  for (const measurement of measurements) kept.add(measurement);
  return kept.history(keeping);
}

class Keeper {
  readonly #series: SeriesName;
  #began: number | undefined;
  #first: number;
  #values: (number | null)[];
  #of: (number | null)[];
  readonly #events: SeriesEvent[];

  constructor({ series, began, hours, events }: SeriesHistory) {
    this.#series = series;
    this.#began = began;
    this.#first = hours?.first ?? 0;
    this.#values = [...(hours?.values ?? [])];
    this.#of = [...(hours?.of ?? [])];
    this.#events = [...events];
  }

  add(measurement: Measurement): void {
    switch (measurement.kind) {
      case 'count':
        this.#set(measurement.hour, measurement.value);
        this.#measuredAgain(measurement.hour);
        break;
      case 'ratio':
        this.#set(measurement.hour, measurement.failed, measurement.of);
        this.#measuredAgain(measurement.hour);
        break;
      case 'duration':
        if (this.#isNew(measurement)) this.#addUp(measurement.at, Math.log(Math.max(1, measurement.ms)));
        this.#push(measurement);
        break;
      case 'level':
        if (this.#isNew(measurement)) this.#grow(measurement);
        this.#push(measurement);
        break;
      case 'trial':
      case 'beat':
      case 'measured':
      case 'unmeasured':
        this.#push(measurement);
        break;
    }
  }

  /** What could not be counted is: said by an event, since an hour does not say when it was counted. */
  #measuredAgain(hour: number): void {
    const latest = this.#events.at(-1);
    if (latest?.kind !== 'unmeasured') return;
    this.#events.push({ kind: 'measured', at: new Date(Math.max((hour + 1) * HOUR_MS, Date.parse(latest.at) + 1)).toISOString() });
  }

  /** What a level with a limit grew by since it was last looked at, spread over the hours since. */
  #grow(level: Level): void {
    const before = this.#events.findLast((event) => event.kind === 'level');
    if (level.limit === undefined || before === undefined) return;
    const [from, to] = [Date.parse(before.at), Date.parse(level.at)];
    if (to - from > MOST_SPREAD * HOUR_MS) return;
    // A level that falls began again.
    const grown = level.value >= before.value ? level.value - before.value : level.value;
    for (let hour = Math.floor(from / HOUR_MS); hour <= Math.floor(to / HOUR_MS); hour += 1) {
      const share = (Math.min(to, (hour + 1) * HOUR_MS) - Math.max(from, hour * HOUR_MS)) / (to - from);
      this.#set(hour, (this.#values[hour - this.#first] ?? 0) + grown * share);
    }
  }

  #isNew({ kind, at }: SeriesEvent): boolean {
    const latest = this.#events.findLast((event) => event.kind === kind);
    return latest === undefined || Date.parse(at) > Date.parse(latest.at);
  }

  #push(event: SeriesEvent): void {
    if (this.#isNew(event)) this.#events.push(event);
  }

  #addUp(at: string, value: number): void {
    const hour = Math.floor(Date.parse(at) / HOUR_MS);
    const i = hour - this.#first;
    this.#set(hour, (this.#values[i] ?? 0) + value, (this.#of[i] ?? 0) + 1);
  }

  #set(hour: number, value: number, of?: number): void {
    const end = this.#first + this.#values.length;
    if (this.#values.length === 0 || hour < this.#first - KEPT_HOURS || hour > end + KEPT_HOURS) {
      this.#first = hour;
      this.#values = [];
      this.#of = [];
    }
    while (hour < this.#first) {
      this.#values.unshift(null);
      if (of !== undefined) this.#of.unshift(null);
      this.#first -= 1;
    }
    const i = hour - this.#first;
    while (this.#values.length <= i) {
      this.#values.push(null);
      if (of !== undefined) this.#of.push(null);
    }
    this.#values[i] = value;
    if (of !== undefined) this.#of[i] = of;
    this.#began = Math.min(this.#began ?? hour, hour);
  }

  history({ hours, events }: Keeping): SeriesHistory {
    const drop = Math.max(0, this.#values.length - hours);
    const kept: Hours | undefined =
      this.#values.length === 0
        ? undefined
        : {
            first: this.#first + drop,
            values: this.#values.slice(drop),
            ...defined({ of: this.#of.length === 0 ? undefined : this.#of.slice(drop) }),
          };
    const latest = this.#events.length > events ? this.#events.slice(-events) : this.#events;
    return { series: this.#series, events: latest, ...defined({ began: this.#began, hours: kept }) };
  }
}
