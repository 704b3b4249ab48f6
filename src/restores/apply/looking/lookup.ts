import type { CreateMutation, PlatformSchema, RecordHistory } from '../../../connectors/index.js';
import type { CallOptions } from '../../../lib/index.js';
import {
  ownValue,
  setOwn,
  sameButForm,
  type Fields,
  type LinkSchema,
  type ObjectSchema,
  type PlatformRecord,
  type Value,
} from '../../../records/index.js';
import { sameSide } from '../../decide/conflicts.js';
import { pairName } from '../../plan/links/names.js';
import { readLive, readLiveLinks } from '../../plan/objects/live.js';
import type { Batches } from '../../records/batches.js';
import type { Pending, ItemResult, JournalItem, JournalLink } from '../../records/items.js';
import { linkOf, mutationOf, schemaOf, type Looking } from '../../records/platform-items.js';
import { settleByCommit } from '../sending/commits.js';
import { sinceThere } from './their-time.js';

type Update = Extract<JournalItem, { readonly action: 'update' }>;
type LinkItem = Extract<JournalItem, { readonly action: 'link' | 'unlink' }>;

/**
 * Finds out what became of items whose answer was lost: one result per item. `failed` means that it did not happen; a
 * create that the platform cannot tell of stays `in_doubt`. `made`: what was created so far.
 */
export async function lookUp(looking: Looking, lost: readonly Pending[], made: Batches, options: CallOptions): Promise<readonly ItemResult[]> {
  const { settled, open: pending } = await settleByCommit(looking, lost, options);
  const results: ItemResult[] = [...settled];
  const records = await readItems(
    looking,
    pending.map(({ item }) => item),
    options,
  );
  const links = await readItemLinks(
    looking,
    pending.map(({ item }) => item),
    options,
  );
  const creates = new Map<string, Pending[]>();
  for (const one of pending) {
    const { item } = one;
    if ('link' in item) results.push(happened(item.id, links.has(item) === (item.action === 'link')));
    else if (item.action === 'create') creates.set(item.object, [...(creates.get(item.object) ?? []), one]);
    else {
      const live = records.get(item.object)?.get(item.key);
      if (item.action === 'update') results.push(await updated(looking, item, live, options));
      else results.push({ ...happened(item.id, (live === undefined) === (item.action === 'delete')), key: item.key });
    }
  }
  for (const [object, group] of creates) results.push(...(await lookUpCreates(looking, group, new Set(made.keyMap.get(object)?.values()), options)));
  return results;
}

async function lookUpCreates(
  looking: Looking,
  group: readonly Pending[],
  taken: ReadonlySet<string>,
  options: CallOptions,
): Promise<readonly ItemResult[]> {
  // Where nobody can tell when it was sent, whatever has the very same values may be it: better that than a second one.
  const sent = group.map((one) => sinceThere(looking.platform, one) ?? 0);
  const since = new Date(Math.min(...sent));
  const mutations = group
    .map(({ item }) => mutationOf(looking.schema, item))
    .filter((mutation): mutation is CreateMutation => mutation.action === 'create');
  const found = await looking.platform.connector.findCreated(mutations, since, { ...options, lastSentAt: new Date(Math.max(...sent)) });
  return group.map(({ item }, index): ItemResult => {
    const state = found[index] ?? { state: 'unknown' };
    // A key that is another record's already says that two records look alike, not which of them this is.
    if (state.state === 'created' && taken.has(state.key))
      return { id: item.id, status: 'in_doubt', message: 'the answer was lost, and another record with the same values exists' };
    if (state.state === 'created') return { id: item.id, status: 'applied', key: state.key };
    if (state.state === 'absent') return { id: item.id, status: 'failed', message: 'the answer was lost, and the record does not exist' };
    return { id: item.id, status: 'in_doubt', message: 'the answer was lost, and the platform cannot tell whether the record was created' };
  });
}

async function updated(looking: Looking, item: Update, live: PlatformRecord | undefined, options: CallOptions): Promise<ItemResult> {
  if (live === undefined) return { id: item.id, status: 'moved', message: 'the record no longer exists' };
  // What was only to be kept may be what the platform made of it.
  const names = Object.keys(item.set).filter((name) => item.keeps?.includes(name) !== true);
  if (holds(live.fields, item.set, names)) return { id: item.id, status: 'applied', key: item.key };
  const schema = schemaOf(looking.schema, item.object);
  if (isHalfDone(schema, item, live.fields) || holds(live.fields, item.replaced, names))
    return { id: item.id, status: 'failed', message: 'the answer was lost, and the change was not made' };
  const made = await storedByUs(looking, schema, item, names, live.fields, options);
  if (made !== undefined) return { id: item.id, status: 'applied', key: item.key, ...made };
  return { id: item.id, status: 'moved', message: 'the answer was lost, and the record was changed since' };
}

