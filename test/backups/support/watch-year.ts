import type { Measure } from '../../../src/backups/watch/types.js';

const DAY_MS = 86_400_000;

/** A generator of numbers from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** How a field behaves on a working day: shares of the records that have a value. */
interface FieldLife {
  readonly name: string;
  readonly filled: number;
  readonly emptied: number;
  readonly changed: number;
  /** Share of its changes that give one and the same value, where it held many. */
  readonly same?: number;
}

const FIELDS: readonly FieldLife[] = [
  { name: 'phone', filled: 0.6, emptied: 0.00005, changed: 0.0005 },
  { name: 'city', filled: 0.8, emptied: 0.0001, changed: 0.001 },
  { name: 'lifecyclestage', filled: 0.95, emptied: 0, changed: 0.005, same: 0.5 },
  { name: 'owner', filled: 0.7, emptied: 0.0003, changed: 0.002 },
  { name: 'next_step', filled: 0.2, emptied: 0.02, changed: 0.03 },
  { name: 'last_touch', filled: 0.5, emptied: 0, changed: 0.2 },
  { name: 'synced_at', filled: 1, emptied: 0, changed: 1 },
];

const OBJECTS = [
  { object: 'contacts', rows: 20_000 },
  { object: 'companies', rows: 4000 },
] as const;

/** What is out of the ordinary, and rightly so: by day of the year. */
interface Events {
  readonly campaigns: ReadonlySet<number>;
  readonly imports: ReadonlyMap<number, number>;
  readonly cleanups: ReadonlyMap<number, number>;
  /** A territory gets other owners. */
  readonly reassigned: ReadonlyMap<number, number>;
  /** A field is cleared on purpose. */
  readonly cleared: ReadonlySet<number>;
}

/** One run of a job in an ordinary year. */
export interface YearRun {
  readonly at: Date;
  readonly gapMs: number;
  readonly measures: readonly Measure[];
  /** What there is of contacts, for those who plant something. */
  readonly contacts: { readonly rows: number; readonly out: number };
}

/**
 * An ordinary year of a marketing database, as a job sees it that runs every `everyMs`: growth, weekends, holidays, office
 * hours, two campaigns a month, imports, clean-ups, owners that change, a field that is cleared on purpose twice, nights
 * without a run. Nothing of it is damage. `size`: 1 is 20,000 contacts, about.
 */
