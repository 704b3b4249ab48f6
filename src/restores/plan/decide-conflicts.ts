import { RunbackError } from '../../lib/index.js';
import { ownValue, setOwn } from '../../records/index.js';
import { isKnownAs, type SnapshotReader } from '../../snapshots/index.js';
import type { LinkDraft, RecordDraft } from '../decide/order.js';
import { nameOf } from '../decide/order.js';
import { checkAccount } from '../records/bound.js';
import { readPlan, writePlan } from '../records/plan-file.js';
import { CONFLICT_CODES, type ConflictChoice, type PlanConflict, type PlanSummary } from '../types.js';
import { Draft } from './facts/draft.js';
import { objectInfo } from './objects/differences.js';
import type { RestoreDeps } from './plan.js';

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
  const draft = new Draft(plan.schema, deps.platform.connector.capabilities.batch.update);
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
  const { version: _version, id: _id, counts, lost: _lost, createdAt: _createdAt, digest: _digest, ...head } = plan.header;
  const damaged = await deps.catalog.open(plan.header.damaged.snapshot);
  try {
    requireSame(damaged, plan.header.damaged.digest);
    const rowsOf = (object: string): number => objectInfo(damaged, plan.header.platform, object)?.rows ?? 0;
    const decisions = { ...plan.header.decisions, ...choices };
    return await writePlan(
      deps.store,
      deps.clock,
      { ...head, createdBy: by, from: planId, decisions },
      plan.schema,
      draft.lines(),
      counts.nothingToDo,
      rowsOf,
    );
  } finally {
    await damaged.close();
  }
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

/** A plan goes on with the very snapshot that it was made from. Throws `snapshot-replaced`. */
function requireSame(reader: SnapshotReader, digest: string): void {
  if (isKnownAs(reader, digest)) return;
  throw new RunbackError('snapshot-replaced', `${reader.path} is not the snapshot that this plan was made from`, {
    why: `Its digest is ${reader.digest}, and the plan names ${digest}. Someone put another file in its place.`,
    state: 'The plan is unchanged.',
    next: 'Find out who can write to that folder, and put the right file back from a copy.',
    data: { id: reader.manifest.id, path: reader.path, digest: reader.digest, recorded: digest },
  });
}
