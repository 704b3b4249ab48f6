import type { FieldChange, MutationResult, RecordHistory } from '../../../connectors/index.js';
import type { CallOptions } from '../../../lib/index.js';
import { ownValue, setOwn, sameButForm, type Fields, type ObjectSchema, type PlatformRecord, type Value } from '../../../records/index.js';
import { moveOf, sameSide } from '../../decide/conflicts.js';
import { readLive } from '../../plan/objects/live.js';
import type { Pending, ItemResult, JournalItem, JournalLink } from '../../records/items.js';
import { schemaOf, type Looking } from '../../records/platform-items.js';
import type { FieldMove } from '../../types.js';
import { linkText, oneSide, readItems, readPairLinks } from './lookup.js';
import { sinceThere } from './their-time.js';

type Written = Extract<JournalItem, { readonly action: 'update' | 'create' }>;

/** What a look after writing needs beside {@link Looking}. */
export interface Aftermath {
  /** What stood before, by object type and key; records that nobody read are missing. */
  readonly before: ReadonlyMap<string, ReadonlyMap<string, PlatformRecord>>;
  /** Answers of the connector, by item. */
  readonly answers: ReadonlyMap<string, MutationResult | undefined>;
}

/** A record before and after it was written. */
interface Case {
  readonly item: Written;
  readonly schema: ObjectSchema;
  readonly key: string;
  readonly now: Fields;
  /** Undefined where nobody read it. */
  readonly was: Fields | undefined;
  /** Nobody else can have written in between: what differs is the platform's doing. */
  readonly certain: boolean;
}

/** What of a record is not as sent, and what changed beside it. */
interface Odd {
  readonly one: Case;
  readonly otherwise: readonly string[];
  readonly beside: readonly string[];
}

/**
 * Compares records that were just written with what they were and what they should be now (G27), and gives results in
 * place of those it knows more about: values that the platform keeps in its own form (`stored`), fields that it changed
 * beside the plan (`beside`), and `failed` where a value is not there although the platform said so. What somebody else
 * wrote in between is theirs: the history tells, and where there is none nothing is claimed.
 *
 * Throws what the connector throws; then nothing is known of these records.
 */
export async function lookAfter(
  looking: Looking,
  items: readonly JournalItem[],
  results: readonly ItemResult[],
  known: Aftermath,
  options: CallOptions,
): Promise<readonly ItemResult[]> {
  const status = new Map(results.map((result) => [result.id, result]));
  const written = items.filter((item): item is Written => {
    const result = status.get(item.id);
    if ((item.action !== 'update' && item.action !== 'create') || result?.status !== 'applied' || result.already === true) return false;
    return !isAsSent(known, item.id);
  });
  const keyOf = (item: Written): string => status.get(item.id)?.key ?? item.key;
  const unseen = written.filter((item) => recordIn(known, item.id) === undefined);
  const live = await readItems(
    looking,
    unseen.map((item) => ({ ...item, key: keyOf(item) })),
    options,
  );
  const odd: Odd[] = [];
  const gone: ItemResult[] = [];
  for (const item of written) {
    const key = keyOf(item);
    const answered = recordIn(known, item.id);
    const now = answered ?? live.get(item.object)?.get(key);
    if (now === undefined) {
      gone.push(missing(item));
      continue;
    }
    const answer = known.answers.get(item.id);
    const was =
      item.action === 'create' ? {} : ((answer?.status === 'applied' ? answer.was : undefined) ?? known.before.get(item.object)?.get(key))?.fields;
    const certain = answered !== undefined && (item.action === 'create' || (answer?.status === 'applied' && answer.was !== undefined));
    const found = compare({ item, schema: schemaOf(looking.schema, item.object), key, now: now.fields, was, certain });
    if (found.otherwise.length + found.beside.length > 0) odd.push(found);
  }
  const histories = await historiesOf(
    looking,
    odd.filter(({ one }) => !one.certain),
    options,
  );
  const own = looking.platform.identity.writer;
  return [...gone, ...odd.flatMap((one) => judged(one, histories.get(one.one.item.id), own, status.get(one.one.item.id)))];
}

/**
 * A record that the platform says it wrote and does not know. One that it says it created is looked for before it is
 * created once more.
 */
function missing(item: Written): ItemResult {
  const message = 'the platform said that it was written, but the record does not exist';
  return { id: item.id, status: item.action === 'create' ? 'in_doubt' : 'failed', contradicted: true, message };
}

/** True where the platform has looked itself, and there is nothing to tell. */
function isAsSent({ answers }: Aftermath, id: string): boolean {
  const answer = answers.get(id);
  return answer?.status === 'applied' && answer.asSent === true;
}

function recordIn({ answers }: Aftermath, id: string): PlatformRecord | undefined {
  const answer = answers.get(id);
  return answer?.status === 'applied' ? answer.record : undefined;
}