export function* ordinaryYear(seed: number, everyMs: number, size = 1): Generator<YearRun> {
  const random = randomOf(seed);
  const pick = (most: number): number => Math.floor(random() * most);
  const events = eventsOf(random);
  const begin = Date.UTC(2026, pick(12), 1 + pick(28), 2, 30);
  const rows = new Map<string, number>(OBJECTS.map(({ object, rows: some }) => [object, Math.round(some * size * (0.5 + random()))]));
  const links = { rows: Math.round((rows.get('contacts') ?? 0) * 0.7) };
  let out = Math.round((rows.get('contacts') ?? 0) * 0.08);
  let last = begin;
  for (let at = begin + everyMs; at < begin + 365 * DAY_MS; at += everyMs) {
    // A machine that is off now and then, and once for a week.
    if (random() < 0.01) continue;
    if (at - begin > 150 * DAY_MS && at - begin < 157 * DAY_MS) continue;
    const gapMs = at - last;
    const work = workBetween(last, at);
    const days = daysBetween(begin, last, at);
    const measures: Measure[] = [];
    for (const { object } of OBJECTS) {
      const of = rows.get(object) ?? 0;
      const isMain = object === 'contacts';
      const sum = (map: ReadonlyMap<number, number>): number => days.reduce((all, day) => all + (map.get(day) ?? 0), 0);
      const created = drawn(random, of * 0.0015 * work) + Math.round(of * (isMain ? sum(events.imports) : 0));
      const deleted = drawn(random, of * 0.0002 * work) + Math.round(of * (isMain ? sum(events.cleanups) : 0));
      measures.push(
        { kind: 'created', platform: 'crm', object, count: created, of },
        { kind: 'deleted', platform: 'crm', object, count: deleted, of },
      );
      for (const field of FIELDS) {
        const filled = Math.round(of * field.filled);
        const reassigned = field.name === 'owner' && isMain ? Math.round(filled * sum(events.reassigned)) : 0;
        const cleared = field.name === 'city' && isMain && days.some((day) => events.cleared.has(day)) ? Math.round(filled * 0.3) : 0;
        const changed = Math.min(filled, drawn(random, filled * field.changed * work) + reassigned);
        const push = (kind: Measure['kind'], count: number): void =>
          void measures.push({ kind, platform: 'crm', object, field: field.name, count, of: filled });
        push('emptied', Math.min(filled, drawn(random, filled * field.emptied * work) + cleared));
        push('changed', changed);
        push('overwritten', Math.round(changed * (field.same ?? 0)) + Math.round(reassigned * 0.5));
      }
      rows.set(object, of + created - deleted);
      if (!isMain) continue;
      const campaigns = days.filter((day) => events.campaigns.has(day)).length;
      const optedOut = drawn(random, of * (0.0003 * work + 0.004 * campaigns));
      const back = drawn(random, 0.3 * size * work);
      measures.push(
        { kind: 'opted-out', platform: 'crm', object, field: 'optout', count: optedOut, of },
        { kind: 'opted-in', platform: 'crm', object, field: 'optout', count: back, of: out },
      );
      out += optedOut - back;
      const removed = drawn(random, links.rows * 0.0003 * work) + Math.round(deleted * 0.7);
      const added = drawn(random, links.rows * 0.001 * work) + Math.round(created * 0.7);
      measures.push(
        { kind: 'unlinked', platform: 'crm', object: 'contacts~companies~works_at', count: removed, of: links.rows },
        { kind: 'linked', platform: 'crm', object: 'contacts~companies~works_at', count: added, of: links.rows },
      );
      links.rows += added - removed;
    }
    last = at;
    yield { at: new Date(at), gapMs, measures: measures.filter(({ count }) => count > 0), contacts: { rows: rows.get('contacts') ?? 0, out } };
  }
}

function eventsOf(random: () => number): Events {
  const day = (): number => Math.floor(random() * 365);
  const some = (count: number, share: () => number): ReadonlyMap<number, number> => new Map(Array.from({ length: count }, () => [day(), share()]));
  return {
    campaigns: new Set(Array.from({ length: 24 }, day)),
    imports: some(8, () => 0.02 + 0.18 * random()),
    cleanups: some(5, () => 0.005 + 0.035 * random()),
    reassigned: some(2, () => 0.1 + 0.15 * random()),
    cleared: new Set(twice(day(), day())),
  };
}

/** Two days of a year that lie at least two months apart. */
function twice(first: number, second: number): readonly number[] {
  const apart = 60 + (second % 245);
  return [first, (first + apart) % 365];
}

/** Days of the year whose night lies between two moments. */
function daysBetween(begin: number, from: number, to: number): readonly number[] {
  const days: number[] = [];
  for (let day = Math.ceil((from - begin) / DAY_MS); day < (to - begin) / DAY_MS; day += 1) days.push(day);
  return days;
}

/** Working days between two moments: office hours of nine hours, little at night, weekends and holidays. */
function workBetween(from: number, to: number): number {
  let work = 0;
  for (let at = from; at < to; at += 3_600_000) {
    const date = new Date(at);
    const isOffice = date.getUTCHours() >= 8 && date.getUTCHours() < 17;
    const isWeekend = date.getUTCDay() % 6 === 0;
    const month = date.getUTCMonth();
    const isHoliday = (month === 11 && date.getUTCDate() > 20) || (month === 0 && date.getUTCDate() < 4) || (month === 7 && date.getUTCDate() < 16);
    work += (isOffice ? 0.1 : 0.0067) * (isWeekend ? 0.1 : 1) * (isHoliday ? 0.2 : 1);
  }
  return work;
}

/** How often something happens that is expected so many times (Poisson). */
function drawn(random: () => number, expected: number): number {
  if (expected > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(expected + Math.sqrt(expected) * normal));
  }
  const limit = Math.exp(-expected);
  let [count, product] = [0, random()];
  while (product > limit) {
    count += 1;
    product *= random();
  }
  return count;
}
