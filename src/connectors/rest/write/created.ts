import { type CallOptions, canonicalJson } from '../../../lib/index.js';
import type { Fields, PlatformRecord } from '../../../records/index.js';
import type { CreatedLookup, CreateMutation } from '../../connector.js';
import { createdAmong } from '../../http/created.js';
import { type LookingUp, whenSettled } from '../../http/settled.js';
import { readAll, readKeys } from '../read/read.js';
import type { Type } from '../read/record.js';

/** Times may be told in whole seconds. */
const ROUNDED_MS = 1000;

/**
 * What became of creates whose answer was lost: what was made since with just these values, or has their key. `unknown` where
 * the platform tells neither.
 */
export async function findCreated(type: Type, mutations: readonly CreateMutation[], since: Date, call: LookingUp): Promise<readonly CreatedLookup[]> {
  if (mutations.length === 0) return [];
  const look = async (): Promise<readonly CreatedLookup[]> =>
    type.of.create_with_key ? await byKey(type, mutations, call) : await byValues(type, mutations, since, call);
  return await whenSettled(type.api, look, call.lastSentAt ?? since, call);
}

async function byValues(type: Type, mutations: readonly CreateMutation[], since: Date, call: CallOptions): Promise<readonly CreatedLookup[]> {
  const { created } = type.of;
  if (created === undefined) return mutations.map(() => ({ state: 'unknown' }));
  const from = since.getTime() - ROUNDED_MS;
  const recent: PlatformRecord[] = [];
  for await (const { records } of readAll(type, new Date(from), call)) {
    for (const record of records) {
      const at = record.meta[created] ?? record.fields[created];
      const made = typeof at === 'string' ? Date.parse(at) : Number.NaN;
      if (Number.isNaN(made)) return mutations.map(() => ({ state: 'unknown' }));
      if (made >= from) recent.push(record);
    }
  }
  const names = [...new Set(mutations.flatMap(({ set }) => Object.keys(set)))].sort();
  const valuesOf = (fields: Fields): string =>
    canonicalJson(Object.fromEntries(names.flatMap((name) => ((fields[name] ?? '') === '' ? [] : [[name, fields[name]] as const]))));
  const slots = mutations.map(({ set }, index) => ({ index, values: valuesOf(set) }));
  const found = createdAmong(slots, recent, {
    alike: ({ values }) => values,
    fits: ({ values }, { fields }) => values === valuesOf(fields),
    keyOf: ({ key }) => key,
  });
  return mutations.map((_, index) => found.get(index) ?? { state: 'absent' });
}

async function byKey(type: Type, mutations: readonly CreateMutation[], call: CallOptions): Promise<readonly CreatedLookup[]> {
  const there = new Set<string>();
  for await (const { records } of readKeys(
    type,
    mutations.map(({ key }) => key),
    undefined,
    call,
  ))
    for (const { key } of records) there.add(key);
  return mutations.map(({ key }) => (there.has(key) ? { state: 'created', key } : { state: 'absent' }));
}