function compare(one: Case): Odd {
  const { item, schema, now, was } = one;
  const kept = new Set(item.action === 'update' ? item.keeps : []);
  const otherwise = Object.keys(item.set).filter(
    (name) => !kept.has(name) && !isUnset(one, name) && !sameSide(ownValue(now, name), ownValue(item.set, name)),
  );
  const isBeside = (name: string): boolean => {
    const value = ownValue(now, name);
    if (kept.has(name)) return !sameSide(value, ownValue(item.set, name));
    if (isUnset(one, name)) return !sameSide(value, null) && value !== '';
    return was !== undefined && !Object.hasOwn(item.set, name) && !sameSide(ownValue(was, name), value);
  };
  const beside: string[] = [];
  for (const { name, readOnly, viaLink } of schema.fields)
    if (!readOnly && viaLink === undefined && Object.hasOwn(now, name) && isBeside(name)) beside.push(name);
  return { one, otherwise, beside };
}

/** True for a field that a create leaves empty: what the platform fills in there is beside the plan. */
function isUnset({ item }: Case, name: string): boolean {
  return item.action === 'create' && sameSide(ownValue(item.set, name), null);
}

/** Who wrote what differs, by item; empty where the platform keeps no history of fields. */
async function historiesOf(looking: Looking, odd: readonly Odd[], options: CallOptions): Promise<ReadonlyMap<string, RecordHistory>> {
  const found = new Map<string, RecordHistory>();
  if (looking.platform.connector.capabilities.history !== 'field') return found;
  const byObject = new Map<string, Odd[]>();
  for (const one of odd) byObject.set(one.one.item.object, [...(byObject.get(one.one.item.object) ?? []), one]);
  for (const group of byObject.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const names = [...new Set(group.flatMap(({ otherwise, beside }) => [...otherwise, ...beside]))].sort();
    const { history } = await readLive(looking.platform, first.one.schema, [...new Set(group.map(({ one }) => one.key))], names, options);
    for (const { one } of group) {
      const entries = history.get(one.key);
      if (entries !== undefined) found.set(one.item.id, entries);
    }
  }
  return found;
}

function judged(
  { one, otherwise, beside }: Odd,
  history: RecordHistory | undefined,
  ownWriter: string | undefined,
  result: ItemResult | undefined,
): ItemResult[] {
  const { item, schema, now, was, certain } = one;
  if (result === undefined) return [];
  const lastOf = (name: string): FieldChange | undefined => ownValue(history?.fields ?? {}, name)?.[0] ?? history?.last;
  // A record that is there was created, whatever the platform made of it: it is never created a second time.
  const isMade = (last: FieldChange | undefined): boolean => item.action === 'create' && last === undefined;
  const isOurs = (entry: FieldChange | undefined): boolean =>
    entry !== undefined && (entry.byPlatform === true || (ownWriter !== undefined && entry.writer === ownWriter));
  const wasOurs = (name: string): boolean => {
    const before = ownValue(history?.fields ?? {}, name)?.[1];
    return before !== undefined && ownWriter !== undefined && before.writer === ownWriter && sameSide(before.value, ownValue(item.set, name));
  };
  const stored: Record<string, Value> = {};
  const altered: string[] = [];
  const moves: Record<string, FieldMove> = {};
  const lost: string[] = [];
  for (const name of otherwise) {
    const value = ownValue(now, name) ?? null;
    const type = schema.fields.find((field) => field.name === name)?.type ?? 'other';
    const last = lastOf(name);
    const unchanged = item.action === 'update' && sameSide(value, ownValue(item.replaced, name));
    const formOnly = sameButForm(value, ownValue(item.set, name), type);
    // A write of its own after ours is no form of what we sent: it reacts, and what the plan says is not there.
    const reacted = last?.byPlatform === true && last.writer !== ownWriter && (!unchanged || wasOurs(name));
    if (!formOnly && reacted) setOwn(moves, name, moveOf(ownValue(item.set, name), value));
    else if (formOnly || ((certain || isOurs(last) || isMade(last)) && !unchanged)) {
      setOwn(stored, name, value);
      if (!formOnly) altered.push(name);
    } else if (last === undefined || isOurs(last)) lost.push(name);
  }
  for (const name of beside) if (certain || isOurs(lastOf(name))) setOwn(moves, name, moveOf(ownValue(was ?? item.set, name), ownValue(now, name)));
  if (lost.length > 0)
    return [
      {
        id: item.id,
        status: 'failed',
        contradicted: true,
        message: `the platform said that it was written, but ${lost.join(', ')} ${lost.length === 1 ? 'is' : 'are'} not so`,
      },
    ];
  const more = {
    ...(Object.keys(stored).length === 0 ? {} : { stored }),
    ...(altered.length === 0 ? {} : { altered }),
    ...(Object.keys(moves).length === 0 ? {} : { beside: moves }),
  };
  return Object.keys(more).length === 0 ? [] : [{ ...result, ...more }];
}

/** How far the clocks of the platform's own machines may be apart. */
const CLOCKS_APART_MS = 5_000;

/**
 * The same for updates that were found to stand after the process that sent them was gone, and with it what it had read
 * before: where the platform keeps a history of fields, what it wrote by itself since the intent is beside the plan.
 */
