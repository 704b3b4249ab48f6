import type { TrueValues } from '../../sandbox.js';
import type { Values } from './record.js';

/** Values as texts: the options of a set are sorted, since their order means nothing. */
export function textOf(values: Values): TrueValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/** Whatever came over the wire, as a text; nothing is the empty one. */
export function said(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
