import type { Schedule } from '../types.js';
import { beginOf, overrideInstant } from './schedules.js';
import { spansBetween } from './weekly.js';

/** Milliseconds since the epoch; the end is not part of it. */
export type Stretch = readonly [from: number, to: number];

/** When a schedule has somebody on call. Stretches may overlap. */
export function coveredBy(schedule: Schedule, within: Stretch): readonly Stretch[] {
  const manned: Stretch[] = [[beginOf(schedule), Infinity]];
  for (const { from, to } of schedule.overrides) {
    const stretch = [overrideInstant(from, schedule.timezone), overrideInstant(to, schedule.timezone)];
    if (stretch[0] !== undefined && stretch[1] !== undefined) manned.push([stretch[0], stretch[1]]);
  }
  const open = hoursOf(schedule, within);
  return manned
    .flatMap((one) => open.map((other): Stretch => [Math.max(one[0], other[0]), Math.min(one[1], other[1])]))
    .filter(([from, to]) => from < to);
}

/** The hours in which a schedule covers at all. */
export function hoursOf({ hours, timezone }: Schedule, within: Stretch): readonly Stretch[] {
  return hours === undefined ? [within] : spansBetween(hours, hours.timezone ?? timezone, ...within);
}

/** What is left of a stretch without others, in order. */
export function without(within: Stretch, covered: readonly Stretch[]): readonly Stretch[] {
  const gaps: Stretch[] = [];
  let [at] = within;
  for (const [from, to] of [...covered].sort((a, b) => a[0] - b[0])) {
    if (from > at) gaps.push([at, Math.min(from, within[1])]);
    at = Math.max(at, to);
    if (at >= within[1]) break;
  }
  if (at < within[1]) gaps.push([at, within[1]]);
  return gaps.filter(([from, to]) => from < to);
}
