import { type CallOptions, chunksOf, inOrder } from '../../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../records/index.js';
import type { RecordBatch } from '../../connector.js';
import { isRefusal, REQUESTS_AT_ONCE } from '../../http/api.js';
import { askWhole, demandWhole, type Said } from '../../http/whole.js';
import type { SalesforceApi } from '../wire/api.js';
import { wholeId } from '../wire/ids.js';
import { isObject, type WireRecord } from '../wire/shapes.js';
import { fits, piecesOf, type Query, rowsOf } from './query.js';
import { keyOf, namesOf, recordOf } from './records.js';

/** Ids that one call reads (REST guide: sObject Collections with a request body). */
export const READ_BATCH = 2000;

/** Records by their keys: those that exist, each once. A text that is no id of 18 characters is no key. */
export async function* readKeys(api: SalesforceApi, schema: ObjectSchema, keys: readonly string[], call: CallOptions): AsyncGenerator<RecordBatch> {
  const asked = [...new Set(keys)].filter((key) => wholeId(key) === key);
  const pieces = inOrder(chunksOf(asked, READ_BATCH), REQUESTS_AT_ONCE, async (some) => {
    const question = {
      ask: async (few: readonly string[]) => await askMany(api, schema, few, call),
      otherwise: async (key: string) => await askOne(api, schema, key, call),
      size: READ_BATCH,
    };
    return demandWhole(api, await askWhole(api, question, some, call), schema.object, some.length);
  });
  for await (const found of pieces) yield { records: [...new Map(found.map((record) => [record.key, record])).values()] };
}

/**
 * The answer has null for what is not there, and for what it does not show. So a null alone says nothing: whether there is such a
 * record is asked of a query.
 */
async function askMany(api: SalesforceApi, schema: ObjectSchema, keys: readonly string[], call: CallOptions): Promise<Said<PlatformRecord>> {
  const isAnswer = (body: unknown): boolean => Array.isArray(body) && body.length === keys.length;
  const path = api.data(`/composite/sobjects/${encodeURIComponent(schema.object)}`);
  const answer = (await api.ask(path, { ids: keys, fields: namesOf(schema) }, isAnswer, call)) as readonly unknown[];
  const found = answer.flatMap((wire) => (isObject(wire) ? [recordOf(api, schema, wire)] : [])).filter(({ key }) => keys.includes(key));
  const given = new Set(found.map(({ key }) => key));
  const open = keys.filter((key) => !given.has(key));
  const there = await thoseThere(api, schema.object, open, call);
  return { found, settled: [...given, ...open.filter((key) => !there.has(key))], errors: [] };
}

/** Those keys of which there is a live record. */
export async function thoseThere(api: SalesforceApi, object: string, keys: readonly string[], call: CallOptions): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  const ids = keys.filter((key) => wholeId(key) === key);
  if (ids.length === 0) return there;
  for (const piece of piecesOf(api, { names: ['Id'], object }, 'Id', ids))
    for await (const { rows } of rowsOf(api, piece, call)) for (const row of rows) there.add(keyOf(api, row));
  return there;
}

/** One record by a query; where its fields are too many for an address, as a record of its own. */
async function askOne(api: SalesforceApi, schema: ObjectSchema, key: string, call: CallOptions): Promise<Said<PlatformRecord>> {
  const query: Query = { names: namesOf(schema), object: schema.object, where: [`Id = '${key}'`] };
  const rows: WireRecord[] = [];
  if (fits(api, query)) for await (const page of rowsOf(api, query, call)) rows.push(...page.rows);
  else {
    const result = await api.look('GET', api.data(`/sobjects/${encodeURIComponent(schema.object)}/${key}`), undefined, call);
    if (result.kind === 'answered' && result.status < 300 && isObject(result.body)) rows.push(result.body);
    else if (!isRefusal(api, result, 404)) throw api.failure(result);
  }
  const found = rows.map((row) => recordOf(api, schema, row));
  return { found, settled: [key], errors: [] };
}
