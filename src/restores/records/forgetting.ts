import { defined } from '../../lib/index.js';
import type { JournalEntry, LockOwner, RewrittenJournal, Store } from '../../store/index.js';
import type { PlanHeader, PlanLine } from '../types.js';
import { readCreated, RESTORES } from './journal.js';
import { readPlan, rewritePlan } from './plan-file.js';

/** Records of a platform that are to be forgotten, and the texts that tell of them wherever they stand. */
export interface ToForget {
  /** Whether it is one of them. */
  readonly has: (platform: string, object: string, key: string) => boolean;
  /**
   * A value without those texts where people wrote or programs answered, and never in the values of records: the very one that
   * was given where it holds none.
   */
  readonly scrub: <T>(value: T) => T;
}

/** Members of an item or result by which the rest of a restore goes on; all others tell of the record. */
const STAYS: ReadonlySet<string> = new Set([
  'id',
  'n',
  'kind',
  'action',
  'object',
  'status',
  'reason',
  'recreated',
  'correlationId',
  'link',
  'fromObject',
  'toObject',
]);

/**
 * Takes records out of a plan: their changes and conflicts, and those of the links at their ends. It is another plan then:
 * an approval of it counts no more. True where there was something to take out. Throws what reading a plan throws.
 */
export async function forgetInPlan(store: Store, id: string, what: ToForget): Promise<boolean> {
  const { header, schema } = await readPlan(store, id);
  const names = schema.objects.map(({ object }) => object);
  return await rewritePlan(
    store,
    id,
    (head) => headWithout(head, names, what),
    (line) => (tellsOf(line, header.platform, what) ? undefined : what.scrub(line)),
  );
}

/** Whether there is something to take out of a plan. Throws what reading a plan throws. */
export async function planTellsOf(store: Store, id: string, what: ToForget): Promise<boolean> {
  const plan = await readPlan(store, id);
  const names = plan.schema.objects.map(({ object }) => object);
  if (headWithout(plan.header, names, what) !== plan.header) return true;
  for await (const lines of plan.linesTogether())
    if (lines.some((line) => tellsOf(line, plan.header.platform, what) || what.scrub(line) !== line)) return true;
  return false;
}

/** A header without the keys that it was limited to, and the decisions that name one. */
function headWithout(header: PlanHeader, objects: readonly string[], { has, scrub }: ToForget): PlanHeader {
  const { platform, filters, decisions = {} } = header;
  const isOurs = (key: string): boolean => objects.some((object) => has(platform, object, key));
  const stay = Object.entries(decisions).filter(([id]) => {
    const [object = '', ...rest] = id.split('/');
    return !has(platform, object, rest.join('/')) && !has(platform, object, rest.slice(0, -1).join('/'));
  });
  const keys = filters.keys?.map((key) => (isOurs(key) ? String(nameless(key)) : key));
  const where = filters.where === undefined ? undefined : scrub(filters.where);
  if (stay.length === Object.keys(decisions).length && where === filters.where && (keys ?? []).every((key, n) => key === filters.keys?.[n]))
    return header;
  return {
    ...header,
    filters: { ...filters, ...defined({ keys, where }) },
    ...(header.decisions === undefined ? {} : { decisions: Object.fromEntries(stay) }),
  };
}

function tellsOf(line: PlanLine, platform: string, { has }: ToForget): boolean {
  if ('link' in line) return [line.from, line.to].some(({ object, key }) => has(platform, object, key));
  if (has(platform, line.object, line.key)) return true;
  const change = line.kind === 'conflict' ? line.change : undefined;
  return change !== undefined && 'link' in change && [change.from, change.to].some(({ object, key }) => has(platform, object, key));
}

/**
 * Takes the values of records out of the journal of a restore that has come to its end. What was done to them stays, without
 * what was written; an undo leaves them as they are. Undefined where nothing was told of them. Throws `locked`,
 * `journal-damaged`.
 */
