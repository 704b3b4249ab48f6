import type { CallOptions } from '../../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../records/index.js';
import type { RecordBatch } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { quoted } from '../wire/soql.js';
import { isCheaper, NoJob, readByJob } from './bulk.js';
import { type Asked, readKeys } from './keys.js';
import { fits, type Query, rowsOf } from './query.js';
import { keyOf, namesOf, recordOf } from './records.js';

/** How a whole read goes. */
export interface WholeRead extends Asked {
  /** Whether a job may be made where that takes fewer calls. */
  readonly mayUseJobs: boolean;
}

/**
 * All records of an object type, or those for which conditions hold. The first page of a query tells how many there are: where a job
 * gives the rest in fewer calls, it does. Where the list of fields is too long for an address, ids come from a query, and what they
 * hold from a call whose body may be of any length.
 */
export async function* readAll(api: SalesforceApi, of: WholeRead, where: readonly string[], call: CallOptions): AsyncGenerator<RecordBatch> {
  const { schema } = of;
  const whole: Query = { names: namesOf(schema), object: schema.object, where };
  const isShort = fits(api, whole);
  let [came, gone] = [0, 0];
  for await (const { rows, total } of rowsOf(api, isShort ? whole : { ...whole, names: ['Id'] }, call)) {
    const keys = rows.map((row) => keyOf(api, row));
    const records = isShort ? rows.map((row) => recordOf(api, schema, row)) : await heldBy(api, of, keys, call);
    // What was deleted in between is neither here nor there.
    gone += keys.length - records.length;
    came += keys.length;
    yield { records, total: total - gone };
    const last = keys.at(-1);
    // Of long lists, a page takes two calls.
    const size = isShort ? rows.length : rows.length / 2;
    if (!of.mayUseJobs || came > rows.length || last === undefined || !isCheaper(schema, total - came, size)) continue;
    const rest = await restByJob(api, schema, [...where, `Id > ${quoted(last)}`], call);
    if (rest === undefined) continue;
    for await (const some of rest) yield { records: some, total: total - gone };
    return;
  }
}

/** The records with these keys that are there. */
async function heldBy(api: SalesforceApi, of: Asked, keys: readonly string[], call: CallOptions): Promise<readonly PlatformRecord[]> {
  const records: PlatformRecord[] = [];
  for await (const batch of readKeys(api, of, keys, call)) records.push(...batch.records);
  return records;
}

/** What a job gives, once it has given its first page; undefined where there is no job to be had. */
async function restByJob(
  api: SalesforceApi,
  schema: ObjectSchema,
  where: readonly string[],
  call: CallOptions,
): Promise<AsyncGenerator<readonly PlatformRecord[]> | undefined> {
  const pages = readByJob(api, schema, where, call);
  try {
    const first = await pages.next();
    return (async function* () {
      if (first.done !== true) yield first.value;
      yield* pages;
    })();
  } catch (error) {
    if (error instanceof NoJob) return undefined;
    throw error;
  }
}
