import { RunbackError } from '../../lib/index.js';
import { ownValue, setOwn } from '../../records/index.js';
import type { LinkDraft, RecordDraft } from '../decide/order.js';
import { nameOf } from '../decide/order.js';
import { checkAccount } from '../records/bound.js';
import { readPlan } from '../records/plan-file.js';
import { CONFLICT_CODES, type ConflictChoice, type PlanConflict, type PlanSummary } from '../types.js';
import type { Draft } from './facts/draft.js';
import type { RestoreDeps } from './plan.js';
import { redraft } from './redraft.js';

/**
 * Takes decisions on the conflicts of a plan. They make a new plan that names the old one; the old one stays as it is.
 * `choices` maps ids of conflicts or whole conflict codes to `keep` or `restore`; an id goes before its code. Calls no
 * platform: what is written is still checked against live just before.
 *
 * Throws `not-found` for an id that no conflict of the plan has, `usage` for a choice that a conflict does not offer.
 */
export async function decideConflicts(
  planId: string,
  choices: Readonly<Record<string, ConflictChoice>>,
  by: string,
  deps: RestoreDeps,
): Promise<PlanSummary> {
  const plan = await readPlan(deps.store, planId);
  checkAccount(plan.header, deps.platform, deps.movedTo);
  const open = new Set(Object.keys(choices).filter((name) => !(CONFLICT_CODES as readonly string[]).includes(name)));
  return await redraft(plan, by, deps, { decisions: { ...plan.header.decisions, ...choices } }, async (draft) => {
    const decided = new Map<string, RecordDraft>();
    for await (const line of plan.lines()) {
      if (line.kind !== 'conflict') continue;
      open.delete(line.id);
      const choice = choices[line.id] ?? choices[line.code];
      if (choice === undefined || (line.byHand !== undefined && choices[line.id] === undefined)) draft.conflict(line);
      else if (choice === 'restore') take(line, choices[line.id] !== undefined, draft, decided);
      else if (line.choices.keep === undefined) throw notOffered(line, choice);
    }
    for await (const line of plan.lines()) {
      if (line.kind !== 'change') continue;
      const { kind: _kind, n: _n, ...change } = line;
      if ('link' in change) draft.link(change);
      else if (change.interim === true) draft.record(change);
      else {
        const more = decided.get(nameOf(change));
        decided.delete(nameOf(change));
        draft.record(more === undefined ? change : { ...change, fields: joined(change.fields, more.fields) });
      }
    }
    for (const change of decided.values()) draft.record(change);
    if (open.size > 0)
      throw new RunbackError('not-found', `Plan ${planId} has no conflict ${[...open].join(', ')}`, {
        state: 'The plan is unchanged.',
        next: `Look at its conflicts: runback restore show ${planId}`,
      });
  });
}

function take(conflict: PlanConflict, byId: boolean, draft: Draft, decided: Map<string, RecordDraft>): void {
  const { change } = conflict;
  if (change === undefined) {
    if (byId) throw notOffered(conflict, 'restore');
    // A choice for a whole code leaves those where it is not possible.
    draft.conflict(conflict);
  } else if ('link' in change) draft.link(change satisfies LinkDraft);
  else {
    const before = decided.get(nameOf(change));
    decided.set(nameOf(change), before === undefined ? change : { ...change, fields: joined(before.fields, change.fields) });
  }
}

function notOffered(conflict: PlanConflict, choice: ConflictChoice): RunbackError {
  return new RunbackError('usage', `Conflict ${conflict.id} cannot be decided as ${choice}`, {
    why: conflict.message,
    state: 'The plan is unchanged.',
    next: conflict.byHand ?? `It offers: ${Object.keys(conflict.choices).join(', ')}.`,
  });
}

/** The fields of two changes of one record: what is to change goes before what is only kept. */
function joined(a: RecordDraft['fields'], b: RecordDraft['fields']): RecordDraft['fields'] {
  const fields = { ...a };
  for (const [name, move] of Object.entries(b)) if (move.keeps !== true || ownValue(fields, name) === undefined) setOwn(fields, name, move);
  return fields;
}
