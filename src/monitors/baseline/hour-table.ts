import type { Calendar } from './calendar.js';
import type { Hours } from './history.js';
import type { Departure } from './stretches.js';
import { HOUR_MS } from './week-clock.js';

/** What an hour is to those who learn from it: 1 is apart by the calendar. */
const PLAIN = 0;
const MISSING = 2;
const DEPARTED = 3;

/** The hours of a series with sums that any stretch of them costs the same. */
export class HourTable {
  readonly first: number;
  /** The hour after the last one. */
  readonly end: number;
  readonly #codes: Uint8Array;
  readonly #sums: Float64Array;
  readonly #odd: Int32Array;

  constructor(hours: Hours, calendar: Calendar, departures: readonly Departure[]) {
    const n = hours.values.length;
    this.first = hours.first;
    this.end = hours.first + n;
    this.#sums = new Float64Array(n + 1);
    this.#odd = new Int32Array(n + 1);
    // A copy: what departed and what is missing is of this series alone.
    this.#codes = calendar.isEmpty ? new Uint8Array(n) : calendar.apart(hours.first, n).slice();
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
      this.#sums[i + 1] = (this.#sums[i] ?? 0) + (value ?? 0);
      this.#odd[i + 1] = (this.#odd[i] ?? 0) + (this.#codes[i] === PLAIN ? 0 : 1);
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

  /** Whether some are of an incident or another departure. */
  hasDeparted(from: number, to: number): boolean {
    return this.#codes.subarray(from - this.first, to - this.first).includes(DEPARTED);
  }

  /** Whether some were not measured. */
  hasGaps(from: number, to: number): boolean {
    return this.#codes.subarray(from - this.first, to - this.first).includes(MISSING);
  }

  value(hour: number): number | undefined {
    const i = hour - this.first;
    return i < 0 || i >= this.#codes.length || this.#codes[i] === MISSING ? undefined : this.sum(hour, hour + 1);
  }

  /** Whether an ordinary hour can be learned from this one. */
  teaches(hour: number): boolean {
    return this.#codes[hour - this.first] === PLAIN;
  }
}
