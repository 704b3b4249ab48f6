import type { PlatformSchema } from '../../connectors/index.js';
import { counted, defined, RunbackError, type CallOptions } from '../../lib/index.js';
import type { AppliedItem } from '../records/items.js';
import { NO_RECREATIONS, type RestoreState } from '../records/journal.js';
import type { RestoreSummary } from '../types.js';
import { executeAll, goOn, journalLock, journalMade, stopped, unfinished, vendorTrace, type ApplyDeps } from './apply.js';
import { madeByPlatform, madeSince } from './looking/beside-links.js';
import { linkText } from './looking/lookup.js';
import type { PlanStep } from './sending/batching.js';
import { execute, settle } from './sending/execute.js';
import type { Execution } from './sending/execution.js';
import { broughtSteps } from './steps/link-steps.js';
import { deletesOf, undoSteps } from './steps/undo-steps.js';

/**
 * Puts back what a restore replaced, in reverse order, and only where live still is what the restore wrote (G9).
 * Journaled in the journal of the restore; calling it again goes on where it stopped, and tries again what the platform
 * refused. Does nothing where nothing is left to put back. What it left is counted in `undo` of the summary.
 *
 * Throws `not-found`, `plan-tampered`, `plan-other-account`, `locked`; with `data: {restore, summary}` where it stops
 * on its way.
 */
export async function undoRestore(id: string, by: string, deps: ApplyDeps, options: CallOptions = {}): Promise<RestoreSummary> {
  const { platform } = deps;
  // What was applied is wanted in the end, and so kept from the first line on.
  return await goOn(id, by, deps, undoStanding, { keepApplied: true }, async (plan, held) => {
    const { writer, fold, guard } = held;
    await writer.append({ by, type: 'undo.created', data: defined({ accepted: deps.accepted }) });
    await journalLock(held, by);
    const state = fold.state();
    const { apply } = state;
    const base: Omit<Execution, 'batches' | 'kind' | 'task' | 'total'> = {
      platform,
      schema: plan.schema,
      writer,
      guard,
      by,
      settings: state.created.settings,
      canary: false,
      recreations: NO_RECREATIONS,
    };
    // What may have happened has to be known before it can be undone.
    const before = await settle({ ...base, kind: 'batch', batches: apply, task: 'Looking up what is in doubt', total: 0 }, options);
    if (before !== undefined) return await fail(before);
    if (apply.pending.length > 0)
      return await fail({
        code: 'in-doubt',
        because: `${counted(apply.pending.length, 'changes')} may or may not have happened, and the platform cannot tell`,
      });
    const { made } = apply;
    const unseen = await journalMade(writer, by, () =>
      madeByPlatform({ platform, schema: plan.schema }, plan, apply, state.began, options).then((now) => (state.looked ? madeSince(made, now) : now)),
    );
    if (unseen !== undefined) return await fail(unseen);
    const execution: Execution = {
      ...base,
      kind: 'undo',
      batches: state.undo,
      task: `Undoing on ${platform.name}`,
      total: apply.applied?.size ?? 0,
    };
    const stands = new Set<string>();
    const stop =
      (await executeAll(execution, () => backwards(state, stands, plan.schema), options)) ??
      (await execute(
        execution,
        broughtSteps(plan.schema, state.undo, () => stands),
        options,
      )) ??
      unfinished(state.undo);
    if (stop !== undefined) return await fail(stop);
    await writer.append({ by, type: 'undo.closed', data: { counts: { ...state.undo.counts } } });
    return fold.state().summary;

    async function fail(why: Parameters<typeof stopped>[1]): Promise<never> {
      await writer.append({ by, type: 'undo.stopped', data: { code: why.code, because: why.because, ...vendorTrace(why) } });
      throw stopped(fold.state().summary, why, 'undo', deps.lockHeld === true);
    }
  });
}

/** The summary of a restore of which nothing is left to put back; undefined for one to undo. */
function undoStanding({ summary }: RestoreState): RestoreSummary | undefined {
  return summary.state === 'undone' && (summary.undo?.rejected ?? 0) === 0 ? summary : undefined;
}

/** `stands` gets the links that are there again after it. */
async function* backwards(state: RestoreState, stands: Set<string>, schema: PlatformSchema): AsyncIterable<readonly PlanStep[]> {
  const { applied } = state.apply;
  if (applied === undefined) throw new RunbackError('bug', `The undo of ${state.id} was started without what was applied`);
  const steps = undoSteps(parse(applied.readBackwards()), state.undo, state.apply.made, (link) => stands.add(linkText(link)), schema);
  for (const step of steps) yield [step];
  yield [...deletesOf(state.apply.made.records)];
}

function* parse(lines: Iterable<string>): Iterable<AppliedItem> {
  for (const line of lines) yield JSON.parse(line) as AppliedItem;
}