export async function lookAfterLost(
  looking: Looking,
  pending: readonly Pending[],
  results: readonly ItemResult[],
  options: CallOptions,
): Promise<readonly ItemResult[]> {
  if (looking.platform.connector.capabilities.history !== 'field') return results;
  const byObject = new Map<string, { readonly item: Written; readonly sentAt: number; readonly result: ItemResult }[]>();
  for (const one of pending) {
    const { item } = one;
    // Where nobody can tell when it was sent, nothing is claimed to be an answer to it.
    const sentAt = sinceThere(looking.platform, one);
    if (sentAt === undefined) continue;
    const result = results.find(({ id }) => id === item.id);
    if ((item.action !== 'update' && item.action !== 'create') || result?.status !== 'applied' || result.key === undefined) continue;
    byObject.set(item.object, [...(byObject.get(item.object) ?? []), { item, sentAt, result }]);
  }
  const found = new Map<string, ItemResult>();
  for (const [object, group] of byObject) {
    const schema = schemaOf(looking.schema, object);
    const names = schema.fields.filter((field) => !field.readOnly && field.viaLink === undefined).map((field) => field.name);
    const keys = [...new Set(group.map(({ result }) => result.key ?? ''))];
    const { records, history } = await readLive(looking.platform, schema, keys, names, options);
    for (const { item, sentAt, result } of group) {
      const now = records.get(result.key ?? '')?.fields;
      const entries = history.get(result.key ?? '')?.fields;
      if (now === undefined || entries === undefined) continue;
      const moves = sinceIntent(item, now, entries, writtenAt(item, entries, sentAt - CLOCKS_APART_MS, looking.platform.identity.writer));
      if (Object.keys(moves).length > 0) found.set(item.id, { ...result, beside: moves });
    }
  }
  return results.map((result) => found.get(result.id) ?? result);
}

/**
 * When the platform took an item in, by its own clock; `since` where its history does not tell. What it did before was
 * no answer to it.
 */
function writtenAt(item: Written, entries: RecordHistory['fields'], since: number, ownWriter: string | undefined): number {
  const times = Object.keys(item.set).flatMap((name) => {
    const ours = ownValue(entries, name)?.filter((one) => ownWriter !== undefined && one.writer === ownWriter && one.at !== undefined) ?? [];
    return ours.map(({ at }) => Date.parse(at ?? '')).filter((at) => at >= since);
  });
  return times.length === 0 ? since : Math.min(...times);
}

function sinceIntent(item: Written, now: Fields, entries: RecordHistory['fields'], since: number): Record<string, FieldMove> {
  const moves: Record<string, FieldMove> = {};
  for (const [name, changes] of Object.entries(entries)) {
    const [last] = changes;
    if (last?.byPlatform !== true || last.at === undefined || Date.parse(last.at) < since) continue;
    const unset = item.action === 'create' ? sameSide(ownValue(item.set, name), null) : item.keeps?.includes(name) === true;
    if (Object.hasOwn(item.set, name) && !unset) continue;
    const before = changes.find((change) => change.at !== undefined && Date.parse(change.at) < since);
    const from = item.action === 'create' ? undefined : (before?.value ?? null);
    if (!sameSide(from, ownValue(now, name))) setOwn(moves, name, moveOf(from, ownValue(now, name)));
  }
  return moves;
}

/**
 * What a batch of links did beside what was asked (G27): links that are gone although nobody asked for that, since of
 * some kinds a record has one at most (`displaced`), and links of other kinds that came between the same two records
 * (`brought`), such as a plain one with a labelled one. `before`: all links between the two object types at the same
 * records.
 */
export async function linksBeside(
  looking: Looking,
  items: readonly JournalItem[],
  results: readonly ItemResult[],
  before: readonly JournalLink[],
  options: CallOptions,
): Promise<readonly ItemResult[]> {
  const written = items.flatMap((item) => {
    const result = results.find(({ id }) => id === item.id);
    return 'link' in item && result?.status === 'applied' && result.already !== true ? [{ item, result }] : [];
  });
  const [first] = written;
  if (first === undefined) return [];
  const { kinds, side } = oneSide(looking.schema, first.item);
  if (kinds.length === 1 && before.length === 0) return [];
  const now = await readPairLinks(looking, items, options);
  const asked = new Set(items.flatMap((item) => ('link' in item ? [linkText(item)] : [])));
  const were = new Set(before.map(linkText));
  const are = new Set(now.map(linkText));
  const cut = before.filter((link) => !are.has(linkText(link)) && !asked.has(linkText(link)));
  const came = now.filter((link) => !were.has(linkText(link)) && !asked.has(linkText(link)));
  const samePair = (item: JournalLink, link: JournalLink): boolean => link.from === item.from && link.to === item.to;
  const found: ItemResult[] = [];
  for (const { item, result } of written) {
    const displaced = cut.filter((link) => (item.action === 'link' ? link[side] === item[side] : samePair(item, link)));
    const brought = item.action === 'link' ? came.filter((link) => samePair(item, link)) : [];
    if (displaced.length + brought.length === 0) continue;
    found.push({ ...result, ...(displaced.length === 0 ? {} : { displaced }), ...(brought.length === 0 ? {} : { brought }) });
  }
  return found;
}
