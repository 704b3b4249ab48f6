import type { TrueValues } from '../../sandbox.js';
import type { Values } from './record.js';

/** Values as texts: the options of a set are sorted, since their order means nothing. */
export function textOf(values: Values): TrueValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
