import type { Mapping, SideIndex } from '../../mappings/index.js';
import { type Difference, DIFFERENCE_CLASSES, type DifferenceCount, FAILURES } from './types.js';

/** How many differences there are of each class, by side or field. Pure. */
export function countsOf(differences: readonly Difference[], { fields }: Pick<Mapping, 'fields'>): readonly DifferenceCount[] {
  const counts = new Map<string, DifferenceCount>();
  const add = (one: Omit<DifferenceCount, 'count'>): void => {
    const name = `${one.class} ${String(one.side)} ${String(one.field)}`;
    counts.set(name, { ...one, count: (counts.get(name)?.count ?? 0) + 1 });
  };
  for (const difference of differences) {
    const { class: name } = difference;
    for (const { field, authority } of difference.fields ?? []) {
      const names = fields[field]?.names;
      add({ class: name, field, ...(names === undefined ? {} : { names }), ...(authority === undefined ? {} : { authority }) });
    }
    if (difference.fields === undefined) {
      const side = sideOf(difference);
      add({ class: name, ...(side === undefined ? {} : { side }) });
    }
  }
  const rank = ({ class: name }: DifferenceCount): number => DIFFERENCE_CLASSES.indexOf(name);
  return [...counts.values()].sort(
    (a, b) => rank(a) - rank(b) || b.count - a.count || (a.field ?? 0) - (b.field ?? 0) || (a.side ?? 0) - (b.side ?? 0),
  );
}

/** The side that lacks a record, or has one too many; undefined where both hold some. */
export function sideOf({ class: name, keys: [left, right] }: Pick<Difference, 'class' | 'keys'>): SideIndex | undefined {
  if (left.length > 0 && right.length > 0) return undefined;
  const holds = left.length > 0 ? 0 : 1;
  return name === 'extra' ? holds : holds === 0 ? 1 : 0;
}

/** True for what is confirmed and wrong. */
export const isFailure = ({ class: name }: Pick<Difference, 'class'>): boolean => FAILURES.includes(name);
