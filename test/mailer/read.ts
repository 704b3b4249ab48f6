import type { PlatformApi } from '../../src/connectors/http/api.js';
import { REQUESTS_AT_ONCE } from '../../src/connectors/http/api.js';
import { readOffsets } from '../../src/connectors/http/offsets.js';
import { askWhole, demandWhole } from '../../src/connectors/http/whole.js';
import type { ReadLinksRequest, RecordBatch } from '../../src/connectors/index.js';
import { type CallOptions, chunksOf, inOrder } from '../../src/lib/index.js';
import type { Link, ObjectSchema, PlatformRecord, Value } from '../../src/records/index.js';
import { isIds, isItems, type Item, type Page } from './wire.js';

export const MOST = 50;

/** A thing of Postbird as a record. */
export function recordOf(schema: ObjectSchema, item: Item): PlatformRecord {
  const [fields, meta]: [Record<string, Value>, Record<string, Value>] = [{}, {}];
  for (const { name, readOnly } of schema.fields) {
    const value = item[name];
    (readOnly ? meta : fields)[name] = typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null;
  }
  return { key: String(item.id), fields, meta };
}

/** All things of one kind; others may delete some meanwhile. */
export async function* readAll(api: PlatformApi, schema: ObjectSchema, call: CallOptions): AsyncGenerator<RecordBatch> {
  const list = {
    what: `the list of ${schema.object}`,
    size: MOST,
    keyOf: (item: Item) => String(item.id),
    page: async (offset: number, limit: number) => {
      const path = `/v2/${schema.object}?offset=${String(offset)}&limit=${String(limit)}`;
      const { items, count } = (await api.get(path, isItems, call)) as Page<Item>;
      return { items, ...(count === undefined ? {} : { total: count }) };
    },
  };
  for await (const { items, total } of readOffsets(api, list))
    yield { records: items.map((item) => recordOf(schema, item)), ...(total === undefined ? {} : { total }) };
}

/** Things by their ids, a few requests at once. */
export async function* readKeys(api: PlatformApi, schema: ObjectSchema, keys: readonly string[], call: CallOptions): AsyncGenerator<RecordBatch> {
  // What is no number is no id.
  const asked = [...new Set(keys)].filter((key) => /^[1-9]\d{0,14}$/.test(key));
  const path = `/v2/${schema.object}/lookup`;
  const ask = async (some: readonly string[]) => {
    const { items, missing = [] } = (await api.ask(path, { ids: some.map(Number) }, isItems, call)) as Page<Item>;
    const settled = [...items.map(({ id }) => String(id)), ...missing.map(String)].filter((key) => some.includes(key));
    return { found: items.filter(({ id }) => some.includes(String(id))), settled, errors: [] };
  };
  const pieces = inOrder(chunksOf(asked, MOST), REQUESTS_AT_ONCE, async (some) => {
    const whole = await askWhole(api, { ask, otherwise: async (key) => await ask([key]), size: MOST }, some, call);
    return demandWhole(api, whole, schema.object, some.length);
  });
  for await (const items of pieces) yield { records: [...new Map(items.map((item) => [item.id, recordOf(schema, item)])).values()] };
}

/** Who is on which list. */
export async function* readLinks(api: PlatformApi, request: ReadLinksRequest, call: CallOptions): AsyncGenerator<readonly Link[]> {
  const { fromKeys, toKeys } = request;
  const asked = new Set(fromKeys);
  for (const from of asked) {
    const body = (await api.find(`/v2/subscribers/${encodeURIComponent(from)}/lists`, isIds, call)) as Page<number> | undefined;
    yield body?.items.map((to) => ({ from, to: String(to) })) ?? [];
  }
  if (toKeys) for (const to of new Set(toKeys)) yield* membersOf(api, to, (from) => !asked.has(from), call);
  if (fromKeys || toKeys) return;
  const lists = { object: 'lists', fields: [] } as unknown as ObjectSchema;
  for await (const { records } of readAll(api, lists, call)) for (const { key } of records) yield* membersOf(api, key, () => true, call);
}

async function* membersOf(api: PlatformApi, to: string, wanted: (from: string) => boolean, call: CallOptions): AsyncGenerator<readonly Link[]> {
  const path = `/v2/lists/${encodeURIComponent(to)}/members`;
  // A list that is not there has no members.
  const page = async (offset: number, limit: number) =>
    ((await api.find(`${path}?offset=${String(offset)}&limit=${String(limit)}`, isIds, call)) as Page<number> | undefined) ?? { items: [] };
  for await (const { items } of readOffsets(api, { what: `the members of list ${to}`, size: MOST, keyOf: String, page }))
    yield items.map(String).flatMap((from) => (wanted(from) ? [{ from, to }] : []));
}
