import { ApiFailure, notFound, refused } from '../failure.js';
import type { ObjectType } from '../schema/object-type.js';
import { fieldOf } from '../schema/schema.js';
import type { Sent } from '../state/draft.js';
import type { Manner, Org } from '../state/org.js';
import { accept } from '../state/values.js';

/** What a write that worked is answered with. */
export const saved = (id: string): { readonly id: string; readonly success: true; readonly errors: readonly [] } => ({
  id,
  success: true,
  errors: [],
});

/** The live records that have a value of a field by which records are found. Throws 404 where the field is no such. */
export function valueOfKey(org: Org, object: ObjectType, name: string, value: string): readonly string[] {
  const field = fieldOf(object, name);
  if (!field?.idLookup || !org.sees(object.name, field.name))
    throw new ApiFailure(404, 'NOT_FOUND', `Provided external ID field does not exist or is not accessible: ${name}`);
  const key = accept(object, field, value, 'text');
  if (key === null) throw notFound();
  return org.tables.byValue(object, field.name, key);
}

/** What became of it: written, or undecided between several records. */
export type Upserted = { readonly id: string; readonly created: boolean } | { readonly choices: readonly string[] };

/** Changes the record with this external id, or makes it. */
export function upsertBy(org: Org, object: ObjectType, name: string, value: string, sent: Sent, manner: Manner): Upserted {
  const field = fieldOf(object, name);
  if (value === '') throw refused('MISSING_ARGUMENT', `${name} not specified`, []);
  const ids = valueOfKey(org, object, name, value);
  if (ids.length > 1) return { choices: ids };
  const [held] = ids;
  if (held !== undefined) return { id: org.update(object, held, sent, manner).id, created: false };
  return { id: org.create(object, { ...sent, [field?.name ?? name]: value }, manner).id, created: true };
}
