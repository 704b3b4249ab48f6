import type { Store } from '../../store/index.js';
import type { WorkspaceConfig } from '../../workspace/index.js';
import { type Task, type TaskView, taskView } from '../schedule/task.js';
import type { PruneReport } from './prune.js';

/** What pruning came to, in numbers of snapshots. */
export interface PruneSums {
  readonly deleted: number;
  /** Were to go, and could not be deleted. */
  readonly failed: number;
  readonly stay: number;
}

/** The same here and in each copy; or why nothing could be said of a copy. */
export interface PruneRound extends PruneSums {
  readonly copies?: Readonly<Record<string, PruneSums | { readonly error: { readonly code: string; readonly message: string } }>>;
}

/** How the pruning of snapshots stands, for people and programs. */
export type PruningView = TaskView<PruneRound>;

/** The pruning of snapshots as a task; undefined where it has no schedule. It waits for incidents on any platform. */
export function pruneTask({ backups: { prune }, platforms }: Pick<WorkspaceConfig, 'backups' | 'platforms'>): Task | undefined {
  if (prune === undefined) return undefined;
  const { schedule, timezone } = prune;
  const purpose = 'the pruning of snapshots';
  return { kind: 'backup-prunings', name: 'snapshots', lock: 'backup-pruning', purpose, platforms: Object.keys(platforms), schedule, timezone };
}

/** How the pruning of snapshots stands now; undefined where it has no schedule. */
export async function pruningView(config: WorkspaceConfig, store: Store, now: Date): Promise<PruningView | undefined> {
  const task = pruneTask(config);
  if (task === undefined) return undefined;
  const { standing: _standing, ...view } = await taskView<PruneRound>(task, store, now);
  return view;
}

/** What a report comes to. Pure. */
export function sumsOf({ snapshots }: PruneReport): PruneSums {
  const deleted = snapshots.filter((one) => one.deleted === true).length;
  const failed = snapshots.filter(({ kept }) => kept?.because === 'failed').length;
  return { deleted, failed, stay: snapshots.length - deleted - failed };
}
