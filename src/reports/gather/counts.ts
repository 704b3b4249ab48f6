import { defined } from '../../lib/index.js';
import type { LeftRecord, PlanFacts, PlanReplaced, RepairCounts, ReportHeadline, RunFacts } from '../types.js';
import { type PlanCells, type RestoreWork, Standing } from './cells.js';

const SHOWN_LEFT = 10;
/** Conflicts that are no damage as far as anybody knows. */
const UNCLEAR: ReadonlySet<string> = new Set(['unattributed', 'base-unreadable', 'base-partial']);

/** A plan with what it is about. */
export interface PlanRead {
  readonly facts: PlanFacts;
  readonly cells: PlanCells;
}

/** What was damaged, and what of it is repaired. */
export type RepairFacts = Pick<
  ReportHeadline,
  'counted' | 'incomplete' | 'damaged' | 'repaired' | 'left' | 'inPart' | 'leftOut' | 'unclear' | 'objects'
> & {
  readonly examples: readonly (LeftRecord & { readonly plan?: string })[];
  /** The plans, with what counts instead of them. */
  readonly plans: readonly PlanFacts[];
};

interface Need {
  readonly object: string;
  readonly key: string;
  readonly plan: string | undefined;
  /** Cell to the reason why it cannot stand; undefined where a restore may have seen to it. */
  readonly cells: Map<string, string | undefined>;
}

/**
 * Counts records once, over all plans that count: those of which something stands, and of the others the last of each
 * chain. A plan is replaced by one that was made from it by deciding its conflicts, by the next one of the same step of
 * a run, or by a later one from the same base that holds a part of it. `plans` in the order in which they came up.
 */
export function repairOf(plans: readonly PlanRead[], works: readonly RestoreWork[], runs: readonly RunFacts[]): RepairFacts {
  const standing = new Standing(
    works,
    plans.map(({ cells }) => cells),
  );
  const applied = new Set(works.filter(({ undone }) => !undone).map(({ plan }) => plan));
  const followers = followersOf(plans, runs, standing, applied);
  const counts = (id: string): boolean => applied.has(id) || !followers.has(id);
  const needs = new Map<string, Need>();
  const unclear = new Set<string>();
  for (const { cells } of plans.filter(({ facts }) => counts(facts.id))) {
    for (const { object, key, cells: own } of cells.changes) need(needs, standing, cells, object, key, own);
    // Decided since: what was decided stands in the plan that follows.
    if (followers.has(cells.plan)) continue;
    for (const { code, object, key, cells: own } of cells.conflicts)
      if (UNCLEAR.has(code)) unclear.add(standing.idOf(cells, object, key));
      else need(needs, standing, cells, object, key, own, code);
  }
  for (const { id, cell } of standing.beside()) {
    const record = needs.get(id);
    if (record !== undefined && !record.cells.has(cell)) record.cells.set(cell, undefined);
  }
  const leftOut = new Set<string>();
  const said = plans.map(({ facts, cells }): PlanFacts => {
    const follower = followers.get(facts.id);
    const now: PlanFacts = { ...facts, applied: applied.has(facts.id) };
    if (follower === undefined || counts(facts.id)) return now;
    const out = follower.how === 'anew' ? { records: 0, fields: 0 } : outOf(cells, needs, standing, leftOut);
    return { ...now, replaced: { ...follower, leftOut: out } };
  });
  return {
    ...counted(needs, standing),
    counted: plans.length > 0,
    incomplete: plans.some(({ cells }) => !cells.whole),
    leftOut: leftOut.size,
    unclear: [...unclear].filter((id) => !needs.has(id)).length,
    plans: said,
  };
}

function need(
  needs: Map<string, Need>,
  standing: Standing,
  plan: PlanCells,
  object: string,
  key: string,
  cells: readonly string[],
  conflict?: string,
): void {
  const id = standing.idOf(plan, object, key);
  const record: Need = needs.get(id) ?? { object, key: standing.keyOf(plan, object, key), plan: plan.plan, cells: new Map() };
  needs.set(id, record);
  for (const cell of cells) if (conflict !== undefined || !record.cells.has(cell)) record.cells.set(cell, conflict);
}

