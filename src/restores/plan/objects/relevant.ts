import { counted } from '../../../lib/index.js';
import { liesWithin } from '../../../records/index.js';
import type { Damage } from '../../../snapshots/index.js';
import { differ, differIn } from '../../decide/comparable.js';
import { conflictOf, differing } from '../../decide/conflicts.js';
import type { PlanConflict } from '../../types.js';
import type { ObjectThenAndNow, PlanContext } from '../context.js';
import type { Facts } from '../facts/facts.js';
import { objectInfo, type Compared, type Difference, type StoredDifference, type Unreadable } from './differences.js';

/** Differences that a live read can say something about, and what is known of the others without one. */
export interface Relevant {
  readonly differences: readonly StoredDifference[];
  readonly facts: Facts;
}

type Ranges = Record<Unreadable['side'], Damage[]>;

/**
 * The differences that a live read can say something about; the others as facts. What could not be read is told last,
 * as conflicts.
 */
export async function* relevant(context: PlanContext, type: ObjectThenAndNow, found: AsyncIterable<Compared>): AsyncIterable<Relevant> {
  const { object } = type.live;
  const sort = sorter(context, type);
  const ranges: Ranges = { base: [], damaged: [] };
  for await (const { differences, unreadable } of found) {
    for (const { side, damage } of unreadable) ranges[side].push(damage);
    const wanted: StoredDifference[] = [];
    const created: string[] = [];
    const absent: string[] = [];
    let nothing = 0;
    for (const difference of differences) {
      const { key, cells } = difference;
      const sorted = sort(difference, ranges);
      if (sorted === 'unproved') continue;
      if (cells === undefined && difference.base === undefined) created.push(key);
      if (sorted === 'wanted') wanted.push(difference);
      else if (sorted === 'not-looked-for') absent.push(key);
      else if (sorted === 'nothing') nothing += 1;
    }
    yield { differences: wanted, facts: { nothing, created: [[object, created]], absent: [[object, absent]] } };
  }
  const conflicts = (['base', 'damaged'] as const).flatMap((side) => ranges[side].map((damage) => unreadableConflict(object, side, damage)));
  if (conflicts.length > 0) yield { differences: [], facts: { conflicts } };
}

/**
 * What becomes of a difference: `unproved` (one side does not tell whether it had the record), `wanted`, `nothing` to
 * do, `not-looked-for` (deleted, and the plan is not about that: it counts as not there, so that nothing is linked to
 * it), or `outside` of the plan's limits.
 */
type Sorted = 'unproved' | 'wanted' | 'nothing' | 'not-looked-for' | 'outside';

function sorter({ pair, filters, chosen, extra }: PlanContext, type: ObjectThenAndNow): (difference: Difference, unreadable: Ranges) => Sorted {
  const { object } = type.live;
  const keys = filters.keys === undefined ? undefined : new Set(filters.keys);
  const baseCensus = objectInfo(pair.base, pair.platform, object)?.census === true;
  const damagedCensus = objectInfo(pair.damaged, pair.platform, object)?.census === true;
  const isOutside = (key: string): boolean => keys?.has(key) === false;
  const ofBoth = (key: string, harmed: () => boolean): Sorted => {
    if (isOutside(key) || chosen?.hasRecord(object, key) === false || filters.only?.includes('changed') === false) return 'outside';
    // Fields that the platform sets on every write are no difference.
    return harmed() ? 'wanted' : 'outside';
  };
  return (difference, unreadable) => {
    const { key, cells } = difference;
    if (cells !== undefined) return ofBoth(key, () => cells.some((cell) => differIn(cell, type.base, type.live)));
    const { base, damaged, watched } = difference;
    if (base !== undefined && damaged !== undefined)
      return ofBoth(key, () => differ(base, damaged, type.base, type.live) || differing(watched.base ?? {}, watched.damaged ?? {}).length > 0);
    if (base === undefined && extra?.has(key) !== true && (!baseCensus || within(unreadable.base, key))) return 'unproved';
    if (damaged === undefined && (!damagedCensus || within(unreadable.damaged, key))) return 'unproved';
    if (isOutside(key)) return 'outside';
    const kind = base === undefined ? 'created' : 'deleted';
    if (chosen?.hasRecord(object, key) === false || filters.only?.includes(kind) === false) return kind === 'deleted' ? 'not-looked-for' : 'outside';
    if (filters.fields !== undefined) return 'outside';
    return base !== undefined || filters.deleteCreated ? 'wanted' : 'nothing';
  };
}

function within(damages: readonly Damage[], key: string): boolean {
  return damages.some(
    ({ firstKey, lastKey, order }) => firstKey !== undefined && lastKey !== undefined && liesWithin(order ?? 'text', key, firstKey, lastKey),
  );
}

function unreadableConflict(object: string, side: 'base' | 'damaged', damage: Damage): PlanConflict {
  const first = damage.firstKey ?? '?';
  const last = damage.lastKey ?? '?';
  const what = side === 'base' ? 'The base snapshot' : 'The snapshot of the damage';
  const message = `${what} cannot be read for ${object} ${first} to ${last} (${damage.rows === undefined ? 'some records' : counted(damage.rows, 'records')}, ${damage.entry}): ${damage.why}. These are left as they are.`;
  return conflictOf('base-unreadable', { object, key: first, field: `${side}:${first}..${last}` }, message, 'leave these records as they are');
}
