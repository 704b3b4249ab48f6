import type { CallOptions } from '../../../lib/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import type { RecordBatch } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { type Asked, readKeys } from './keys.js';
import { fits, type Query, rowsOf } from './query.js';
import { keyOf, namesOf, recordOf } from './records.js';

/**
 * All records of an object type, or those for which conditions hold, in the order of their ids. Where the list of fields is too long
 * for an address, their ids come from a query, and what they hold from a call whose body may be of any length.
 */
export async function* readAll(api: SalesforceApi, of: Asked, where: readonly string[], call: CallOptions): AsyncGenerator<RecordBatch> {
  const { schema } = of;
  const whole: Query = { names: namesOf(schema), object: schema.object, where };
  if (fits(api, whole)) {
    for await (const { rows, total } of rowsOf(api, whole, call)) yield { records: rows.map((row) => recordOf(api, schema, row)), total };
    return;
  }
  let gone = 0;
  for await (const { rows, total } of rowsOf(api, { ...whole, names: ['Id'] }, call)) {
    const keys = rows.map((row) => keyOf(api, row));
    const records: PlatformRecord[] = [];
    for await (const batch of readKeys(api, of, keys, call)) records.push(...batch.records);
    // What was deleted in between is neither here nor there.
    gone += keys.length - records.length;
    yield { records, total: total - gone };
  }
}
