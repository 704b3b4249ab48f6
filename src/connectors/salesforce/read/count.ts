import type { CallOptions } from '../../../lib/index.js';
import type { CountRequest } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { quoted, timeOf } from '../wire/soql.js';
import { stampOf } from './changed.js';
import { countOf, rowsOf } from './query.js';
import { keyOf } from './records.js';

/** How many records were created or changed last in a stretch of time: one query, with a writer two; see `Connector.count`. */
export async function count(api: SalesforceApi, { schema, event, from, to, writer }: CountRequest, call: CallOptions): Promise<number | undefined> {
  const names = new Set(schema.fields.map(({ name }) => name));
  const at = event === 'created' ? 'CreatedDate' : stampOf(schema);
  const by = event === 'created' ? 'CreatedById' : 'LastModifiedById';
  if (at === undefined || !names.has(at) || (event === 'changed' && at === 'CreatedDate') || (writer !== undefined && !names.has(by)))
    return undefined;
  const where = [`${at} >= ${timeOf(from)}`, `${at} < ${timeOf(to)}`];
  if (writer === undefined) return await countOf(api, { object: schema.object, where }, call);
  const id = await userOf(api, writer, call);
  return id === undefined ? undefined : await countOf(api, { object: schema.object, where: [...where, `${by} = ${quoted(id)}`] }, call);
}

/** Writers are named by their user names. */
async function userOf(api: SalesforceApi, writer: string, call: CallOptions): Promise<string | undefined> {
  for await (const { rows } of rowsOf(api, { names: ['Id'], object: 'User', where: [`Username = ${quoted(writer)}`] }, call))
    for (const row of rows) return keyOf(api, row);
  return undefined;
}
