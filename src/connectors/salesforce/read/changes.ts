import { type CallOptions, counted } from '../../../lib/index.js';
import type { ChangeBatch, ChangesRequest } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import type { WireObject } from '../wire/shapes.js';
import { timeOf } from '../wire/soql.js';
import { readAll } from './all.js';
import { changedSince, OVERLAP_MS, stampOf } from './changed.js';
import type { Asked } from './keys.js';
import { countOf, rowsOf } from './query.js';
import { keyOf } from './records.js';

/**
 * What became of the records that were there at a time; see `Connector.readChanges`. Their stamps tell what was written, the recycle bin
 * what was deleted. What was deleted past the bin, or came back out of it with an old stamp, neither tells: so the records that ought to
 * be there are counted against what Salesforce counts. And where a record was deleted that others may refer to, their references were
 * emptied without a stamp: then all of it is unclear.
 *
 * Requests: one for 2000 changed records, one for 2000 deleted ones, one more, and one for each object type that is referred to.
 */
export async function* readChanges(
  api: SalesforceApi,
  of: Asked,
  { since, known, most }: ChangesRequest,
  wireOf: (object: string) => Promise<WireObject>,
  call: CallOptions,
): AsyncGenerator<ChangeBatch> {
  const { schema, wire } = of;
  const where = changedSince(schema, since);
  const stamp = stampOf(schema);
  if (where.length === 0 || stamp === undefined || !hasBin(wire)) return yield { unclear: 'Salesforce does not tell when they were changed' };
  const emptied = await emptiedBy(api, of, since, wireOf, call);
  if (emptied !== undefined) return yield { unclear: emptied };
  const changed = new Set<string>();
  for await (const { records } of readAll(api, { ...of, mayUseJobs: false }, where, call)) {
    for (const { key } of records) changed.add(key);
    if (changed.size > most) return yield { unclear: `more than ${counted(most, 'records')} have changed` };
    yield { changed: records };
  }
  const deleted = new Set<string>();
  const inBin = { names: ['Id'], object: schema.object, where: ['IsDeleted = true', ...where], all: true };
  for await (const { rows } of rowsOf(api, inBin, call)) for (const row of rows) deleted.add(keyOf(api, row));
  let count = 0;
  const gone: string[] = [];
  const fresh = new Set(changed);
  for await (const keys of known) {
    count += keys.length;
    for (const key of keys) {
      fresh.delete(key);
      if (deleted.has(key)) gone.push(key);
    }
  }
  for (const key of deleted) fresh.delete(key);
  const expected = count + fresh.size - gone.length;
  const there = await countOf(api, { object: schema.object }, call);
  if (there === expected) yield { gone };
  else yield { unclear: `Salesforce counts ${String(there)} records, and what it says of changes comes to ${String(expected)}` };
}

function hasBin({ fields = [] }: WireObject): boolean {
  return fields.some(({ name }) => name === 'IsDeleted');
}

/** Why references may have been emptied without a stamp; undefined where none was. */
async function emptiedBy(
  api: SalesforceApi,
  { schema, wire }: Asked,
  since: Date,
  wireOf: (object: string) => Promise<WireObject>,
  call: CallOptions,
): Promise<string | undefined> {
  const names = new Set(schema.fields.map(({ name }) => name));
  const clearable = (wire.fields ?? []).filter(({ name, type, nillable }) => type === 'reference' && nillable === true && names.has(name));
  for (const target of new Set(clearable.flatMap(({ referenceTo = [] }) => referenceTo))) {
    const parent = await wireOf(target);
    if (!hasBin(parent) || parent.deletable !== true || parent.queryable === false) continue;
    const from = timeOf(new Date(since.getTime() - OVERLAP_MS));
    const where = ['IsDeleted = true', `SystemModstamp >= ${from}`];
    if ((await countOf(api, { object: target, where, all: true }, call)) > 0)
      return `records of ${target} were deleted, and what refers to them is emptied without a trace`;
  }
  return undefined;
}
