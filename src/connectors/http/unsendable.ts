import type { Fields, ObjectSchema, Value } from '../../records/index.js';
import type { MutationResult } from '../connector.js';
import { type Refusal, rejection } from './batch.js';
import type { Words } from './words.js';

/**
 * A surrogate without its other half: it cannot be said in UTF-8, and so not in JSON either. Something else would
 * arrive.
 */
const BROKEN = /\p{Surrogate}/u;

/**
 * The refusal that is certain without asking, with every field that it is about: one that is not there, one that nobody
 * can write, one with a text that would not arrive as it is. Undefined where it can be sent. `textOf`: a value as it is
 * sent.
 */
export function unsendable(
  { schema, set }: { readonly schema: ObjectSchema; readonly set: Fields },
  { name: vendor }: Pick<Words, 'name'>,
  textOf: (value: Value) => string = String,
): MutationResult | undefined {
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  const refusals = Object.entries(set).flatMap(([name, value]): Refusal[] => {
    const field = fields.get(name);
    const about = { fields: [name] };
    if (!field) return [{ ...about, reason: 'field-removed', message: `${vendor} has no field ${name} on ${schema.object}` }];
    if (field.readOnly) return [{ ...about, reason: 'read-only', message: `${vendor} does not allow writing the field ${name} of ${schema.object}` }];
    if (!BROKEN.test(textOf(value))) return [];
    return [{ ...about, reason: 'rejected', message: `The value of ${name} contains half a character, which cannot be sent to ${vendor}` }];
  });
  const [first] = refusals;
  const names = refusals.flatMap((refusal) => refusal.fields ?? []);
  return first && rejection(first.reason, first.message, undefined, names);
}