export async function forgetInRestore(store: Store, id: string, owner: LockOwner, what: ToForget): Promise<RewrittenJournal | undefined> {
  return await store.journal(RESTORES, id).rewrite(owner, await emptying(store, id, what));
}

/** Whether there is something to take out of the journal of a restore. Throws `journal-damaged`. */
export async function restoreTellsOf(store: Store, id: string, what: ToForget): Promise<boolean> {
  const change = await emptying(store, id, what);
  for await (const entry of store.journal(RESTORES, id).read({ whole: true })) if (change(entry) !== entry.data) return true;
  return false;
}

/** What becomes of the data of each entry of a restore. */
async function emptying(store: Store, id: string, what: ToForget): Promise<(entry: JournalEntry) => JournalEntry['data']> {
  const platform = (await readCreated(store, id))?.platform;
  // Of items, by number: results name no object type.
  const ids = new Set<unknown>();
  const isOurs = (object: unknown, key: unknown): boolean =>
    platform !== undefined && typeof object === 'string' && typeof key === 'string' && what.has(platform, object, key);
  const emptied = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      // A link without a number is only told beside something else.
      const stay = value.filter((one) => !isLinkOf(one, isOurs) || 'id' in (one as object));
      const now = stay.map(emptied);
      return stay.length === value.length && now.every((one, n) => one === value[n]) ? value : now;
    }
    if (typeof value !== 'object' || value === null) return value;
    const { object, key, id: item } = value as { readonly object?: unknown; readonly key?: unknown; readonly id?: unknown };
    const isLink = isLinkOf(value, isOurs);
    const isOne = isLink || (isOurs(object, key) && (item !== undefined || 'fields' in value));
    if (isOne && item !== undefined) ids.add(item);
    if ('forgotten' in value) return value;
    const entries = Object.entries(value);
    if (isOne || ('status' in value && ids.has(item))) return withoutValues(entries);
    const now = entries.map(
      ([name, one]) => [name, RECORD_VALUES.has(name) ? one : name === 'key' && isOurs(object, one) ? nameless(one) : emptied(one)] as const,
    );
    return now.every(([, one], n) => one === entries[n]?.[1]) ? value : Object.fromEntries(now);
  };
  return ({ data }) => what.scrub(emptied(data) as JournalEntry['data']);
}

/** A key as it may stay: a number tells of nobody, and by it others go on. */
function nameless(key: unknown): unknown {
  return typeof key !== 'string' || isNumberKey(key) ? key : FORGOTTEN;
}

/** Whether a key is a number, which tells of nobody. */
export function isNumberKey(key: string): boolean {
  return /^-?\d*$/u.test(key);
}

/** What stands where a text or key was. */
export const FORGOTTEN = '(forgotten)';

function isLinkOf(value: unknown, isOurs: (object: unknown, key: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null || !('fromObject' in value)) return false;
  const { fromObject, from, toObject, to } = value as Readonly<Record<string, unknown>>;
  return isOurs(fromObject, from) || isOurs(toObject, to);
}

/** Members that hold values of records, whose fields may have any name. */
export const RECORD_VALUES: ReadonlySet<string> = new Set([
  'base',
  'beside',
  'damaged',
  'fields',
  'given',
  'live',
  'lost',
  'replaced',
  'set',
  'stays',
  'stored',
]);

function withoutValues(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const kept = entries.flatMap(([name, value]): (readonly [string, unknown])[] => {
    if (KEYS.has(name)) return [[name, nameless(value)]];
    if (STAYS.has(name) || typeof value === 'boolean') return [[name, name === 'status' && value !== 'applied' ? 'moved' : value]];
    if (Array.isArray(value)) return [[name, []]];
    return typeof value === 'object' && value !== null ? [[name, {}]] : [];
  });
  return { ...Object.fromEntries(kept), forgotten: true };
}

/** Members that hold the key of the record, or of the one at the other end of a link. */
const KEYS: ReadonlySet<string> = new Set(['from', 'key', 'made', 'to']);
