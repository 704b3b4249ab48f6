import { type CallRow, HOUR_MS, hourOfDay } from '../../../calls/index.js';
import { atLeast } from './chance.js';
import type { ReviewFinding, ReviewInput } from './types.js';

const WEEK_HOURS = 168;
const DAY_HOURS = 24;
/** Chances under which something is no accident, for a row and for an hour of the day. */
const NO_ACCIDENT = 1e-5;
const NO_ACCIDENT_HOUR = 1e-6;
/** Of one kind of record: failures, hours with one, and hours from the first to the last. */
const LEAST_FAILURES = 5;
const LEAST_HOURS = 3;
const LEAST_SPAN = 24;
/** Grown means twice as many as in any week before. */
const TWICE = 2;
/** Of hours of the week with an error: with more, hours say nothing and errors are counted. */
const MOST_HOURS = WEEK_HOURS / 2;
const SHARE_IN_HOUR = 0.9;
const LEAST_DAYS = 3;

/** An error, seen in the week and in the weeks before. */
interface Seen {
  readonly row: CallRow;
  /** Hours since the epoch in which there was one, with how many, of the week; ascending. */
  readonly hours: readonly (readonly [hour: number, count: number])[];
  readonly count: number;
  /** By week before, the latest first: how many, and in how many hours. */
  readonly before: readonly { readonly count: number; readonly hours: number }[];
}

/** What the errors of the week tell: what always fails, in which hours, what is new, what grew. Pure. */
export function errorFindings(input: ReviewInput): readonly ReviewFinding[] {
  const errors = input.calls.filter(isError).map((row) => seen(row, input));
  const current = errors.filter(({ count }) => count > 0);
  const failing = alwaysFailing(current, input);
  const others = current.filter(({ row }) => !failing.some(({ of }) => isOf(of, row)));
  const hourly = others.flatMap((error) => inOneHour(error, input));
  const rest = others.filter((error) => !hourly.some(({ of }) => of === error));
  return [...failing.map(({ finding }) => finding), ...hourly.map(({ finding }) => finding), ...merged(rest.flatMap((error) => more(error)))];
}

/** What is counted next to the calls themselves is no error of a call. */
const isError = ({ outcome, call }: CallRow): boolean => outcome !== 'ok' && outcome !== 'moved' && call !== 'request';

type Group = Pick<CallRow, 'at' | 'call' | 'of'>;
const isOf = (group: Group, row: Group): boolean => group.at === row.at && group.call === row.call && group.of === row.of;

function entriesOf({ hours }: CallRow): readonly (readonly [number, number])[] {
  return Object.entries(hours)
    .map(([hour, count]) => [Number(hour), count] as const)
    .sort(([a], [b]) => a - b);
}

function seen(row: CallRow, { from, to, countedSince }: ReviewInput): Seen {
  const [begin, end] = [from.getTime() / HOUR_MS, to.getTime() / HOUR_MS];
  const entries = entriesOf(row);
  const hours = entries.filter(([hour]) => hour >= begin && hour < end);
  const weeks = Math.max(0, Math.min(8, Math.floor((from.getTime() - countedSince.getTime()) / (WEEK_HOURS * HOUR_MS))));
  const before = Array.from({ length: weeks }, (_, n) => {
    const of = entries.filter(([hour]) => hour >= begin - (n + 1) * WEEK_HOURS && hour < begin - n * WEEK_HOURS);
    return { count: of.reduce((sum, [, count]) => sum + count, 0), hours: of.length };
  });
  return { row, hours, count: hours.reduce((sum, [, count]) => sum + count, 0), before };
}

const titleOf = ({ at, call, of, outcome, field }: CallRow): string =>
  `${at}: ${call}${of === '' ? '' : ` of ${of}`}${field === undefined ? '' : ` (${field})`}: ${outcome}`;

const dayOf = (hour: number): string => new Date(hour * HOUR_MS).toISOString();

