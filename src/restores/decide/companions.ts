import { ownValue, setOwn, type Fields, type ObjectSchema } from '../../records/index.js';
import type { FieldMove } from '../types.js';
import { fieldOf } from './conflicts.js';

/**
 * The fields of an update, with those that the platform would set by itself when these are written: they are written
 * along with the value they hold now, so that they keep it (G27).
 */
export function withCompanions(schema: ObjectSchema, fields: Readonly<Record<string, FieldMove>>, live: Fields): Readonly<Record<string, FieldMove>> {
  let all: Record<string, FieldMove> | undefined;
  for (const name of Object.keys(fields))
    for (const other of fieldOf(schema, name)?.setsAlso ?? []) {
      if (ownValue(all ?? fields, other) !== undefined || fieldOf(schema, other)?.readOnly !== false) continue;
      const value = ownValue(live, other) ?? null;
      setOwn((all ??= { ...fields }), other, { from: value, to: value, keeps: true });
    }
  return all ?? fields;
}
