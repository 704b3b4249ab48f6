import type { DifferenceClass } from '../types.js';
import { type Decimal, decimalText, rounded } from './decimal.js';

/** A column of a view, and the field of the platform that it is made of. */
export interface ViewColumn {
  readonly column: string;
  readonly field: string;
}

/** How a view of another tool is made of records: grouped by some fields, with counts and sums. */
export interface ViewSpec {
  readonly group: readonly ViewColumn[];
  /** The column that counts records. */
  readonly count?: string;
  readonly sums: readonly ViewColumn[];
  /** What stands before the fraction of a number in the view; absent: only numbers that can be read in one way are understood. */
  readonly decimal?: '.' | ',';
  /** Only records that hold these values. */
  readonly only: readonly { readonly field: string; readonly value: string }[];
}

/** Numbers of one group. */
export interface Totals {
  readonly count: number;
  /** In the order of `sums`. */
  readonly sums: readonly Decimal[];
}

/** Numbers of one group as a view shows them; undefined where a cell holds no number. */
export interface ShownTotals {
  readonly line: number;
  readonly count?: Decimal | undefined;
  readonly sums: readonly (Decimal | undefined)[];
}

/** A group in which a view and the platform say two things. The platform is what counts. */
export interface ViewDifference {
  readonly class: Extract<DifferenceClass, 'missing' | 'extra' | 'twice' | 'value' | 'unreadable' | 'in-flight'>;
  /** Values of the group. */
  readonly group: readonly string[];
  /** Of a number. */
  readonly column?: string;
  readonly platform?: string;
  readonly view?: string;
}

/** Groups that may be as they are since records were changed after the view was made. */
export interface Changed {
  /** Records that were changed since. */
  readonly records: number;
  /** Groups that such a record is in now. */
  readonly groups: ReadonlySet<string>;
}

/** Text that tells groups apart. */
export const groupKey = (group: readonly string[]): string => JSON.stringify(group);

/** What tools show in the place of nothing. */
const NOTHING = new Set(['(no value)', '(blank)', '(empty)', '(null)', '-', 'null']);

/** The rows of a view by the groups that they are of: a word for nothing is a value where records hold that very word. */
function byMeaning(
  platform: ReadonlyMap<string, Totals>,
  view: ReadonlyMap<string, readonly ShownTotals[]>,
): ReadonlyMap<string, readonly ShownTotals[]> {
  const rows = new Map<string, readonly ShownTotals[]>();
  for (const [key, some] of view) {
    const group = JSON.parse(key) as readonly string[];
    const meant = platform.has(key) ? key : groupKey(group.map((text) => (NOTHING.has(text.toLowerCase()) ? '' : text)));
    rows.set(meant, [...(rows.get(meant) ?? []), ...some]);
  }
  return rows;
}

/** What differs between a view and the platform, group by group. Pure. */
export function compareView(
  spec: ViewSpec,
  platform: ReadonlyMap<string, Totals>,
  shownAs: ReadonlyMap<string, readonly ShownTotals[]>,
  changed: Changed,
): readonly ViewDifference[] {
  const view = byMeaning(platform, shownAs);
  const found: ViewDifference[] = [];
  for (const key of new Set([...platform.keys(), ...view.keys()])) {
    const group = JSON.parse(key) as readonly string[];
    const [totals, shown] = [platform.get(key), view.get(key)];
    const [first] = shown ?? [];
    if (totals === undefined) found.push({ class: moving(changed, key, 0) ? 'in-flight' : 'extra', group });
    else if (first === undefined) found.push({ class: moving(changed, key, totals.count) ? 'in-flight' : 'missing', group });
    else if (shown !== undefined && shown.length > 1) found.push({ class: 'twice', group });
    else found.push(...numbersOf(spec, key, totals, first, changed));
  }
  return found;
}

function numbersOf(spec: ViewSpec, key: string, totals: Totals, shown: ShownTotals, changed: Changed): readonly ViewDifference[] {
  const group = JSON.parse(key) as readonly string[];
  const numbers = [
    ...(spec.count === undefined ? [] : [{ column: spec.count, own: { digits: BigInt(totals.count), scale: 0 }, theirs: shown.count }]),
    ...spec.sums.map(({ column }, n) => ({ column, own: totals.sums[n] ?? { digits: 0n, scale: 0 }, theirs: shown.sums[n] })),
  ];
  return numbers.flatMap(({ column, own, theirs }): readonly ViewDifference[] => {
    const platform = decimalText(own);
    if (theirs === undefined) return [{ class: 'unreadable', group, column, platform }];
    // A view shows as many digits as it has room for, and a sum of floating numbers is right in the first of them only.
    const scale = scaleOf(theirs);
    if (rounded(own, scale).digits === rounded(theirs, scale).digits) return [];
    const apart = column === spec.count ? Math.abs(Number(own.digits - theirs.digits)) : Infinity;
    return [{ class: moving(changed, key, apart) ? 'in-flight' : 'value', group, column, platform, view: decimalText(theirs) }];
  });
}

/** Digits that a floating number keeps. */
const FLOATING_DIGITS = 15;

/** How many digits after the point count: those that the view shows, where these are no more than a floating number keeps. */
function scaleOf({ digits, scale }: Decimal): number {
  const all = (digits < 0n ? -digits : digits).toString().length;
  return Math.max(0, all <= FLOATING_DIGITS ? scale : scale - (all - FLOATING_DIGITS));
}

/** Whether what changed since may explain it: a record of the group did, or as many records as it is apart. */
function moving({ records, groups }: Changed, key: string, apart: number): boolean {
  return groups.has(key) || (apart > 0 && apart <= records);
}
