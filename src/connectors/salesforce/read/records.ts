import type { ObjectSchema, PlatformRecord, Value } from '../../../records/index.js';
import { setOwn } from '../../../records/index.js';
import type { SalesforceApi } from '../wire/api.js';
import { idIn } from '../wire/ids.js';
import type { WireRecord } from '../wire/shapes.js';
import { fromPlatform, Misfit } from '../wire/values.js';

/** Names of the fields to ask for: those of the schema, and no other. */
export function namesOf(schema: ObjectSchema): readonly string[] {
  return ['Id', ...schema.fields.map(({ name }) => name)];
}

/** The key of a record in an answer. Throws `platform-nonsense`. */
export function keyOf(api: SalesforceApi, wire: WireRecord): string {
  const key = idIn(wire['Id']);
  if (key === undefined) throw api.nonsense('a record has no Id');
  return key;
}

/** A record in canonical form. Throws `platform-nonsense` where a field has not the type that is described. */
export function recordOf(api: SalesforceApi, schema: ObjectSchema, wire: WireRecord): PlatformRecord {
  const fields: Record<string, Value> = {};
  const meta: Record<string, Value> = {};
  const key = keyOf(api, wire);
  try {
    for (const field of schema.fields) setOwn(field.readOnly ? meta : fields, field.name, fromPlatform(field, wire[field.name]));
  } catch (error) {
    if (error instanceof Misfit) throw api.nonsense(`of ${schema.object} ${key}, ${error.message}`);
    throw error;
  }
  return { key, fields, meta };
}
