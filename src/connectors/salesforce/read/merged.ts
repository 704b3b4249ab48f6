import type { CallOptions } from '../../../lib/index.js';
import type { MergedAway } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { wholeId } from '../wire/ids.js';
import { changedSince } from './changed.js';
import type { Asked } from './keys.js';
import { fits, type Query, rowsOf } from './query.js';
import { keyOf, namesOf, recordOf } from './records.js';

/**
 * Records that were merged into others since a time: they are in the recycle bin, and name the one that stayed in `MasterRecordId` (object
 * reference of accounts, contacts and leads; other objects cannot be merged). One request for 2000 of them, none where there can be none.
 */
export async function mergedAway(api: SalesforceApi, of: Asked, since: Date, call: CallOptions): Promise<readonly MergedAway[]> {
  const has = (name: string): boolean => of.wire.fields?.some((field) => field.name === name) === true;
  if (!has('MasterRecordId') || !has('IsDeleted')) return [];
  const query = (names: readonly string[]): Query => ({
    names,
    object: of.schema.object,
    where: ['IsDeleted = true', 'MasterRecordId != null', ...changedSince(of.schema, since)],
    all: true,
  });
  const names = namesOf(of.schema);
  // Too many fields for an address: what it held is not told, and where it is by now is.
  const whole = query([...new Set([...names, 'MasterRecordId'])]);
  const tellsAll = fits(api, whole);
  const found: MergedAway[] = [];
  for await (const { rows } of rowsOf(api, tellsAll ? whole : query(['Id', 'MasterRecordId']), call))
    for (const row of rows) {
      const into = typeof row['MasterRecordId'] === 'string' ? wholeId(row['MasterRecordId']) : undefined;
      const record = tellsAll ? recordOf(api, of.schema, row) : { key: keyOf(api, row), fields: {}, meta: {} };
      if (into !== undefined) found.push({ record, into });
    }
  return found;
}
