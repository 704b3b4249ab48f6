import { type CallOptions, canonicalJson, isRunbackError } from '../../../lib/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import type { Probe } from '../../connector.js';
import { pagesOf } from '../read/pages.js';
import { readKeys } from '../read/read.js';
import { misdescribed, recordOf, type Type } from '../read/record.js';
import { valueAt } from '../wire/paths.js';

/** Pages that are read of a list: paging shows on the second. */
const PAGES = 3;
/** A time of which nothing can have been written since. */
const YEAR_MS = 366 * 86_400_000;

/** What was found, as the rest of a sentence. */
class Warns {
  constructor(readonly words: string) {}
}

/** Tries what a description says of one object type, by reading alone. */
export async function* probeType(type: Type, call: CallOptions): AsyncGenerator<Probe> {
  const { of, object } = type;
  let sample: readonly PlatformRecord[] = [];
  yield await tried(`list of ${object}`, async () => {
    const { records, found } = await probeList(type, call);
    sample = records;
    return found;
  });
  yield await tried(`records of ${object} by key`, async () => await probeKeys(type, sample, call));
  if (of.changed !== undefined) yield await tried(`changes of ${object}`, async () => await probeChanged(type, call));
  const lacking: string[] = LACKING.filter(([verb]) => of[verb] === undefined).map(([, what]) => what);
  if (of.created === undefined && !of.create_with_key) lacking.push('created: what became of a create whose answer is lost cannot be told');
  if (of.changed === undefined) lacking.push('changed: all of it is read to find what changed');
  if (lacking.length > 0) yield { what: `${object} as described`, ok: true, warning: true, found: `lacks ${lacking.join('; ')}` };
}

const LACKING = [
  ['update', 'update: nothing can be put back'],
  ['create', 'create: what was deleted cannot be made again'],
  ['delete', 'delete: what damage created cannot be taken away'],
] as const;

async function tried(what: string, look: () => Promise<string | Warns>): Promise<Probe> {
  try {
    const found = await look();
    return typeof found === 'string' ? { what, ok: true, found } : { what, ok: true, warning: true, found: found.words };
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    const { code, message, why } = error;
    if (code === 'interrupted') throw error;
    return { what, ok: false, found: why === undefined ? message : `${message}: ${why}` };
  }
}

async function probeList(type: Type, call: CallOptions): Promise<{ readonly records: readonly PlatformRecord[]; readonly found: string | Warns }> {
  const { of } = type;
  const records: PlatformRecord[] = [];
  const unknown = new Set<string>();
  let pages = 0;
  let total: number | undefined;
  for await (const page of pagesOf(type, 'list', of.list, undefined, call)) {
    pages += 1;
    total = page.total;
    for (const item of page.items) {
      records.push(recordOf({ ...type, request: page.request }, item));
      for (const name of unnamed(type, item)) unknown.add(name);
    }
    if (pages >= PAGES) break;
  }
  if (total !== undefined && total < records.length)
    throw misdescribed(type, ['list', 'total'], `it gave ${String(records.length)} records and says that there are ${String(total)}`);
  const words = [
    `${String(records.length)} records on ${pages === 1 ? 'one page' : `${String(pages)} pages`}${total === undefined ? '' : ` of ${String(total)}`}`,
  ];
  if (unknown.size > 0) words.push(`not described, and not kept: ${[...unknown].sort().join(', ')}`);
  if (records.length === 0) return { records, found: new Warns('it is empty, so that nothing of its records could be tried') };
  const { by } = of.list.pages;
  if (pages === 1 && by !== 'none') words.push('there was no second page to try');
  return { records, found: words.length === 1 ? words.join('') : new Warns(words.join('; ')) };
}

/** Names in a record of which the description says nothing. */
function unnamed({ of }: Type, item: unknown): readonly string[] {
  const inner = of.fields_at === undefined ? item : valueAt(item, of.fields_at);
  if (typeof inner !== 'object' || inner === null) return [];
  const known = new Set(Object.entries(of.fields).map(([name, { at }]) => (at ?? name).split('.')[0]));
  if (of.fields_at === undefined) known.add(of.key.split('.')[0]);
  return Object.keys(inner).filter((name) => !known.has(name));
}

async function probeKeys(type: Type, sample: readonly PlatformRecord[], call: CallOptions): Promise<string | Warns> {
  const some = sample.slice(0, Math.max(2, type.of.read.most));
  if (some.length === 0) return new Warns('there is no record to try it with');
  const found = new Map<string, PlatformRecord>();
  for await (const { records } of readKeys(
    type,
    some.map(({ key }) => key),
    undefined,
    call,
  ))
    for (const record of records) found.set(record.key, record);
  const lacking = some.filter(({ key }) => !found.has(key));
  const [first] = lacking;
  if (first !== undefined)
    throw misdescribed(
      type,
      ['read'],
      `it listed ${type.object} ${first.key}, and does not give it by its key (${String(lacking.length)} of ${String(some.length)})`,
    );
  const other = some.find((record) => !isSame(record, found.get(record.key)));
  if (other !== undefined)
    return new Warns(`${other.key} is another one by its key than in the list: someone wrote it just now, or one of them does not show every field`);
  const absent = absentKey(type, sample);
  if (absent !== undefined)
    for await (const { records } of readKeys(type, [absent], undefined, call))
      if (records.length > 0) throw misdescribed(type, ['read'], `it gives a record for ${absent}, which is not there`);
  return `${String(some.length)} came back as they were listed${absent === undefined ? '' : ', and one that is not there did not'}`;
}

function isSame(one: PlatformRecord, other: PlatformRecord | undefined): boolean {
  return other !== undefined && canonicalJson(one.fields) === canonicalJson(other.fields);
}

/** A key that no record has, as far as one can know. */
function absentKey({ of: { key_type } }: Type, sample: readonly PlatformRecord[]): string | undefined {
  if (key_type === 'uuid') return '00000000-0000-4000-8000-000000000000';
  if (key_type === 'text') return undefined;
  const most = Math.max(...sample.map(({ key }) => Number(key)));
  return most < 2_000_000_000 ? '2147483646' : undefined;
}

async function probeChanged(type: Type, call: CallOptions): Promise<string> {
  const { changed } = type.of;
  if (changed === undefined) return '';
  const later = new Date(type.api.clock.now().getTime() + YEAR_MS);
  for await (const { items } of pagesOf(type, 'changed', changed, later.toISOString(), call))
    if (items.length > 0) throw misdescribed(type, ['changed'], `it gives ${type.object} that were changed a year from now: {since} is not heeded`);
  for await (const { items } of pagesOf(type, 'changed', changed, new Date(0).toISOString(), call))
    if (items.length > 0) return 'of all time there are some, of a year from now there are none';
  return 'there are none of any time';
}
