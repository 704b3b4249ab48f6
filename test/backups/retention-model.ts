import { DateTime } from 'luxon';

import type { Period, RetainedSnapshot, RetentionFacts } from '../../src/backups/retention/types.js';

/**
 * Which snapshots stay, worked out in the slowest and most obvious way: each question of docs/backups.md is asked of
 * each snapshot, by looking at all the others. Nothing of it is shared with the product.
 */
export function stayingByTheBook(facts: RetentionFacts): ReadonlySet<string> {
  const { snapshots } = facts;
  const taken = (id: string): number => snapshots.findIndex((one) => one.id === id);
  const laterThan = (one: RetainedSnapshot): readonly RetainedSnapshot[] => snapshots.filter((other) => taken(other.id) > taken(one.id));
  const time = (one: RetainedSnapshot): number => DateTime.fromISO(one.startedAt).toMillis();
  const minute = 60_000;

  const hasWrongTime = (one: RetainedSnapshot): boolean =>
    time(one) > facts.now.getTime() + minute || laterThan(one).some((other) => time(one) > time(other) + minute);

  const isLastVerified = (one: RetainedSnapshot): boolean =>
    one.verified && one.holds.some((held) => !laterThan(one).some((other) => other.verified && other.holds.includes(held)));

  const isKeptByARule = (one: RetainedSnapshot): boolean => {
    const job = facts.jobs.get(one.job ?? '');
    if (job?.rules === undefined || hasWrongTime(one)) return false;
    const newer = laterThan(one).filter((other) => other.job === one.job && other.grade === one.grade && !hasWrongTime(other));
    const { last, withinMs } = job.rules;
    if (last !== undefined && newer.length < last) return true;
    for (const rule of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
      const places = job.rules[rule];
      if (places === undefined) continue;
      const own = period(rule, one.startedAt, job.zone);
      const theirs = newer.map((other) => period(rule, other.startedAt, job.zone));
      if (!theirs.includes(own) && new Set(theirs).size < places) return true;
    }
    if (withinMs === undefined) return false;
    if (newer.length < 3) return true;
    const chain = [one, ...newer];
    let age = 0;
    for (let n = 1; n < chain.length; n += 1) {
      const pause = Math.max(0, time(chain[n] as RetainedSnapshot) - time(chain[n - 1] as RetainedSnapshot));
      if (pause <= withinMs) age += pause;
    }
    return age <= withinMs;
  };

  const stays = new Set(
    snapshots
      .filter(
        (one) =>
          one.job === undefined ||
          facts.jobs.get(one.job)?.rules === undefined ||
          one.pinned !== false ||
          (facts.references.get(one.id) ?? []).length > 0 ||
          facts.unreadReferrers.length > 0 ||
          hasWrongTime(one) ||
          isLastVerified(one) ||
          isKeptByARule(one),
      )
      .map(({ id }) => id),
  );
  if (snapshots.some(({ bases }) => bases.length > 0))
    for (const file of facts.unreadable) for (const one of snapshots) if (one.id < file) stays.add(one.id);
  for (let changed = true; changed;) {
    changed = false;
    for (const one of snapshots)
      if (!stays.has(one.id) && snapshots.some((other) => stays.has(other.id) && other.bases.includes(one.id))) {
        stays.add(one.id);
        changed = true;
      }
  }
  return stays;
}

function period(rule: Period, at: string, zone: string): string {
  const local = DateTime.fromISO(at, { zone });
  const forms = { hourly: 'yyyy-MM-dd HH ZZ', daily: 'yyyy-MM-dd', weekly: 'kkkk-WW', monthly: 'yyyy-MM', yearly: 'yyyy' };
  return local.toFormat(forms[rule]);
}