function counted(needs: ReadonlyMap<string, Need>, standing: Standing): RepairCounts & Pick<RepairFacts, 'inPart' | 'objects' | 'examples'> {
  const objects = new Map<string, { damaged: number; repaired: number; left: number }>();
  const examples: (LeftRecord & { plan?: string })[] = [];
  const all = { damaged: 0, repaired: 0, left: 0 };
  let inPart = 0;
  for (const [id, { object, key, plan, cells }] of needs) {
    const own = objects.get(object) ?? { damaged: 0, repaired: 0, left: 0 };
    objects.set(object, own);
    const whys = [...cells].flatMap(([cell, conflict]) => {
      const why = standing.why(id, cell);
      return why === undefined ? [] : [conflict ?? why];
    });
    const [why] = whys;
    for (const sum of [own, all]) {
      sum.damaged += 1;
      if (why === undefined) sum.repaired += 1;
      else sum.left += 1;
    }
    if (why === undefined) continue;
    if (whys.length < cells.size) inPart += 1;
    if (examples.length < SHOWN_LEFT) examples.push({ object, key, why, ...defined({ plan }) });
  }
  return {
    ...all,
    inPart,
    objects: [...objects].map(([object, sums]) => ({ object, ...sums })).sort((a, b) => (a.object < b.object ? -1 : 1)),
    examples,
  };
}

/** What a plan held and no plan that counts does. */
function outOf(cells: PlanCells, needs: ReadonlyMap<string, Need>, standing: Standing, leftOut: Set<string>): PlanReplaced['leftOut'] {
  const records = new Set<string>();
  let fields = 0;
  const harmed = cells.conflicts.filter(({ code }) => !UNCLEAR.has(code));
  for (const { object, key, cells: own } of [...cells.changes, ...harmed]) {
    const id = standing.idOf(cells, object, key);
    const kept = needs.get(id);
    if (kept === undefined) records.add(id);
    fields += own.filter((cell) => kept === undefined || !kept.cells.has(cell)).length;
  }
  for (const id of records) leftOut.add(id);
  return { records: records.size, fields };
}

type Follower = Omit<PlanReplaced, 'leftOut'>;

function followersOf(
  plans: readonly PlanRead[],
  runs: readonly RunFacts[],
  standing: Standing,
  applied: ReadonlySet<string>,
): ReadonlyMap<string, Follower> {
  const followers = new Map<string, Follower>();
  const byId = new Map(plans.map((plan) => [plan.facts.id, plan]));
  const follows = (before: string, facts: PlanFacts, how: PlanReplaced['how'], more: Partial<Follower> = {}): void => {
    if (before === facts.id || !byId.has(before)) return;
    followers.set(before, { by: facts.id, person: facts.createdBy, at: facts.createdAt, how, ...more });
  };
  for (const { facts } of plans) if (facts.from !== undefined) follows(facts.from, facts, 'decided');
  for (const { plan, by, person, at, limits } of runs.flatMap(({ replaced }) => replaced)) {
    const [before, after] = [byId.get(plan)?.facts, byId.get(by)?.facts];
    if (before === undefined || after === undefined || followers.has(plan)) continue;
    const said = { ...defined({ person, at, limits }) };
    follows(plan, after, before.filters === after.filters ? 'anew' : 'narrowed', said);
  }
  for (const [place, { facts, cells }] of plans.entries()) {
    if (followers.has(facts.id) || applied.has(facts.id)) continue;
    const part = plans.slice(place + 1).findLast((later) => isPartOf(later, { facts, cells }, standing));
    if (part !== undefined)
      follows(facts.id, part.facts, part.facts.filters === facts.filters ? 'anew' : 'narrowed', { limits: part.facts.filters ?? '' });
  }
  return followers;
}

function isPartOf(later: PlanRead, earlier: PlanRead, standing: Standing): boolean {
  const [a, b] = [later.facts, earlier.facts];
  if (a.platform !== b.platform || a.account !== b.account || a.base !== b.base || later.cells.changes.length === 0) return false;
  const held = new Map<string, Set<string>>();
  for (const { object, key, cells } of [...earlier.cells.changes, ...earlier.cells.conflicts]) {
    const id = standing.idOf(earlier.cells, object, key);
    held.set(id, new Set([...(held.get(id) ?? []), ...cells]));
  }
  return later.cells.changes.every(({ object, key, cells }) => {
    const known = held.get(standing.idOf(later.cells, object, key));
    return known !== undefined && cells.every((cell) => known.has(cell));
  });
}
