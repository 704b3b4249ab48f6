import type { Style } from '../text/style.js';

/** A small chart in one line; `·` where it is not known. Nothing where nothing is known. `full`: the value of the highest sign. */
export function spark(values: readonly (number | null)[], { levels, glyph, accessible }: Style, full?: number): string {
  const known = values.filter((value) => value !== null);
  if (accessible || known.length === 0) return '';
  const most = Math.max(...known, full ?? 0);
  const place = (value: number): number => (most <= 0 ? 0 : Math.min(levels.length - 1, Math.round((value / most) * (levels.length - 1))));
  return values.map((value) => (value === null ? glyph.pending : (levels[place(Math.max(0, value))] ?? ''))).join('');
}
