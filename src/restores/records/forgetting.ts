import type { JournalEntry, LockOwner, RewrittenJournal, Store } from '../../store/index.js';
import type { PlanLine } from '../types.js';
import { readCreated, RESTORES } from './journal.js';
import { readPlan, rewritePlan } from './plan-file.js';

/** Records of a platform that are to be forgotten, and the texts that tell of them wherever they stand. */
export interface ToForget {
  /** Whether it is one of them. */
  readonly has: (platform: string, object: string, key: string) => boolean;
  /** A value without those texts: the very one that was given where it holds none. */
  readonly scrub: <T>(value: T) => T;
}

/** Members of an item or result by which the rest of a restore goes on; all others tell of the record. */
const STAYS: ReadonlySet<string> = new Set(['id', 'n', 'kind', 'action', 'object', 'key', 'status', 'reason', 'made', 'recreated', 'correlationId']);

/**
 * Takes records out of a plan: their changes and conflicts, and those of the links at their ends. It is another plan then:
 * an approval of it counts no more. True where there was something to take out. Throws what reading a plan throws.
 */
export async function forgetInPlan(store: Store, id: string, what: ToForget): Promise<boolean> {
  const { header } = await readPlan(store, id);
  return await rewritePlan(store, id, what.scrub, (line) => (tellsOf(line, header.platform, what) ? undefined : what.scrub(line)));
}

/** Whether there is something to take out of a plan. Throws what reading a plan throws. */
export async function planTellsOf(store: Store, id: string, what: ToForget): Promise<boolean> {
  const plan = await readPlan(store, id);
  if (what.scrub(plan.header) !== plan.header) return true;
  for await (const lines of plan.linesTogether())
    if (lines.some((line) => tellsOf(line, plan.header.platform, what) || what.scrub(line) !== line)) return true;
  return false;
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
  const platform = (await readCreated(store, id))?.platform;
  // Of items, by number: results name no object type.
  const ids = new Set<unknown>();
  const emptied = (value: unknown): unknown => {
    if (Array.isArray(value)) return sameOr(value, value.map(emptied));
    if (typeof value !== 'object' || value === null) return value;
    const { object, key, id: item } = value as { readonly object?: unknown; readonly key?: unknown; readonly id?: unknown };
    const isOne = typeof object === 'string' && typeof key === 'string' && platform !== undefined && what.has(platform, object, key);
    if (isOne && item !== undefined) ids.add(item);
    const entries = Object.entries(value);
    if (isOne || ('status' in value && ids.has(item))) return withoutValues(entries);
    const now = entries.map(([name, one]) => [name, emptied(one)] as const);
    return now.every(([, one], n) => one === entries[n]?.[1]) ? value : Object.fromEntries(now);
  };
  return await store.journal(RESTORES, id).rewrite(owner, ({ data }) => what.scrub(emptied(data)) as JournalEntry['data']);
}

function withoutValues(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const kept = entries.flatMap(([name, value]): (readonly [string, unknown])[] => {
    if (STAYS.has(name) || typeof value === 'boolean') return [[name, name === 'status' && value !== 'applied' ? 'moved' : value]];
    if (Array.isArray(value)) return [[name, []]];
    return typeof value === 'object' && value !== null ? [[name, {}]] : [];
  });
  return { ...Object.fromEntries(kept), forgotten: true };
}

function sameOr(before: readonly unknown[], now: readonly unknown[]): readonly unknown[] {
  return now.every((one, n) => one === before[n]) ? before : now;
}
