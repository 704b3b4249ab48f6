import { periodOf } from './periods.js';
import { type GoReason, type KeepRules, PERIODS, type RetainedSnapshot, type RuleName, type StayReason } from './types.js';

/** So many of the newest are within any span: a clock that jumps leaves at least these. */
export const ALWAYS_WITHIN = 3;

/** What a rule says of a snapshot. */
type Said = { readonly keeps: StayReason } | { readonly drops: GoReason };

/**
 * What each rule says of each snapshot of one job and one grade, by id. They are given in the order in which they were
 * taken, and their times do not go back.
 */
export function applyRules(
  snapshots: readonly RetainedSnapshot[],
  rules: KeepRules,
  zone: string,
): ReadonlyMap<string, { readonly stay: readonly StayReason[]; readonly go: readonly GoReason[] }> {
  const said = new Map(snapshots.map(({ id }) => [id, { stay: [] as StayReason[], go: [] as GoReason[] }]));
  const take = (id: string, one: Said): void => {
    if ('keeps' in one) said.get(id)?.stay.push(one.keeps);
    else said.get(id)?.go.push(one.drops);
  };
  const newestFirst = snapshots.toReversed();
  if (rules.last !== undefined) for (const [id, one] of newestOf(newestFirst, rules.last)) take(id, one);
  for (const period of PERIODS) {
    const places = rules[period];
    if (places !== undefined) for (const [id, one] of onePerPeriod(newestFirst, period, places, zone)) take(id, one);
  }
  if (rules.withinMs !== undefined) for (const [id, one] of within(newestFirst, rules.withinMs)) take(id, one);
  return said;
}

function* newestOf(newestFirst: readonly RetainedSnapshot[], places: number): Generator<[string, Said]> {
  const rule: RuleName = 'last';
  for (const [n, { id }] of newestFirst.entries())
    yield [id, n < places ? { keeps: { kind: 'rule', rule } } : { drops: { rule, because: 'full', places } }];
}

/** The newest of each period stands for it, for as many periods as there are places. Periods without one take none. */
function* onePerPeriod(
  newestFirst: readonly RetainedSnapshot[],
  rule: (typeof PERIODS)[number],
  places: number,
  zone: string,
): Generator<[string, Said]> {
  const standing = new Map<string, string>();
  for (const { id, startedAt } of newestFirst) {
    const period = periodOf(rule, new Date(startedAt), zone);
    const by = standing.get(period);
    if (by !== undefined) yield [id, { drops: { rule, because: 'stands', period, by } }];
    else if (standing.size >= places) yield [id, { drops: { rule, because: 'full', places } }];
    else {
      standing.set(period, id);
      yield [id, { keeps: { kind: 'rule', rule, period } }];
    }
  }
}

function* within(newestFirst: readonly RetainedSnapshot[], span: number): Generator<[string, Said]> {
  const rule: RuleName = 'within';
  for (const { id, ageMs, isWithin } of agesOf(newestFirst, span))
    yield [id, isWithin ? { keeps: { kind: 'rule', rule } } : { drops: { rule, because: 'old', ageMs } }];
}

/**
 * Age counts from the newest, and no clock is asked: while nothing new is made, nothing ages. A pause between
 * two that is longer than the whole span counts for nothing: the clock jumped, or nothing was made for so long. The
 * three newest are always within.
 */
export function* agesOf(
  newestFirst: readonly { readonly id: string; readonly startedAt: string }[],
  span: number,
): Generator<{ readonly id: string; readonly ageMs: number; readonly isWithin: boolean }> {
  let ageMs = 0;
  let later: number | undefined;
  for (const [n, { id, startedAt }] of newestFirst.entries()) {
    const at = Date.parse(startedAt);
    const pause = later === undefined ? 0 : Math.max(0, later - at);
    if (pause <= span) ageMs += pause;
    later = at;
    yield { id, ageMs, isWithin: ageMs <= span || n < ALWAYS_WITHIN };
  }
}
