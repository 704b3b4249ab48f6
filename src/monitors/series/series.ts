import type { Document, Store } from '../../store/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import { type Keeping, FOR_JUDGING, remember } from '../baseline/remember.js';
import type { Measurement } from '../types.js';
import { type DayDocument, dayOfMeasurement, keyOf, type Measured, measuredOn, NO_DAY, seriesOfKey, withMeasured } from './day.js';

const KIND = 'monitor-days';
const DAY_MS = 86_400_000;
/** Older days are dropped. */
export const KEPT_DAYS = 400;

/**
 * What was measured, kept by the day: one write for all that one tick measures, whatever the number of series. Survives
 * kill -9 at any moment; the same measurement written twice is there once.
 */
export class SeriesDays {
  constructor(private readonly store: Store) {}

  /** Keeps measurements; a day each is written as a whole. Days that are too old are dropped where a new one begins. */
  async add(measured: readonly Measured[], now: Date): Promise<void> {
    const byDay = new Map<string, Measured[]>();
    for (const one of measured) {
      const day = dayOfMeasurement(one.measurement);
      const known = byDay.get(day);
      if (known === undefined) byDay.set(day, [one]);
      else known.push(one);
    }
    const known = byDay.size === 0 ? new Set<string>() : new Set(await this.days());
    for (const [day, some] of [...byDay].sort(([a], [b]) => (a < b ? -1 : 1)))
      await this.#day(day).update((kept) => withMeasured(kept ?? NO_DAY, some));
    if ([...byDay.keys()].some((day) => !known.has(day))) await this.#drop(known, now);
  }

  /** Days of which something is kept, oldest first. */
  async days(): Promise<readonly string[]> {
    return await this.store.list(KIND);
  }

  /** By series all that was measured from one day on, up to another, both included; damaged days are left out. */
  async read(from: string, to = '9999', keeping: Keeping = FOR_JUDGING): Promise<Map<string, SeriesHistory>> {
    const gathered = new Map<string, Measurement[]>();
    for (const day of await this.days()) {
      if (day < from || day > to) continue;
      const document = await this.#day(day).read();
      if (document === undefined) continue;
      for (const [key, measurements] of measuredOn(day, document)) {
        const known = gathered.get(key);
        if (known === undefined) gathered.set(key, [...measurements]);
        else known.push(...measurements);
      }
    }
    const histories = [...gathered].map(([key, measurements]) => [key, remember(undefined, seriesOfKey(key), measurements, keeping)] as const);
    return new Map(histories);
  }

  async #drop(days: ReadonlySet<string>, now: Date): Promise<void> {
    const oldest = new Date(now.getTime() - KEPT_DAYS * DAY_MS).toISOString().slice(0, 10);
    for (const day of days) if (day < oldest) await this.#day(day).delete();
  }

  #day(day: string): Document<DayDocument> {
    return this.store.document<DayDocument>(KIND, day);
  }
}

/** Histories with what was measured since. */
export function rememberAll(histories: Map<string, SeriesHistory>, measured: readonly Measured[]): void {
  const bySeries = new Map<string, Measured[]>();
  for (const one of measured) {
    const known = bySeries.get(keyOf(one.series));
    if (known === undefined) bySeries.set(keyOf(one.series), [one]);
    else known.push(one);
  }
  for (const [key, some] of bySeries)
    histories.set(
      key,
      remember(
        histories.get(key),
        seriesOfKey(key),
        some.map(({ measurement }) => measurement),
      ),
    );
}
