import { type CallOptions, chunksOf, defined, inOrder } from '../../../lib/index.js';
import type { Link, LinkSchema, PlatformRecord } from '../../../records/index.js';
import type { FieldChange, ReadLinksRequest, RecordBatch, RecordHistory } from '../../connector.js';
import { isRefusal, REQUESTS_AT_ONCE } from '../../http/api.js';
import { askWhole, demandWhole, type Said } from '../../http/whole.js';
import { listAt } from '../wire/api.js';
import { valueAt } from '../wire/paths.js';
import { requestOf } from '../wire/request.js';
import { canBeKey, keyIn, wireKey } from '../wire/values.js';
import { pagesOf } from './pages.js';
import { misdescribed, recordOf, type Type } from './record.js';

/** All records of an object type; with `since`, of those at least what was written since then. */
export async function* readAll(type: Type, since: Date | undefined, call: CallOptions): AsyncGenerator<RecordBatch> {
  const { changed, list } = type.of;
  const isPart = since !== undefined && changed !== undefined;
  const pages = isPart ? pagesOf(type, 'changed', changed, since.toISOString(), call) : pagesOf(type, 'list', list, undefined, call);
  for await (const { items, total, request } of pages)
    yield { records: items.map((item) => recordOf({ ...type, request }, item)), ...(isPart ? {} : defined({ total })) };
}

/** Records by their keys; with `history`, who wrote them last. */
export async function* readKeys(
  type: Type,
  keys: readonly string[],
  history: readonly string[] | undefined,
  call: CallOptions,
): AsyncGenerator<RecordBatch> {
  const { api, of, object } = type;
  const asked = [...new Set(keys)].filter((key) => canBeKey(key, of));
  if (of.read.from_list === true) return yield* readFromList(type, new Set(asked), history, call);
  const pieces = inOrder(chunksOf(asked, of.read.most), REQUESTS_AT_ONCE, async (some) => {
    const question = { ask: asking(type, call), otherwise: async (key: string) => await ask(type, [key], call, true), size: of.read.most };
    return demandWhole(api, await askWhole(api, question, some, call), object, some.length);
  });
  for await (const found of pieces) {
    const records = [...new Map(found.map((record) => [record.key, record])).values()];
    yield withHistory(type, records, history);
  }
}

function withHistory(type: Type, records: readonly PlatformRecord[], history: readonly string[] | undefined): RecordBatch {
  return {
    records,
    ...(history === undefined ? {} : { history: new Map(records.map((record) => [record.key, lastWriteOf(type, record, history)])) }),
  };
}

/** Some records of a platform that gives them in its list only. */
async function* readFromList(
  type: Type,
  keys: ReadonlySet<string>,
  history: readonly string[] | undefined,
  call: CallOptions,
): AsyncGenerator<RecordBatch> {
  if (keys.size === 0) return;
  for await (const { records } of readAll(type, undefined, call)) {
    const own = records.filter(({ key }) => keys.has(key));
    if (own.length > 0) yield withHistory(type, own, history);
  }
}

/** Asks for what an answer leaves out as long as one brings something: platforms give fewer than were asked for. Then it is gone. */
function asking(type: Type, call: CallOptions): (keys: readonly string[]) => Promise<Said<PlatformRecord>> {
  return async (keys) => {
    let said = await ask(type, keys, call, false);
    if (type.of.read.missing !== undefined) return said;
    for (;;) {
      const settled = new Set(said.settled);
      const open = keys.filter((key) => !settled.has(key));
      if (open.length === 0) return said;
      const more = await ask(type, open, call, false);
      if (more.settled.length === 0) return { ...said, settled: keys };
      said = { found: [...said.found, ...more.found], settled: [...said.settled, ...more.settled], errors: [] };
    }
  };
}

/** `last`: what this answer leaves out without a word is not there. */
async function ask(type: Type, keys: readonly string[], call: CallOptions, last: boolean): Promise<Said<PlatformRecord>> {
  const { api, of } = type;
  const [only = ''] = keys;
  const request = requestOf(of.read, { keys: keys.map((key) => wireKey(key, of)), key: wireKey(only, of), limit: keys.length });
  const result = await api.look(request.method === 'POST' ? 'POST' : 'GET', api.signed(request.path), request.body, call);
  const code = result.kind === 'answered' ? api.codeOf(result.body) : undefined;
  const isAbsent = isRefusal(api, result, 404) || (isRefusal(api, result, 400, 403) && api.says.errors.absent.some((one) => String(one) === code));
  if (keys.length === 1 && isAbsent) return { found: [], settled: keys, errors: [] };
  if (result.kind !== 'answered' || result.status >= 300) throw api.failure(result);
  const asked = { ...type, request: `${request.method} ${request.path}` };
  const items = itemsIn(asked, result.body);
  const found = items.map((item) => recordOf(asked, item)).filter(({ key }) => keys.includes(key));
  const { missing } = of.read;
  const absent = missing === undefined ? (last ? keys : []) : (listAt(result.body, missing) ?? []).flatMap((key) => keyIn(key, of) ?? []);
  return { found, settled: [...found.map(({ key }) => key), ...absent.filter((key) => keys.includes(key))], errors: [] };
}

function itemsIn(type: Type, body: unknown): readonly unknown[] {
  const path = type.of.read.items ?? '.';
  const found = valueAt(body, path);
  if (Array.isArray(found)) return found;
  if (type.of.read.most === 1 && typeof found === 'object' && found !== null) return [found];
  throw misdescribed(type, ['read', 'items'], `what is read of ${type.object} is not at ${path}`, body);
}

/** The last write of a record, as that of every field. */
function lastWriteOf({ of: { modified } }: Type, { fields, meta }: PlatformRecord, history: readonly string[]): RecordHistory {
  const textOf = (name: string | undefined): string | undefined => {
    const value = name === undefined ? undefined : (meta[name] ?? fields[name]);
    return typeof value === 'string' ? value : undefined;
  };
  const at = textOf(modified?.at);
  const change: FieldChange = defined({
    at: at === undefined || Number.isNaN(Date.parse(at)) ? undefined : new Date(at).toISOString(),
    writer: textOf(modified?.by),
  });
  return { fields: Object.fromEntries(history.map((name) => [name, [change]])) };
}

/** Who refers to whom, by the field that the link is kept in. */
export async function* readLinks(
  type: Type,
  link: LinkSchema,
  { fromKeys, toKeys }: ReadLinksRequest,
  call: CallOptions,
): AsyncGenerator<readonly Link[]> {
  const [field = ''] = link.viaFields ?? [];
  const asked = new Set(fromKeys);
  const ends = toKeys === undefined ? undefined : new Set(toKeys);
  const linksOf = (records: readonly PlatformRecord[], wanted: (one: Link) => boolean): readonly Link[] =>
    records.flatMap(({ key, fields, meta }) => {
      const value = fields[field] ?? meta[field];
      const to = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
      const one = { from: key, to };
      return to === '' || !wanted(one) ? [] : [one];
    });
  if (fromKeys !== undefined) for await (const { records } of readKeys(type, fromKeys, undefined, call)) yield linksOf(records, () => true);
  if (fromKeys !== undefined && ends === undefined) return;
  for await (const { records } of readAll(type, undefined, call))
    yield linksOf(records, (one) => ends === undefined || (ends.has(one.to) && !asked.has(one.from)));
}
