import type { FieldSchema, ObjectSchema, Value } from '../../../records/index.js';
import type { CreateMutation, MutationResult, UpdateMutation } from '../../connector.js';
import { type Place, rejection, type Results } from '../../http/batch.js';
import { unsendable } from '../../http/unsendable.js';
import type { SalesforceApi } from '../wire/api.js';
import { wholeId } from '../wire/ids.js';
import { alteredOnTheWay, toPlatform } from '../wire/values.js';

/** One mutation on its way, with its fields as they are sent. */
export interface Slot<M> extends Place {
  readonly mutation: M;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Mutations that may be sent; the others are settled at once. */
export function sendable<M extends UpdateMutation | CreateMutation>(
  api: SalesforceApi,
  mutations: readonly M[],
  results: Results,
): readonly Slot<M>[] {
  const [first] = mutations;
  if (first === undefined) return [];
  const schema = writableAs(first);
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  return mutations.flatMap((mutation, index): Slot<M>[] => {
    const refused = refusalOf(api, mutation, schema, fields);
    if (refused !== undefined) results.set({ index }, refused);
    return refused === undefined ? [{ index, mutation, row: rowOf(mutation, fields) }] : [];
  });
}

/** A new record can be given what an old one cannot. */
function writableAs({ action, schema }: UpdateMutation | CreateMutation): ObjectSchema {
  if (action === 'update') return schema;
  const given = (field: FieldSchema): FieldSchema => (field.givenOnCreate === true ? { ...field, readOnly: false } : field);
  return { ...schema, fields: schema.fields.map(given) };
}

function refusalOf(
  api: SalesforceApi,
  mutation: UpdateMutation | CreateMutation,
  schema: ObjectSchema,
  fields: ReadonlyMap<string, FieldSchema>,
): MutationResult | undefined {
  const { object } = mutation.schema;
  const refused = unsendable({ schema, set: mutation.set }, api.words, textIn);
  if (refused !== undefined) return refused;
  if (mutation.action === 'update' && wholeId(mutation.key) !== mutation.key) return gone(object, mutation.key);
  for (const [name, value] of Object.entries(mutation.set)) {
    const field = fields.get(name);
    const altered = alteredOnTheWay(value) ?? (field && (maskIn(field, value) ?? unsayable(field, value, mutation.action)));
    if (altered !== undefined) return rejection('rejected', `The value of ${name} ${altered}`, undefined, [name]);
  }
  return undefined;
}

/** All text of a value. */
function textIn(value: Value): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(textIn).join('') : '';
}

/**
 * All masked but four characters at most, with what stands between groups (object reference: types of masks). One X alone begins too many
 * texts that people write.
 */
const MASK = /^(?:\*|X[ -]?X)(?:[ -]?[*X])*[ -]?[^*X]{0,4}$/u;

/** A mask that was saved in place of a text would be written as it stands: Salesforce takes it from who may not see the text either. */
function maskIn({ masked }: FieldSchema, value: Value): string | undefined {
  return masked === true && typeof value === 'string' && MASK.test(value) ? 'is a mask that stands for the text, which is not known' : undefined;
}

/** Why a value cannot be said of a field; undefined where it can. */
function unsayable(field: FieldSchema, value: Value, action: 'update' | 'create'): string | undefined {
  const sent = toPlatform(field, value);
  if (sent === undefined) return `is not of the type ${field.type}`;
  return sent === null && field.type === 'boolean' && action === 'update' ? 'is empty, and a check box never is' : undefined;
}

function rowOf(
  { action, key, schema, set }: UpdateMutation | CreateMutation,
  fields: ReadonlyMap<string, FieldSchema>,
): Readonly<Record<string, unknown>> {
  const row: Record<string, unknown> = { attributes: { type: schema.object } };
  if (action === 'update') row['id'] = key;
  for (const [name, value] of Object.entries(set)) {
    const field = fields.get(name);
    const sent = field === undefined ? undefined : toPlatform(field, value);
    // A new record needs no field emptied.
    if (sent === undefined || (sent === null && action === 'create')) continue;
    row[name] = sent;
  }
  return row;
}

/** The result for a record that is not there. */
export function gone(object: string, key: string): MutationResult {
  return rejection('deleted-later', `There is no ${object} ${key}`);
}

/** Names of the fields of an object type. */
export function namesIn({ fields }: Pick<ObjectSchema, 'fields'>): ReadonlySet<string> {
  return new Set(fields.map(({ name }) => name));
}
