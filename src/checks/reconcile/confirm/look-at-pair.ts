import { canonicalJson } from '../../../lib/index.js';
import type { SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import { type ComparedField, type Comparison, mappedValue, matchForms } from '../rows/columns.js';
import type { FieldDifference } from '../types.js';

/** What a look at one field of a pair found; undefined where both sides say the same. */
export interface FieldLook {
  readonly class: 'value' | 'order' | 'unreadable';
  readonly found: FieldDifference;
  /** Both values, as a text. */
  readonly seen: string;
}

/** Compares one field of two records. Pure. */
export function lookAtField(one: ComparedField, left: PlatformRecord, right: PlatformRecord): FieldLook | undefined {
  const { names, flow } = one.field;
  const values = [mappedValue(left, names[0]), mappedValue(right, names[1])] as const;
  const verdict = one.comparer.verdict(...values);
  if (verdict === 'same' || (verdict === 'order' && !one.ordered)) return undefined;
  const authority: { authority?: SideIndex } = flow.kind === 'one-way' ? { authority: flow.from } : {};
  const why = WHY[verdict];
  return {
    class: verdict === 'order' ? 'order' : verdict === 'no-counterpart' ? 'unreadable' : 'value',
    found: { field: one.place, values, ...authority, ...(why === undefined ? {} : { why }) },
    seen: canonicalJson(values.map((value) => value ?? null)),
  };
}

const WHY: Readonly<Record<string, string | undefined>> = {
  'no-counterpart': 'the mapping has no counterpart for an option',
  refused: 'the side that counts is empty, which the mapping says is never right',
  order: 'the same elements in another order',
};

/** Whether two records still belong together, by any way of matching. */
export function belongTogether(comparison: Comparison, left: PlatformRecord, right: PlatformRecord): boolean {
  const [a, b] = [matchForms(comparison, 0, left), matchForms(comparison, 1, right)];
  return a.some((form, way) => form !== undefined && form === b[way]);
}
