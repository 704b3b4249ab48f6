import type { CallOptions } from '../../../lib/index.js';
import type { BetweenRequest, BetweenSample, WrittenBatch, WrittenRequest } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { isPage, type WirePage } from '../wire/shapes.js';
import { timeOf } from '../wire/soql.js';
import { changedSince, stampOf } from './changed.js';
import { goneSince } from './deletions.js';
import { historyBegins, historyObjectOf } from './history.js';
import type { Asked } from './keys.js';
import { countOf, type Query, rowsOf, withArchived } from './query.js';
import { keyOf } from './records.js';

/** Keys of what may have been written since a time; see `Connector.writtenSince`. Requests: one for 2000 keys, and two. */
export async function* writtenSince(
  api: SalesforceApi,
  { wire, schema }: Asked,
  { since, only }: WrittenRequest,
  call: CallOptions,
): AsyncGenerator<WrittenBatch> {
  const { object } = schema;
  if (only !== 'keys') yield { total: await countOf(api, { object }, call) };
  if (only === 'total') return;
  for await (const { rows } of rowsOf(api, { names: ['Id'], object, where: changedSince(schema, since) }, call))
    yield { keys: rows.map((row) => keyOf(api, row)) };
  for await (const gone of goneSince(api, { wire, schema }, since, call)) yield { gone };
  if (only !== undefined) return;
  const stamp = stampOf(schema);
  if (stamp !== undefined && wire.fields?.some(({ name }) => name === 'IsDeleted') === true)
    yield { deleted: await countOf(api, { object, where: ['IsDeleted = true', `${stamp} >= ${timeOf(since)}`], all: true }, call) };
  yield { begins: historyObjectOf(wire) === undefined ? null : historyBegins(api.now() ?? api.clock.now()) };
}

/** Records whose last change lies in a stretch of time, the latest first: one request. */
export async function writtenBetween(
  api: SalesforceApi,
  { schema, from, to, most }: BetweenRequest,
  call: CallOptions,
): Promise<BetweenSample | undefined> {
  const stamp = stampOf(schema);
  if (stamp === undefined) return undefined;
  const within = [`${stamp} >= ${timeOf(from)}`, `${stamp} <= ${timeOf(to)}`];
  const { where, all } = withArchived<Omit<Query, 'names'>>({ object: schema.object, where: within });
  const soql = `SELECT Id FROM ${schema.object} WHERE ${(where ?? within).join(' AND ')} ORDER BY ${stamp} DESC LIMIT ${String(most)}`;
  const page = (await api.get(api.queryPath(soql, all), isPage, call)) as WirePage;
  return { keys: page.records.map((row) => keyOf(api, row)) };
}
