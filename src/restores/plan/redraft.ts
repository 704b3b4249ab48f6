import { RunbackError } from '../../lib/index.js';
import { isKnownAs, type SnapshotReader } from '../../snapshots/index.js';
import { writePlan } from '../records/plan-file.js';
import type { Plan, PlanHeader, PlanSummary } from '../types.js';
import { Draft } from './facts/draft.js';
import { objectInfo } from './objects/differences.js';
import type { RestoreDeps } from './plan.js';

/**
 * Makes a new plan out of one: `fill` gives what it is to hold, and the new one names the old one, which stays as it is.
 * Throws `snapshot-replaced` where the snapshot of the damage is not the one that the plan was made from.
 */
export async function redraft(
  plan: Plan,
  by: string,
  deps: RestoreDeps,
  more: Pick<PlanHeader, 'decisions'>,
  fill: (draft: Draft) => Promise<void>,
): Promise<PlanSummary> {
  const draft = new Draft(plan.schema, deps.platform.connector.capabilities.batch.update);
  await fill(draft);
  const { version: _version, id, counts, lost: _lost, createdAt: _createdAt, digest: _digest, ...head } = plan.header;
  const made = { ...head, createdBy: by, from: id, ...more };
  const { history } = plan.header;
  if (history !== undefined) {
    const ofHistory = (object: string): number => history.objects.find((one) => one.object === object)?.of ?? 0;
    return await writePlan(deps.store, deps.clock, made, plan.schema, draft, counts.nothingToDo, ofHistory);
  }
  const damaged = await deps.catalog.open(plan.header.damaged.snapshot);
  try {
    requireSame(damaged, plan.header.damaged.digest);
    const rowsOf = (object: string): number => objectInfo(damaged, plan.header.platform, object)?.rows ?? 0;
    return await writePlan(deps.store, deps.clock, made, plan.schema, draft, counts.nothingToDo, rowsOf);
  } finally {
    await damaged.close();
  }
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
