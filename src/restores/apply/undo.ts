import { RunbackError, type CallOptions } from '../../lib/index.js';
import { checkAccount, checkNamed } from '../records/bound.js';
import type { AppliedItem } from '../records/items.js';
import { foldRestore, NO_RECREATIONS, type RestoreState } from '../records/journal.js';
import { readPlan } from '../records/plan-file.js';
import type { RestoreSummary } from '../types.js';
import { executeAll, giveBack, holding, journalLock, journalMade, stopped, unfinished, vendorTrace, type ApplyDeps } from './apply.js';
import type { Work } from './batching.js';
import { madeByPlatform, madeSince } from './beside-links.js';
import { execute, settle, type Execution } from './execute.js';
import { linkText } from './lookup.js';
import { broughtWorks, deletesOf, undoWorks } from './steps.js';

/**
 * Puts back what a restore replaced, in reverse order, and only where live still is what the restore wrote (G9). Journaled in the
 * journal of the restore; calling it again goes on where it stopped, and tries again what the platform refused. Does nothing where nothing is
 * left to put back. What it left is counted in `undo` of the summary.
 *
 * Throws `not-found`, `plan-tampered`, `plan-other-account`, `locked`; with `data: {restore, summary}` where it stops on its way.
 */
export async function undoRestore(id: string, by: string, deps: ApplyDeps, options: CallOptions = {}): Promise<RestoreSummary> {
  const { store, platform } = deps;
  const { summary, created } = await foldRestore(store, id);
  if (summary.state === 'undone' && (summary.undo?.rejected ?? 0) === 0) {
    await giveBack(deps, id, by);
    return summary;
  }
  const plan = await readPlan(store, summary.plan);
  checkAccount(plan.header, platform, deps.movedTo);
  checkNamed(platform);
  return holding(deps, { id, run: created.run }, by, async (writer, lock) => {
    await writer.append({ by, type: 'undo.created', data: {} });
    await journalLock(writer, by, lock);
    const applying = await foldRestore(store, id);
    const base: Omit<Execution, 'batches' | 'kind' | 'task' | 'total'> = {
      platform,
      schema: plan.schema,
      writer,
      by,
      settings: applying.created.settings,
      canary: false,
      recreations: NO_RECREATIONS,
    };
    // What may have happened has to be known before it can be undone.
    const before = await settle({ ...base, kind: 'batch', batches: applying.apply, task: 'Looking up what is in doubt', total: 0 }, options);
    if (before !== undefined) return fail(id, before);
    if (applying.apply.pending.length > 0)
      return fail(id, {
        code: 'in-doubt',
        because: `${applying.apply.pending.length} changes may or may not have happened, and the platform cannot tell`,
      });
    const { made } = applying.apply;
    const unseen = await journalMade(writer, by, applying.apply, () =>
      madeByPlatform({ platform, schema: plan.schema }, plan, applying.apply, applying.began, options).then((now) =>
        applying.looked ? madeSince(made, now) : now,
      ),
    );
    if (unseen !== undefined) return fail(id, unseen);
    const state = await foldRestore(store, id, { keepApplied: true });
    const execution: Execution = {
      ...base,
      kind: 'undo',
      batches: state.undo,
      task: `Undoing on ${platform.name}`,
      total: state.apply.applied?.size ?? 0,
    };
    const stands = new Set<string>();
    const stop =
      (await executeAll(execution, () => backwards(state, stands), options)) ??
      (await execute(
        execution,
        broughtWorks(plan.schema, state.undo, () => stands),
        options,
      )) ??
      unfinished(state.undo);
    if (stop !== undefined) return fail(id, stop);
    await writer.append({ by, type: 'undo.closed', data: { counts: { ...state.undo.counts } } });
    return (await foldRestore(store, id)).summary;

    async function fail(restore: string, why: Parameters<typeof stopped>[1]): Promise<never> {
      await writer.append({ by, type: 'undo.stopped', data: { code: why.code, because: why.because, ...vendorTrace(why) } });
      throw stopped((await foldRestore(store, restore)).summary, why, 'undo', deps.lockHeld === true);
    }
  });
}

/** `stands` gets the links that are there again after it. */
async function* backwards(state: RestoreState, stands: Set<string>): AsyncIterable<Work> {
  const { applied } = state.apply;
  if (applied === undefined) throw new RunbackError('bug', `The undo of ${state.id} was started without what was applied`);
  yield* undoWorks(parse(applied.readBackwards()), state.undo, state.apply.made, (link) => stands.add(linkText(link)));
  yield* deletesOf(state.apply.made.records);
}

function* parse(lines: Iterable<string>): Iterable<AppliedItem> {
  for (const line of lines) yield JSON.parse(line) as AppliedItem;
}
