import { sameValue, type Fields, type PlatformRecord, type Value } from '../../../records/index.js';
import type { CreateMutation, MutationResult, UpdateMutation } from '../../connector.js';
import { type Place, rejection, type Results } from '../../http/batch.js';
import { unsendable } from '../../http/unsendable.js';
import type { Type } from '../read/record.js';
import { putAt } from '../wire/paths.js';
import { canBeKey, wireOf } from '../wire/values.js';

/** One mutation on its way. */
export interface Slot<M> extends Place {
  readonly mutation: M;
  /** What its fields are in JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Mutations that may be sent; the others are settled at once. */
export function sendable<M extends UpdateMutation | CreateMutation>(type: Type, mutations: readonly M[], results: Results): readonly Slot<M>[] {
  return mutations.flatMap((mutation, index) => {
    const refused = refusalOf(type, mutation);
    if (refused !== undefined) results.set({ index }, refused);
    return refused === undefined ? [{ index, mutation, fields: fieldsOf(type, mutation.set) }] : [];
  });
}

function refusalOf(type: Type, mutation: UpdateMutation | CreateMutation): MutationResult | undefined {
  const { api, of, object } = type;
  const refused = unsendable(mutation, api.words, textIn);
  if (refused !== undefined) return refused;
  if (mutation.action === 'update' && !canBeKey(mutation.key, of)) return rejection('deleted-later', `There is no ${object} ${mutation.key}`);
  for (const [name, value] of Object.entries(mutation.set)) {
    const field = of.fields[name];
    if (field === undefined || wireOf(value, field) !== undefined) continue;
    return rejection('rejected', `The value of ${name} cannot be sent to ${api.words.name} as it is`, undefined, [name]);
  }
  return undefined;
}

/** All text of a value. */
function textIn(value: Value): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(textIn).join('') : '';
}

/** Fields as they lie in JSON. */
function fieldsOf({ of }: Type, set: Fields): Readonly<Record<string, unknown>> {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(set)) {
    const field = of.fields[name];
    if (field !== undefined) putAt(made, field.at ?? name, wireOf(value, field));
  }
  return made;
}

/** What an update did, by the record as it is now. */
export function updated({ api }: Type, { key, set, expect }: UpdateMutation, record: PlatformRecord): MutationResult {
  if (record.key !== key) return { status: 'in_doubt', message: `${api.words.name} answered with another record` };
  const stays = Object.keys(set).filter(
    (name) => !same(api.says, record.fields[name], set[name]) && same(api.says, record.fields[name], expect[name]),
  );
  if (stays.length > 0) return rejection('rejected', `${api.words.name} reported success, and ${stays.join(', ')} did not change`, undefined, stays);
  return { status: 'applied', key, record };
}

function same({ empty_is_null }: { readonly empty_is_null: boolean }, a: Value | undefined, b: Value | undefined): boolean {
  const form = (value: Value | undefined): Value | undefined => (empty_is_null && value === '' ? null : value);
  return sameValue(form(a), form(b));
}
