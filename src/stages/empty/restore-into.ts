import { join } from 'node:path';

import { type CallOptions, type Clock, defined, isRunbackError, Redactor } from '../../lib/index.js';
import {
  type ApplyDeps,
  applyRestore,
  confirmationOf,
  decideConflicts,
  planRestore,
  type PlanSummary,
  type RestoreSummary,
} from '../../restores/index.js';
import { createSnapshot, openSnapshot, type SnapshotReader } from '../../snapshots/index.js';
import { openFileStore } from '../../store/index.js';
import type { WorkspaceConfig } from '../../workspace/index.js';
import type { EmptyStage } from './empty.js';
import { seenThere } from './seen-there.js';

/** What is restored into an empty place. */
export interface RestoreIntoRequest {
  /** Id of a snapshot. */
  readonly snapshot: string;
  readonly by: string;
  /** An empty folder for the plan, the journal and everything else that the restore leaves. */
  readonly folder: string;
}

export interface RestoreIntoDeps {
  readonly workspace: WorkspaceConfig;
  readonly clock: Clock;
  readonly catalog: { open(id: string): Promise<SnapshotReader> };
  /** Tells what is being done, in words. */
  readonly doing: (what: string) => void;
}

/** What a restore came to. */
export interface RestoredInto {
  readonly restoreMs: number;
  readonly keyMap: RestoreSummary['keyMap'];
  /** Why it did not come to its end. */
  readonly stopped?: string;
}

/** Restores everything that a snapshot holds, by the way that a real restore takes: what is on the stage is the damage. */
export async function restoreInto(stage: EmptyStage, request: RestoreIntoRequest, deps: RestoreIntoDeps, call: CallOptions): Promise<RestoredInto> {
  const { snapshot, by, folder } = request;
  const { clock, catalog, workspace } = deps;
  const { platform } = stage;
  const store = openFileStore({ dir: join(folder, '.runback'), clock, redactor: new Redactor() });
  const dir = join(folder, 'backups');
  deps.doing(`Reading the empty ${platform.name}`);
  const empty = await createSnapshot({ platforms: [platform], by, note: 'of an empty place' }, { dir, store, clock }, call);
  const open = async (id: string): Promise<SnapshotReader> =>
    id === snapshot ? seenThere(await catalog.open(id), platform) : await openSnapshot(empty.path);
  // Limits are for people who could mean something else; here all of it is meant.
  const config = { ...workspace.restores, limits: {}, plan_max_age: '52w' };
  const using: ApplyDeps = { store, clock, platform, catalog: { open }, config };
  const began = clock.monotonicMs();
  deps.doing(`Planning the restore of ${platform.name}`);
  const exceptFields = stage.leftOut.length === 0 ? undefined : [...new Set(stage.leftOut.map(({ field }) => field))];
  const filters = { unattributed: 'include', deleteCreated: false, ...defined({ exceptFields }) } as const;
  const planned = await planRestore({ base: snapshot, damaged: empty.id, filters, inOrder: true, emptyPlace: true, by }, using, call);
  const plan = await decided(planned, by, using);
  deps.doing(`Restoring ${platform.name}`);
  try {
    const summary = await applyRestore({ plan: plan.header.id, confirmed: confirmationOf(plan.header), by }, using, call);
    const restoreMs = Math.round(clock.monotonicMs() - began);
    return { restoreMs, keyMap: summary.keyMap, ...defined({ stopped: leftWordsOf(summary) }) };
  } catch (error) {
    const summary = isRunbackError(error) ? (error.data['summary'] as RestoreSummary | undefined) : undefined;
    if (summary === undefined || !isRunbackError(error) || error.code === 'interrupted' || call.signal?.aborted === true) throw error;
    return {
      restoreMs: Math.round(clock.monotonicMs() - began),
      keyMap: summary.keyMap,
      stopped: [error.message, leftWordsOf(summary) ?? []].flat().join('. '),
    };
  }
}

/** What a person would be asked of people there: nobody gets mail in a place that was made for this. */
async function decided(plan: PlanSummary, by: string, using: ApplyDeps): Promise<PlanSummary> {
  const { consent = 0, irreversible = 0 } = plan.header.counts.conflicts;
  if (consent + irreversible === 0) return plan;
  return await decideConflicts(plan.header.id, { consent: 'restore', irreversible: 'restore' }, by, using);
}

/** What the platform refused, in words; undefined where it took everything. */
function leftWordsOf({ left = [], fieldsLeftBy = [] }: RestoreSummary): string | undefined {
  const changes = left.map(({ count, message, reason, status }) => `${count} ${status}: ${message ?? reason ?? 'no reason given'}`);
  const fields = fieldsLeftBy.map(({ count, object, field, message }) => `${field} of ${count} ${object}: ${message}`);
  const words = [...changes, ...fields];
  return words.length === 0 ? undefined : `The restore left some of it: ${words.join('; ')}`;
}