/**
 * The values that the platform made of an update, where what stands is ours in the platform's own form; undefined where
 * it is not.
 */
async function storedByUs(
  looking: Looking,
  schema: ObjectSchema,
  item: Update,
  names: readonly string[],
  live: Fields,
  options: CallOptions,
): Promise<Pick<ItemResult, 'stored' | 'altered'> | undefined> {
  const odd = names.filter((name) => !sameSide(ownValue(live, name), ownValue(item.set, name)));
  const typeOf = (name: string): ObjectSchema['fields'][number]['type'] => schema.fields.find((field) => field.name === name)?.type ?? 'other';
  const formOnly = (name: string): boolean => sameButForm(ownValue(live, name), ownValue(item.set, name), typeOf(name));
  if (odd.some((name) => sameSide(ownValue(live, name), ownValue(item.replaced, name)) && !formOnly(name))) return undefined;
  const open = odd.filter((name) => !formOnly(name));
  const { connector, identity } = looking.platform;
  if (open.length > 0) {
    if (connector.capabilities.history !== 'field' || identity.writer === undefined) return undefined;
    const { history } = await readLive(looking.platform, schema, [item.key], open, options);
    const fields: RecordHistory['fields'] = history.get(item.key)?.fields ?? {};
    if (!open.every((name) => ownValue(fields, name)?.[0]?.writer === identity.writer)) return undefined;
  }
  const stored: Record<string, Value> = {};
  for (const name of odd) setOwn(stored, name, ownValue(live, name) ?? null);
  return open.length === 0 ? { stored } : { stored, altered: open };
}

/**
 * What is still to be written of an update when live is not wholly what the plan saw: the fields that are, without
 * those that somebody changed (`left`) and their groups, and without those that hold the value already. Undefined where
 * nothing is.
 */
export function stillToWrite(schema: ObjectSchema, item: Update, live: Fields): Update | undefined {
  const groupOf = (name: string): string => schema.fields.find((field) => field.name === name)?.group ?? `field ${name}`;
  const names = Object.keys(item.set);
  const done = names.filter((name) => sameSide(ownValue(live, name), ownValue(item.set, name)));
  const moved = new Set(names.filter((name) => !done.includes(name) && !sameSide(ownValue(live, name), ownValue(item.replaced, name))).map(groupOf));
  const left = names.filter((name) => moved.has(groupOf(name)));
  const keeps = item.keeps ?? [];
  const open = names.filter((name) => !done.includes(name) && !left.includes(name) && !keeps.includes(name));
  if (open.length === 0) return undefined;
  // What is only kept goes with the field that would have the platform set it.
  const alsoSet = new Set(open.flatMap((name) => schema.fields.find((field) => field.name === name)?.setsAlso ?? []));
  const keepsStill = keeps.filter((name) => alsoSet.has(name));
  const only = (fields: Fields): Fields =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => open.includes(name) || keepsStill.includes(name)));
  const { keeps: _, ...rest } = item;
  return {
    ...rest,
    set: only(item.set),
    replaced: only(item.replaced),
    ...(keepsStill.length === 0 ? {} : { keeps: keepsStill }),
    ...(left.length === 0 ? {} : { left: [...(item.left ?? []), ...left] }),
  };
}

/** An update with the fields it is to keep as they are now: whatever somebody made of them since the plan is kept. */
export function keeping(item: Update, live: Fields): Update {
  if (item.keeps === undefined) return item;
  const set: Record<string, Value> = { ...item.set };
  const replaced: Record<string, Value> = { ...item.replaced };
  for (const name of item.keeps) {
    setOwn(set, name, ownValue(live, name) ?? null);
    setOwn(replaced, name, ownValue(live, name) ?? null);
  }
  return { ...item, set, replaced };
}

/** True where live has every value of `fields`; `names`: also those names that `fields` lacks, as absent. */
export function holds(live: Fields, fields: Fields, names: readonly string[] = Object.keys(fields)): boolean {
  return names.every((name) => sameSide(ownValue(live, name), ownValue(fields, name)));
}

