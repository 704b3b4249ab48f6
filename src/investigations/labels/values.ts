import type { Cell } from '../types.js';

/** True for what counts as nothing: not given, null, the empty text, the empty set. */
export function isEmpty(value: Cell): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** A value as a text that is the same for the same value: to count and to look up. */
export function textOf(value: Cell): string {
  return typeof value === 'string' ? value : isEmpty(value) ? '' : JSON.stringify(value);
}

/** A value as a number; undefined where it is none. */
export function numberOf(value: Cell): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^[+-]?\d{1,15}(?:\.\d+)?$/u.test(value)) return undefined;
  return Number(value);
}

const DAY = /^(\d{4})-(\d\d)-(\d\d)(?:$|[ T])/u;

/** Milliseconds since 1970 of a day or a time; undefined where the value is none. */
export function timeOf(value: Cell): number | undefined {
  if (typeof value !== 'string' || !DAY.test(value)) return undefined;
  const ms = Date.parse(value.includes(' ') ? value.replace(' ', 'T') : value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The parts of a day; undefined where the value is none. */
export function dayOf(value: Cell): { readonly year: string; readonly month: string; readonly day: string; readonly rest: string } | undefined {
  if (typeof value !== 'string') return undefined;
  const match = DAY.exec(value);
  return match === null ? undefined : { year: match[1] ?? '', month: match[2] ?? '', day: match[3] ?? '', rest: value.slice(10) };
}

/** How often each value occurs. */
export function countsOf(values: Iterable<Cell>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) {
    const text = textOf(value);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

/** Variety of values in bits: 0 where all are the same, 3 where there are eight that are as frequent. */
export function bitsOf(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  let bits = 0;
  for (const count of counts.values()) bits -= (count / total) * Math.log2(count / total);
  return bits;
}
