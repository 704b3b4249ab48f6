import { type CallOptions, chunksOf, inOrder } from '../../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../records/index.js';
import type { RecordBatch } from '../../connector.js';
import { isRefusal, REQUESTS_AT_ONCE } from '../../http/api.js';
import { askWhole, demandWhole, type Said } from '../../http/whole.js';
import type { SalesforceApi } from '../wire/api.js';
import { wholeId } from '../wire/ids.js';
import { isObject, type WireObject, type WireRecord } from '../wire/shapes.js';
import { type Fates, fatesOf } from './fates.js';
import { fits, type Query, rowsOf } from './query.js';
import { namesOf, recordOf } from './records.js';

/** Ids that one call reads (REST guide: sObject Collections with a request body). */
export const READ_BATCH = 2000;

/** What is asked about: the fields of the schema, of an object type as Salesforce describes it. */
export interface Asked {
  readonly schema: ObjectSchema;
  readonly wire: WireObject;
}

/** Records by their keys: those that exist, each once, and what the others were merged into. A text that is no id of 18 characters is no key. */
export async function* readKeys(api: SalesforceApi, of: Asked, keys: readonly string[], call: CallOptions): AsyncGenerator<RecordBatch> {
  const asked = [...new Set(keys)].filter((key) => wholeId(key) === key);
  const pieces = inOrder(chunksOf(asked, READ_BATCH), REQUESTS_AT_ONCE, async (some) => {
    const aliases = new Map<string, string>();
    const question = {
      ask: async (few: readonly string[]) => await askMany(api, of, few, aliases, call),
      otherwise: async (key: string) => await askOne(api, of.schema, key, call),
      size: READ_BATCH,
    };
    const found = demandWhole(api, await askWhole(api, question, some, call), of.schema.object, some.length);
    return { records: [...new Map(found.map((record) => [record.key, record])).values()], aliases };
  });
  for await (const { records, aliases } of pieces) yield { records, ...(aliases.size === 0 ? {} : { aliases }) };
}

/**
 * The answer has null for what is not there, and for what it does not show. So a null alone says nothing: what became of the record is
 * asked of a query.
 */
async function askMany(
  api: SalesforceApi,
  { schema, wire }: Asked,
  keys: readonly string[],
  aliases: Map<string, string>,
  call: CallOptions,
): Promise<Said<PlatformRecord>> {
  const isAnswer = (body: unknown): boolean => Array.isArray(body) && body.length === keys.length;
  const path = api.data(`/composite/sobjects/${encodeURIComponent(schema.object)}`);
  const answer = (await api.ask(path, { ids: keys, fields: namesOf(schema) }, isAnswer, call)) as readonly unknown[];
  const found = answer.flatMap((one) => (isObject(one) ? [recordOf(api, schema, one)] : [])).filter(({ key }) => keys.includes(key));
  const given = new Set(found.map(({ key }) => key));
  const open = keys.filter((key) => !given.has(key));
  const fates: Fates = await fatesOf(api, wire, open, call);
  for (const [key, present] of fates.merged) aliases.set(key, present);
  return { found, settled: [...given, ...open.filter((key) => !fates.live.has(key))], errors: [] };
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
