import {
  explainPrune,
  jobsOfCopy,
  prune,
  type PruneReport,
  type PruneRound,
  pruneTask,
  runTask,
  sumsOf,
  type TaskOutcome,
  type TaskResult,
} from '../../../backups/index.js';
import { counted, defined, isRunbackError, RunbackError } from '../../../lib/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { incidentOn, ruledJobsOf } from './backup-jobs.js';
import { lackingNow } from './copies.js';

/** What became of the snapshots in a copy, or why nothing could be said of them. */
export type PrunedCopy = { readonly copy: string } & (PruneReport | { readonly error: RunbackError });

/** What became of the snapshots of the workspace, and of those in each copy. */
export interface PrunedAll {
  readonly own: PruneReport;
  readonly copies: readonly PrunedCopy[];
}

/** Deletes what nothing keeps, here and in each copy by its own rules; `isDry`: only says it. `job`: only snapshots of that job. */
export async function pruneAll(
  context: CommandContext,
  session: Session,
  { job, isDry }: { readonly job?: string; readonly isDry: boolean },
): Promise<PrunedAll> {
  const { live, event, interrupts } = context;
  const { store, clock, by, workspace } = session;
  live.start('Reading what each snapshot is');
  const deps = {
    store,
    clock,
    by,
    catalog: await session.catalog(),
    jobs: ruledJobsOf(session),
    planMaxAge: workspace.config.restores.plan_max_age,
    signal: interrupts.signal,
  };
  const lacking = await lackingNow(context, session);
  const explained = ({ snapshots }: PruneReport): void => event({ type: 'explained', snapshots });
  const pruned = async (of: Parameters<typeof explainPrune>[0] & typeof deps): Promise<PruneReport> =>
    isDry ? await explainPrune(of, job) : await prune(of, job, explained);
  const own = await pruned({ ...deps, lacking });
  const copies: PrunedCopy[] = [];
  for (const copy of await session.copies()) {
    live.start(`Reading what each snapshot in ${copy.name} is`);
    const of = { ...deps, store: copy.store, catalog: copy.catalog, jobs: jobsOfCopy(deps.jobs, copy) };
    copies.push({ copy: copy.name, ...(await pruned(of).catch((error: unknown) => troubleOf(error, interrupts.signal))) });
  }
  return { own, copies };
}

/** A copy that cannot be asked holds up no other. */
function troubleOf(error: unknown, signal: AbortSignal): { readonly error: RunbackError } {
  if (!isRunbackError(error) || signal.aborted) throw error;
  return { error };
}

/** The same where the schedule says so: see {@link runTask}. Throws `usage` where there is no schedule. */
export async function runScheduledPruning(
  context: CommandContext,
  session: Session,
): Promise<{ readonly outcome: TaskOutcome<PruneRound>; readonly pruned?: PrunedAll }> {
  const { store, clock, by, workspace } = session;
  const task = pruneTask(workspace.config);
  if (task === undefined)
    throw new RunbackError('usage', 'runback.yml does not say when snapshots are pruned', {
      state: 'Nothing was deleted.',
      next: 'Add to runback.yml: backups: { prune: { schedule: "0 6 * * *" } }',
    });
  let pruned: PrunedAll | undefined;
  const work = async (): Promise<TaskResult<PruneRound>> => {
    try {
      pruned = await pruneAll(context, session, { isDry: false });
    } catch (error) {
      // Someone prunes by hand at this moment.
      if (isRunbackError(error, 'locked')) return { later: error.message };
      throw error;
    }
    return resultOf(pruned);
  };
  const outcome = await runTask<PruneRound>(
    task,
    { store, clock, by, signal: context.interrupts.signal },
    { incidentOn: async (platforms) => await incidentOn(session, platforms), work },
  );
  return { outcome, ...defined({ pruned }) };
}

/** What stays although it was to go fills the disk: that is a failure. A copy that cannot be asked is told where it is copied to. */
function resultOf({ own, copies }: PrunedAll): Exclude<TaskResult<PruneRound>, { readonly later: string }> {
  const told = copies.map((copy) =>
    'error' in copy
      ? ([copy.copy, { error: { code: copy.error.code, message: copy.error.message } }] as const)
      : ([copy.copy, sumsOf(copy)] as const),
  );
  const result: PruneRound = { ...sumsOf(own), ...(told.length === 0 ? {} : { copies: Object.fromEntries(told) }) };
  const failed = [own, ...copies].flatMap((one) =>
    'error' in one ? [] : one.snapshots.flatMap(({ kept }) => (kept?.because === 'failed' ? [kept.error] : [])),
  );
  const [first] = failed;
  if (first === undefined) return { result };
  return { result, error: { code: first.code, message: `${counted(failed.length, 'snapshots')} could not be deleted: ${first.message}` } };
}
