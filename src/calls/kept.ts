import type { Store } from '../store/index.js';
import { type CallCounts, type CallRow, type CallRows, HOUR_MS, joinRows } from './counts.js';

const KIND = 'call-counts';
const DAYS_KEPT = 400;
const HOURS_A_DAY = 24;

interface DayOfCalls {
  readonly version: 1;
  readonly rows: CallRows;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/**
 * Adds what was counted to what is kept, a document a day, under the lock of the document: several processes may do it at
 * once. What was taken and could not be written is lost, and that is at most what was counted since the last time. The first of a day
 * takes away the days that no review looks at any longer.
 */
export async function keepCounts(store: Store, counts: CallCounts): Promise<void> {
  if (counts.isEmpty) return;
  for (const [day, rows] of byDay(counts.take())) {
    let isFirst = false;
    await store.document<DayOfCalls>(KIND, day).update((now) => {
      isFirst = now === undefined;
      return { version: 1, rows: joinRows(now?.rows ?? {}, rows) };
    });
    if (isFirst) await forgetOldest(store);
  }
}

function byDay(rows: CallRows): ReadonlyMap<string, CallRows> {
  const days = new Map<string, Record<string, CallRow>>();
  for (const [key, row] of Object.entries(rows))
    for (const [hour, count] of Object.entries(row.hours)) {
      const day = dayOf(Number(hour) * HOUR_MS);
      const of = days.get(day) ?? {};
      days.set(day, of);
      of[key] = { ...row, hours: { ...of[key]?.hours, [hour]: count } };
    }
  return days;
}

/** What was counted from one day on, up to and without another; both at midnight UTC. */
export async function readCounts(store: Store, from: Date, to: Date): Promise<readonly CallRow[]> {
  let rows: CallRows = {};
  for (const day of await store.list(KIND)) {
    if (day < dayOf(from.getTime()) || day >= dayOf(to.getTime())) continue;
    rows = joinRows(rows, (await store.document<DayOfCalls>(KIND, day).read())?.rows ?? {});
  }
  return Object.values(rows);
}

/** The first day of which anything is kept, at midnight UTC. */
export async function countedSince(store: Store): Promise<Date | undefined> {
  const [first] = await store.list(KIND);
  return first === undefined ? undefined : new Date(`${first}T00:00:00Z`);
}

/** By their number, and not by the clock: one that was wrong for a while takes nothing away. */
async function forgetOldest(store: Store): Promise<void> {
  for (const day of (await store.list(KIND)).slice(0, -DAYS_KEPT)) await store.document<DayOfCalls>(KIND, day).delete();
}

/** Hour of the day of a whole hour since the epoch, UTC. */
export const hourOfDay = (hour: number): number => hour % HOURS_A_DAY;
