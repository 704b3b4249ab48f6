import { DAY_MS, dayOf } from '../../lib/index.js';
import type { CalendarEntry } from '../../workspace/index.js';
import type { DayKind } from '../types.js';
import { HOUR_MS, WeekClock } from './week-clock.js';

const WEEK_MS = 7 * DAY_MS;
/** Where several entries hold one hour, the first of these counts. */
const ORDER: readonly DayKind[] = ['quiet', 'webinar', 'busy', 'month-end'];

/** What an hour is by the calendar. There is one object of each, so that they can be compared. */
export interface HourKind {
  readonly is: DayKind;
  /** It comes every week, so that the weeks before have it, too. */
  readonly weekly: boolean;
}

const KINDS = ORDER.flatMap((is) => [true, false].map((weekly): HourKind => ({ is, weekly })));

interface Entry extends HourKind {
  readonly clock: WeekClock;
  readonly holds: (local: number) => boolean;
}

/** Which hours are out of the ordinary, as `calendar` of runback.yml declares them. Keeps what it looked up, so one is shared by all series. */
export class Calendar {
  readonly #entries: readonly Entry[];
  readonly #kinds = new Map<number, HourKind | undefined>();

  constructor(entries: readonly CalendarEntry[]) {
    this.#entries = [...entries]
      .sort((a, b) => ORDER.indexOf(a.is) - ORDER.indexOf(b.is))
      .map((entry) => ({ is: entry.is, weekly: entry.when.kind === 'week', clock: WeekClock.of(entry.timezone), holds: holder(entry) }));
  }

  /** Whether no hour is out of the ordinary. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** What is ordinary in an hour since the epoch; undefined for ordinary hours. An hour that an entry holds in part counts as held. */
  kindOf(hour: number): HourKind | undefined {
    if (this.isEmpty) return undefined;
    if (this.#kinds.has(hour)) return this.#kinds.get(hour);
    const held = this.#entries.filter(({ clock, holds }) => holds(clock.local(hour)));
    const weekly = held.every((entry) => entry.weekly);
    const kind = KINDS.find((one) => one.is === held[0]?.is && one.weekly === weekly);
    this.#kinds.set(hour, kind);
    return kind;
  }

  #apart: { readonly first: number; readonly flags: Uint8Array } | undefined;

  /** For so many hours from one on: 1 where an hour is unlike the same hour of other weeks. Kept, since all series ask for the same hours. */
  apart(first: number, hours: number): Uint8Array {
    if (this.#apart?.first === first && this.#apart.flags.length === hours) return this.#apart.flags;
    const flags = Uint8Array.from({ length: hours }, (_, i) => (isApart(this.kindOf(first + i)) ? 1 : 0));
    this.#apart = { first, flags };
    return flags;
  }
}

function isApart(kind: HourKind | undefined): boolean {
  return kind !== undefined && (!kind.weekly || kind.is === 'quiet');
}

/** How an entry is asked: whether it holds some of the hour that begins at a reading of its clocks. */
function holder({ when }: CalendarEntry): (local: number) => boolean {
  switch (when.kind) {
    case 'dates': {
      const [from, to] = [Date.parse(`${when.from}T00:00:00Z`), Date.parse(`${when.to}T00:00:00Z`) + DAY_MS];
      return (local) => from < local + HOUR_MS && local < to;
    }
    case 'week': {
      // 1970-01-01 was a Thursday, day 4 of a week that begins on Sunday.
      const begins = (when.weekday - 4) * DAY_MS + when.minute * 60_000;
      return (local) => {
        const into = (((local - begins) % WEEK_MS) + WEEK_MS) % WEEK_MS;
        return into < when.forMs || into > WEEK_MS - HOUR_MS;
      };
    }
    case 'month':
      // One that began in the month before may still last.
      return (local) =>
        [0, 1].some((back) => {
          const begins = dayInMonth(local, back, when.day) + when.minute * 60_000;
          return begins < local + HOUR_MS && local < begins + when.forMs;
        });
  }
}

/** Midnight of a day of the month that holds a reading, or of one before; a day that a month does not have is its last. */
function dayInMonth(local: number, monthsBack: number, day: number | 'last'): number {
  const at = new Date(dayOf(local));
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() - monthsBack];
  const last = Date.UTC(year, month + 1, 0);
  return day === 'last' ? last : Math.min(last, Date.UTC(year, month, day));
}
