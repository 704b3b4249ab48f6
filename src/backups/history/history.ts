import { Incidents } from '../../incidents/index.js';
import { INVESTIGATIONS } from '../../investigations/index.js';
import { type Clock, isRunbackError, messageOf, parseDuration } from '../../lib/index.js';
import { createdOf, deletePlan, isOver, openRestores, readRestore, dropOldReadings } from '../../restores/index.js';
import { openRuns } from '../../runbooks/index.js';
import type { LockOwner, Store } from '../../store/index.js';
import type { LogFiles } from '../forget/forget.js';
import { agesOf } from '../retention/rules.js';
import { investigatedBy } from './investigated.js';

/** What was done, and how long it is kept. */
export const HISTORY = ['plans', 'investigations', 'runs', 'restores', 'logs'] as const;
export type History = (typeof HISTORY)[number];

/** What pruning works with. */
export interface HistoryDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
  readonly logs: LogFiles;
  /** By kind, as runback.yml has it: a kind without a span stays. */
  readonly keep: Readonly<Partial<Record<History, string>>>;
  /** Younger plans may still be applied. */
  readonly planMaxAge: string;
  readonly signal: AbortSignal;
}

/** One thing that is old enough to go, and why it stays all the same. */
export interface Judged {
  readonly kind: History;
  readonly id: string;
  readonly ageMs: number;
  /** Why it stays, in words. */
  readonly needed?: string;
  readonly deleted?: boolean;
  /** Why it could not be deleted. */
  readonly why?: string;
}

/**
 * What is older than its kind is kept, in the order of the kinds, each the oldest first; what is younger is not told. Age
 * counts from the newest of the kind: see `agesOf`. Deletes what nothing needs, unless `dry`. One that cannot be deleted holds
 * up no other. Throws `locked` where somebody prunes already.
 */
export async function pruneHistory(deps: HistoryDeps, dry: boolean): Promise<readonly Judged[]> {
  const owner: LockOwner = { by: deps.by, holder: `prune-${process.pid}`, purpose: 'deleting old history' };
  const lock = await deps.store.lock('history-prune', owner, { breakDead: true, lapse: true });
  try {
    const judged = await judge(deps);
    if (dry) return judged;
    // They hold values of records, and nobody continues them any more.
    await dropOldReadings(deps.store, deps.clock.now());
    const done: Judged[] = [];
    // A plan that could not be deleted stays, and with it what it was made of.
    const plans = await investigatedBy(deps.store);
    const held = new Map<string, string>();
    for (const one of judged) {
      deps.signal.throwIfAborted();
      const plan = held.get(one.id);
      const result = plan === undefined ? one : { ...one, needed: `${plan} was made of it` };
      const now = result.needed === undefined ? { ...result, ...(await remove(result, deps, owner)) } : result;
      if (one.kind === 'plans' && now.deleted === false) for (const id of plans.of.get(one.id) ?? []) held.set(id, one.id);
      done.push(now);
    }
    return done;
  } finally {
    await lock.release();
  }
}

async function remove({ kind, id }: Judged, { store, logs }: HistoryDeps, owner: LockOwner): Promise<Pick<Judged, 'deleted' | 'why'>> {
  try {
    if (kind === 'plans') await deletePlan(store, id);
    else if (kind === 'logs') await logs.delete(id);
    else if (kind === 'investigations') await store.ledger(INVESTIGATIONS, id).delete();
    else await store.journal(kind, id).delete(owner);
    return { deleted: true };
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return { deleted: false, why: messageOf(error) };
  }
}

