import { ownValue, sameValue, setOwn, type Value } from '../../records/index.js';
import { nameOf } from '../decide/order.js';
import type { RestoreDeps } from '../plan/plan.js';
import { redraft } from '../plan/redraft.js';
import { schemaOf } from '../records/platform-items.js';
import type { FieldMove, Plan, PlanConflict, PlanSummary } from '../types.js';
import { isMembers, membersOf } from './rows.js';

/** A value that a plan is to write since the other side of the set will hold it. */
export interface AlignedCell {
  readonly object: string;
  readonly key: string;
  readonly field: string;
  /** In the form of this platform. */
  readonly to: Value;
  /** What the platform holds now: what the write expects, where the plan does not write the field yet. */
  readonly from?: Value;
  /** The conflict that this decides. */
  readonly conflictId?: string;
  /** In words. */
  readonly why: string;
}

/**
 * Makes a plan that writes these values in addition, or in the place of those it would write: a new plan that names the old
 * one. Calls no platform.
 */
export async function alignPlan(plan: Plan, cells: readonly AlignedCell[], by: string, deps: RestoreDeps): Promise<PlanSummary> {
  const byRecord = new Map<string, AlignedCell[]>();
  for (const cell of cells) byRecord.set(nameOf(cell), [...(byRecord.get(nameOf(cell)) ?? []), cell]);
  const decided = new Set(cells.flatMap(({ conflictId }) => (conflictId === undefined ? [] : [conflictId])));
  return await redraft(plan, by, deps, {}, async (draft) => {
    for await (const line of plan.lines()) {
      if (line.kind === 'conflict') {
        if (!decided.has(line.id) || !isDecided(line, cells)) draft.conflict(line);
        continue;
      }
      const { kind: _kind, n: _n, ...change } = line;
      if ('link' in change) {
        draft.link(change);
        continue;
      }
      const more = change.interim === true || change.action === 'delete' ? undefined : byRecord.get(nameOf(change));
      if (more !== undefined) byRecord.delete(nameOf(change));
      draft.record(more === undefined ? change : { ...change, fields: joined(change.fields, more), why: `${change.why}; ${more[0]?.why ?? ''}` });
    }
    for (const more of byRecord.values()) {
      const [first] = more;
      if (first === undefined) continue;
      const { object, key, why } = first;
      schemaOf(plan.schema, object);
      draft.record({ action: 'update', object, key, fields: joined({}, more), why, attribution: { state: 'unknown' } });
    }
  });
}

/** Whether these values are all that a conflict is about: of one about several fields, all that were damaged. */
function isDecided({ object, key, base, damaged, live }: PlanConflict, cells: readonly AlignedCell[]): boolean {
  if (!isMembers(live ?? base)) return true;
  const [before, after] = [membersOf(base), membersOf(damaged)];
  const fields = new Set(cells.filter((cell) => cell.object === object && cell.key === key).map(({ field }) => field));
  return Object.keys({ ...before, ...after }).every((name) => fields.has(name) || sameValue(ownValue(before, name), ownValue(after, name)));
}

function joined(fields: Readonly<Record<string, FieldMove>>, cells: readonly AlignedCell[]): Readonly<Record<string, FieldMove>> {
  const moved = { ...fields };
  for (const { field, from, to } of cells) {
    const before = ownValue(fields, field);
    const expects = before === undefined ? from : before.from;
    setOwn(moved, field, { ...(expects === undefined ? {} : { from: expects }), to, attribution: before?.attribution ?? { state: 'unknown' } });
  }
  return moved;
}
