import type { Calendar, HourKind } from './calendar.js';
import type { Hours } from './history.js';
import type { Departure } from './stretches.js';
import { HOUR_MS } from './week-clock.js';

/** What an hour is to those who learn from it. */
const PLAIN = 0;
const MISSING = 1;
const DEPARTED = 2;
const OF_CALENDAR = 3;

/** Whether hours of a kind are unlike the same hours of other weeks. */
function isApart(kind: HourKind | undefined): boolean {
  return kind !== undefined && (!kind.weekly || kind.is === 'quiet');
}

/** The hours of a series with sums that any stretch of them costs the same. */
export class HourTable {
  readonly first: number;
  /** The hour after the last one. */
  readonly end: number;
  readonly #values: Float64Array;
  readonly #codes: Uint8Array;
  readonly #sums: Float64Array;
  readonly #odd: Int32Array;
  readonly #missing: Int32Array;

  constructor(hours: Hours, calendar: Calendar, departures: readonly Departure[]) {
    const n = hours.values.length;
    this.first = hours.first;
    this.end = hours.first + n;
    this.#values = new Float64Array(n);
    this.#codes = new Uint8Array(n);
    this.#sums = new Float64Array(n + 1);
    this.#odd = new Int32Array(n + 1);
    this.#missing = new Int32Array(n + 1);
    if (!calendar.isEmpty) for (let i = 0; i < n; i += 1) if (isApart(calendar.kindOf(hours.first + i))) this.#codes[i] = OF_CALENDAR;
    for (const departure of departures) this.#leaveOut(departure);
    this.#fill(hours.values);
  }

  #leaveOut({ from, to }: Departure): void {
    const begin = Math.floor(Date.parse(from) / HOUR_MS) - this.first;
    const end = to === undefined ? this.#codes.length : Math.ceil(Date.parse(to) / HOUR_MS) - this.first;
    if (begin < end) this.#codes.fill(DEPARTED, Math.max(0, begin), Math.max(0, end));
  }

  #fill(values: Hours['values']): void {
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i] ?? null;
      if (value === null) this.#codes[i] = MISSING;
      else this.#values[i] = value;
      this.#sums[i + 1] = (this.#sums[i] ?? 0) + (value ?? 0);
      this.#odd[i + 1] = (this.#odd[i] ?? 0) + (this.#codes[i] === PLAIN ? 0 : 1);
      this.#missing[i + 1] = (this.#missing[i] ?? 0) + (value === null ? 1 : 0);
    }
  }

  /** Whether all hours from one up to but without another are in the table. */
  has(from: number, to: number): boolean {
    return from >= this.first && to <= this.end;
  }

  /** The sum of hours that are in the table; what was not measured counts as 0. */
  sum(from: number, to: number): number {
    return (this.#sums[to - this.first] ?? 0) - (this.#sums[from - this.first] ?? 0);
  }

  /** Whether all hours are measured, in no departure, and by the calendar like those of other weeks. */
  isPlain(from: number, to: number): boolean {
    return this.#odd[to - this.first] === this.#odd[from - this.first];
  }

  /** How many were not measured. */
  missing(from: number, to: number): number {
    return (this.#missing[to - this.first] ?? 0) - (this.#missing[from - this.first] ?? 0);
  }

  value(hour: number): number | undefined {
    const i = hour - this.first;
    return i < 0 || i >= this.#codes.length || this.#codes[i] === MISSING ? undefined : this.#values[i];
  }

  /** Whether an ordinary hour can be learned from this one. */
  teaches(hour: number): boolean {
    return this.#codes[hour - this.first] === PLAIN;
  }
}