/** True where a field that only moves forwards was cleared, as a connector does before it sets it, and not set yet. */
export function isHalfDone(schema: ObjectSchema, item: Update, live: Fields): boolean {
  const forward = new Set(schema.fields.filter((field) => field.forwardOnly === true).map((field) => field.name));
  const cleared = (name: string): boolean =>
    forward.has(name) && (ownValue(live, name) === undefined || ownValue(live, name) === null || ownValue(live, name) === '');
  const names = Object.keys(item.set);
  return (
    names.some(cleared) &&
    names.every(
      (name) =>
        cleared(name) || sameSide(ownValue(live, name), ownValue(item.replaced, name)) || sameSide(ownValue(live, name), ownValue(item.set, name)),
    )
  );
}

/** Reads the records that items are about, by object type and key. Creates are looked at under their old key. */
export async function readItems(
  looking: Looking,
  items: readonly JournalItem[],
  options: CallOptions,
): Promise<ReadonlyMap<string, ReadonlyMap<string, PlatformRecord>>> {
  const keys = new Map<string, string[]>();
  for (const item of items) {
    if ('link' in item) continue;
    const known = keys.get(item.object);
    if (known === undefined) keys.set(item.object, [item.key]);
    else known.push(item.key);
  }
  const records = new Map<string, ReadonlyMap<string, PlatformRecord>>();
  for (const [object, some] of keys) {
    const { records: found } = await readLive(looking.platform, schemaOf(looking.schema, object), some, [], options);
    records.set(object, found);
  }
  return records;
}

/** Links that items are about. */
export interface ItemLinks {
  /** Whether the link of an item is there. */
  readonly has: (item: LinkItem) => boolean;
}

/** Reads the links that items are about. */
export async function readItemLinks(looking: Looking, items: readonly JournalItem[], options: CallOptions): Promise<ItemLinks> {
  const groups = new Map<string, LinkItem[]>();
  const nameOf = (item: LinkItem): string => JSON.stringify([item.link, item.fromObject, item.toObject]);
  for (const item of items) if ('link' in item) groups.set(nameOf(item), [...(groups.get(nameOf(item)) ?? []), item]);
  const there = new Map<string, ReadonlySet<string>>();
  for (const [name, group] of groups) {
    const [first] = group;
    if (first === undefined) continue;
    const link = linkOf(looking.schema, first.link, first.fromObject, first.toObject);
    const found = await readLiveLinks(
      looking.platform,
      link,
      'from',
      group.map((item) => item.from),
      options,
    );
    there.set(name, new Set(found.map(pairName)));
  }
  return { has: (item) => there.get(nameOf(item))?.has(pairName(item)) === true };
}

/** Identity of a link among all links. */
export function linkText({ link, fromObject, toObject, from, to }: JournalLink): string {
  return JSON.stringify([link, fromObject, toObject, from, to]);
}

/**
 * The kinds of link between the two object types of a link, and the end from which all that a change of one may touch
 * is seen.
 */
export function oneSide(
  schema: PlatformSchema,
  { fromObject, toObject }: Pick<JournalLink, 'fromObject' | 'toObject'>,
): { readonly kinds: readonly LinkSchema[]; readonly side: 'from' | 'to' } {
  const kinds = schema.links.filter((link) => link.from === fromObject && link.to === toObject && link.viaFields === undefined);
  return { kinds, side: kinds.some((kind) => kind.onePer === 'to') ? 'to' : 'from' };
}

/** Links of all kinds between the two object types of each item, at the records of the items. */
export async function readPairLinks(looking: Looking, items: readonly JournalItem[], options: CallOptions): Promise<readonly JournalLink[]> {
  const pairs = new Map<string, LinkItem[]>();
  for (const item of items) {
    if (!('link' in item)) continue;
    const pair = JSON.stringify([item.fromObject, item.toObject]);
    const some = pairs.get(pair);
    if (some === undefined) pairs.set(pair, [item]);
    else some.push(item);
  }
  const links: JournalLink[] = [];
  const { connector } = looking.platform;
  // Links of several kinds come in one answer: within one view they are asked for once.
  await connector.beginRead?.(options);
  try {
    for (const [first, ...more] of pairs.values()) {
      if (first === undefined) continue;
      const { kinds, side } = oneSide(looking.schema, first);
      const keys = [first, ...more].map((item) => item[side]);
      for (const kind of kinds)
        for (const { from, to } of await readLiveLinks(looking.platform, kind, side, keys, options))
          links.push({ link: kind.kind, fromObject: kind.from, toObject: kind.to, from, to });
    }
  } finally {
    await connector.endRead?.();
  }
  return links;
}

function happened(id: string, so: boolean): ItemResult {
  return so ? { id, status: 'applied' } : { id, status: 'failed', message: 'the answer was lost, and the change was not made' };
}