/** Record types of which nothing has gone well since a time. */
function alwaysFailing(errors: readonly Seen[], { calls }: ReviewInput): readonly { readonly of: Group; readonly finding: ReviewFinding }[] {
  const groups = errors.filter(({ row }, index) => errors.findIndex((other) => isOf(other.row, row)) === index).map(({ row }) => row);
  return groups.flatMap((of) => {
    const lastGood = Math.max(
      -1,
      ...calls.filter((row) => row.outcome === 'ok' && isOf(of, row)).flatMap((row) => Object.keys(row.hours).map(Number)),
    );
    const own = errors.filter(({ row }) => isOf(of, row));
    const after = own.flatMap(({ hours }) => hours).filter(([hour]) => hour > lastGood);
    const count = after.reduce((sum, [, each]) => sum + each, 0);
    const at = [...new Set(after.map(([hour]) => hour))].sort((a, b) => a - b);
    const [first, last] = [at[0], at.at(-1)];
    if (first === undefined || last === undefined || count < LEAST_FAILURES || at.length < LEAST_HOURS || last - first < LEAST_SPAN) return [];
    const most = own.toSorted((a, b) => b.count - a.count)[0]?.row;
    if (most === undefined) return [];
    return [
      {
        of,
        finding: {
          kind: 'always-fails' as const,
          subject: of.at,
          says: `${of.at}: every ${of.call}${of.of === '' ? '' : ` of ${of.of}`} has failed since ${dayOf(first)} (${String(count)} times): ${most.outcome}`,
          count,
          since: dayOf(first),
          ...told(most),
        },
      },
    ];
  });
}

/** An error that comes at one hour of the day, on several days, though calls are made at others too. */
function inOneHour(error: Seen, { calls, from, to }: ReviewInput): readonly { readonly of: Seen; readonly finding: ReviewFinding }[] {
  const { row, hours } = error;
  const byHour = new Map<number, number>();
  for (const [hour] of hours) byHour.set(hourOfDay(hour), (byHour.get(hourOfDay(hour)) ?? 0) + 1);
  const [hour, days] = [...byHour].toSorted(([, a], [, b]) => b - a)[0] ?? [0, 0];
  if (days < LEAST_DAYS || days < hours.length * SHARE_IN_HOUR) return [];
  const [begin, end] = [from.getTime() / HOUR_MS, to.getTime() / HOUR_MS];
  const atWork = new Set(
    calls
      .filter((each) => isOf(each, row))
      .flatMap((each) => Object.keys(each.hours).map(Number))
      .filter((each) => each >= begin && each < end),
  );
  const share = [...atWork].filter((each) => hourOfDay(each) === hour).length / Math.max(1, atWork.size);
  if (atLeast(days, hours.length, Math.max(share, 1 / DAY_HOURS)) > NO_ACCIDENT_HOUR) return [];
  const at = `${String(hour).padStart(2, '0')}:00`;
  return [
    {
      of: error,
      finding: {
        kind: 'hours',
        subject: row.at,
        says: `${titleOf(row)}, on ${String(days)} days from ${at} UTC on, and at ${days === hours.length ? 'no other hour' : 'hardly any other hour'}`,
        count: error.count,
        ...told(row),
      },
    },
  ];
}

interface More {
  readonly row: CallRow;
  readonly finding: ReviewFinding;
}

function more({ row, count, hours, before }: Seen): readonly More[] {
  if (before.length === 0) return [];
  const most = Math.max(...before.map((week) => week.count));
  const all = before.reduce((sum, week) => sum + week.hours, 0);
  const share = 1 / (before.length + 1);
  const isMore = hours.length > MOST_HOURS || atLeast(hours.length, hours.length + all, share) < NO_ACCIDENT;
  if (!isMore || count < TWICE * Math.max(most, 1) || hours.length < LEAST_HOURS) return [];
  const usual = before.reduce((sum, week) => sum + week.count, 0) / before.length;
  const [first] = hours;
  const isNew = most === 0;
  const says = isNew
    ? `${titleOf(row)}: new, ${String(count)} times`
    : `${titleOf(row)}: ${String(count)} times, ${usual.toFixed(1)} in a usual week`;
  const since = first === undefined ? {} : { since: dayOf(first[0]) };
  return [{ row, finding: { kind: isNew ? 'new' : 'grew', subject: row.at, says, count, usual, ...since, ...told(row) } }];
}

/** One cause shows in many record types: one line a platform and outcome, the one with most of them. */
function merged(all: readonly More[]): readonly ReviewFinding[] {
  const groups = new Map<string, More[]>();
  for (const one of all) {
    const key = `${one.row.at}\u0000${one.row.outcome}\u0000${one.finding.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group.toSorted((a, b) => (b.finding.count ?? 0) - (a.finding.count ?? 0));
    if (first === undefined) return [];
    const says = others.length === 0 ? first.finding.says : `${first.finding.says}; the same in ${String(others.length)} more places`;
    return [{ ...first.finding, says }];
  });
}

const told = ({ message, example }: CallRow): Pick<ReviewFinding, 'message' | 'example'> => ({
  ...(message !== undefined && { message }),
  ...(example !== undefined && { example }),
});