async function judge(deps: HistoryDeps): Promise<readonly Judged[]> {
  const { store, clock, keep, planMaxAge, logs } = deps;
  const old = (kind: History, ids: readonly string[]): readonly Judged[] => {
    const span = keep[kind];
    if (span === undefined) return [];
    const newestFirst = ids.flatMap((id) => {
      const startedAt = timeIn(id);
      return startedAt === undefined || Date.parse(startedAt) > clock.now().getTime() + AHEAD_MS ? [] : [{ id, startedAt }];
    });
    const gone = [...agesOf(newestFirst.toReversed(), parseDuration(span))].filter(({ isWithin }) => !isWithin);
    return gone.toReversed().map(({ id, ageMs }) => ({ kind, id, ageMs }));
  };
  const restores = await Promise.all(
    old('restores', await store.journals('restores')).map(async (one) => ({ ...one, ...(await whyRestore(store, one.id)) })),
  );
  const mentioned = await mentionedByOpen(deps);
  const going = new Set(restores.filter(({ needed }) => needed === undefined).map(({ id }) => id));
  const planOf = new Map<string, string>();
  let unread: string | undefined;
  for (const id of await store.journals('restores')) {
    if (going.has(id) && !mentioned.has(id)) continue;
    const plan = await createdOf(store, id).then(
      (created) => created.plan,
      (error: unknown) => {
        // One that was killed before its first line needs none.
        if (!isRunbackError(error, 'not-found')) unread = id;
        return undefined;
      },
    );
    if (plan !== undefined) planOf.set(plan, id);
  }
  const young = clock.now().getTime() - parseDuration(planMaxAge);
  const because = (one: Judged): Judged => {
    if (one.needed !== undefined) return one;
    if (mentioned.has(one.id)) return { ...one, needed: 'something open refers to it' };
    if (one.kind === 'plans' && unread !== undefined) return { ...one, needed: `${unread} cannot be read, and may need it` };
    const restore = one.kind === 'plans' ? planOf.get(one.id) : undefined;
    if (restore !== undefined) return { ...one, needed: `${restore} is undone with it` };
    if (one.kind === 'plans' && Date.parse(timeIn(one.id) ?? '') > young) return { ...one, needed: 'it may still be applied' };
    return one;
  };
  const runs = old('runs', await store.journals('runs'));
  const plans = old('plans', await store.ledgers('plans')).map(because);
  const goingPlans = new Set(plans.filter(({ needed }) => needed === undefined).map(({ id }) => id));
  const investigations = old('investigations', await store.ledgers(INVESTIGATIONS)).map(because);
  const judgedInvestigations = await keptByPlans(store, investigations, goingPlans);
  return [...plans, ...judgedInvestigations, ...[...runs, ...restores, ...old('logs', await logs.list())].map(because)];
}

/** An investigation stays as long as a plan that was made of it: the plan names its groups by number. */
async function keptByPlans(store: Store, investigations: readonly Judged[], going: ReadonlySet<string>): Promise<readonly Judged[]> {
  if (investigations.length === 0) return [];
  const { of, unread } = await investigatedBy(store);
  const staying = [...of].filter(([plan]) => !going.has(plan));
  const [damaged] = unread.filter((plan) => !going.has(plan));
  return investigations.map((one) => {
    if (one.needed !== undefined) return one;
    const plan = staying.find(([, named]) => named.includes(one.id))?.[0];
    if (plan !== undefined) return { ...one, needed: `${plan} was made of it` };
    return damaged === undefined ? one : { ...one, needed: `${damaged} cannot be read, and may be made of it` };
  });
}

/** A clock may be so far ahead and still be right. */
const AHEAD_MS = 60_000;

/** When something was begun, by its id or the name of its file: ISO 8601, UTC. */
function timeIn(id: string): string | undefined {
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = /(\d{4})-?(\d\d)-?(\d\d)(?:-(\d\d)(\d\d)(\d\d))?/u.exec(id) ?? [];
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  return Number.isNaN(Date.parse(text)) ? undefined : text;
}

/** Why a restore stays whatever its age. */
async function whyRestore(store: Store, id: string): Promise<Pick<Judged, 'needed'>> {
  try {
    const restore = await readRestore(store, id);
    if (!isOver(restore)) return { needed: 'it is not finished' };
    // Without it, a later restore could create those records a second time.
    return Object.keys(restore.keyMap).length === 0 ? {} : { needed: 'it says under which keys records were created again' };
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return error.code === 'not-found' ? {} : { needed: `it cannot be read: ${messageOf(error)}` };
  }
}

/** Ids of runs, restores, plans and investigations that something open names: incidents, runs, restores. */
async function mentionedByOpen({ store, clock }: HistoryDeps): Promise<ReadonlySet<string>> {
  const texts: string[] = [];
  const { runs, damaged } = await openRuns(store);
  texts.push(JSON.stringify(runs), ...damaged);
  const restores = await openRestores(store);
  texts.push(JSON.stringify(restores));
  // What is still paused is resumed by whoever paused it.
  for (const id of await store.list('sync-pauses')) {
    const pause = await store.document<{ readonly resumedAt?: string }>('sync-pauses', id).read();
    if (pause?.resumedAt === undefined) texts.push(JSON.stringify(pause ?? {}));
  }
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const open = await incidents.listOpen();
  const { incidents: read } = await incidents.readAll(open.map(({ id }) => id));
  texts.push(JSON.stringify(read));
  const found = new Set<string>();
  const add = (text: string): void => {
    for (const [id] of text.matchAll(/(?:run|restore|plan|inv)-\d{8}-\d{6}-[a-z0-9]{4}/gu)) found.add(id);
  };
  texts.forEach(add);
  // What those did, too.
  for (const id of found)
    for (const kind of ['runs', 'restores'])
      if (id.startsWith(kind.slice(0, -1)) && (await store.journal(kind, id).exists()))
        for await (const { data } of store.journal(kind, id).read()) add(JSON.stringify(data));
  return found;
}
