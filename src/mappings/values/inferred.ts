import type { FieldType } from '../../records/index.js';
import type { ValueKind } from '../document/kinds.js';

/** The types of both fields, in the order of the sides. */
export type TypePair = readonly [FieldType, FieldType];

/** What kind of value two fields hold where the mapping does not say: by their types. */
export function inferredKind(types: TypePair | undefined): ValueKind {
  if (types === undefined) return { kind: 'text' };
  const has = (...wanted: readonly FieldType[]): boolean => types.some((type) => wanted.includes(type));
  if (has('set')) return { kind: 'list' };
  if (has('boolean')) return { kind: 'boolean' };
  if (has('number', 'integer')) return { kind: 'number' };
  if (has('date')) return { kind: 'date' };
  if (has('datetime')) return { kind: 'datetime' };
  if (has('time')) return { kind: 'time' };
  if (has('json')) return { kind: 'json' };
  if (has('bytes')) return { kind: 'exact' };
  return { kind: 'text' };
}
