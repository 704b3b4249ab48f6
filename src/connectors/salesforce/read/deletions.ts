import { type CallOptions, chunksOf, defined } from '../../../lib/index.js';
import { ownValue, setOwn, type Value } from '../../../records/index.js';
import type { RecordHistory } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { wholeId } from '../wire/ids.js';
import type { WireRecord } from '../wire/shapes.js';
import { changedSince, stampOf } from './changed.js';
import { HISTORY_BATCH, historiesOf } from './history.js';
import type { Asked } from './keys.js';
import { fits, piecesOf, type Query, rowsOf } from './query.js';
import { keyOf, namesOf, recordOf } from './records.js';
import type { Writers } from './writers.js';

/**
 * Of those records that are in the recycle bin: who deleted them, when, and what they held in some fields. Salesforce tells who deleted
 * a record as who modified it last. What was merged away was not deleted. Requests: one for some hundred records, and that of their
 * history.
 */
export async function deletionsOf(
  api: SalesforceApi,
  of: Asked,
  keys: readonly string[],
  names: readonly string[],
  writers: Writers,
  call: CallOptions,
): Promise<ReadonlyMap<string, RecordHistory>> {
  const told = new Map<string, RecordHistory>();
  const stamp = stampOf(of.schema);
  if (!binOf(of) || stamp === undefined || !has(of, 'LastModifiedById')) return told;
  const query: Query = { names: namesOf(of.schema), object: of.schema.object, where: ['IsDeleted = true'], all: true };
  // Too many fields for an address: their values are not told.
  if (!fits(api, { ...query, where: ['IsDeleted = true', `Id IN ('${'x'.repeat(18)}')`] })) return told;
  const asked = keys.filter((key) => wholeId(key) === key);
  for (const some of chunksOf(asked, HISTORY_BATCH)) {
    const rows: WireRecord[] = [];
    for (const piece of piecesOf(api, query, 'Id', some)) for await (const page of rowsOf(api, piece, call)) rows.push(...page.rows);
    const records = rows.filter((row) => !isMerged(row)).map((row) => recordOf(api, of.schema, row));
    const histories = await historiesOf(api, of, records, names, writers, call, true);
    const by = (one: (typeof records)[number]): string | undefined => idOf(ownValue(one.meta, 'LastModifiedById'));
    await writers.know(
      records.flatMap((one) => by(one) ?? []),
      call,
    );
    for (const record of records) {
      const held: Record<string, Value> = {};
      for (const name of names) {
        const value = ownValue(record.fields, name) ?? ownValue(record.meta, name);
        if (value !== undefined) setOwn(held, name, value);
      }
      const [id, at] = [by(record), ownValue(record.meta, stamp)];
      const writer = id === undefined ? undefined : (writers.named(id)?.name ?? id);
      told.set(record.key, {
        ...(histories.get(record.key) ?? { fields: {} }),
        deleted: { held, ...defined({ writer, at: typeof at === 'string' ? at : undefined }) },
      });
    }
  }
  return told;
}

/** Keys of what went into the recycle bin since a time and is there now, and not because it was merged. */
export async function* goneSince(api: SalesforceApi, of: Asked, since: Date, call: CallOptions): AsyncGenerator<readonly string[]> {
  const stamp = stampOf(of.schema);
  if (!binOf(of) || stamp === undefined) return;
  const names = ['Id', ...(has(of, 'MasterRecordId') ? ['MasterRecordId'] : [])];
  const where = ['IsDeleted = true', ...changedSince(of.schema, since)];
  for await (const { rows } of rowsOf(api, { names, object: of.schema.object, where, all: true }, call))
    yield rows.filter((row) => !isMerged(row)).map((row) => keyOf(api, row));
}

const has = ({ wire }: Asked, name: string): boolean => wire.fields?.some((field) => field.name === name) === true;
const binOf = (of: Asked): boolean => has(of, 'IsDeleted');
const isMerged = (row: WireRecord): boolean => typeof row['MasterRecordId'] === 'string';
const idOf = (value: unknown): string | undefined => (typeof value === 'string' ? wholeId(value) : undefined);
