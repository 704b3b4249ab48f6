import { isRunbackError, RunbackError } from '../../lib/index.js';
import { approve } from '../approvals/approve.js';
import type { Step } from '../document/runbook.js';
import { currentStep, type StepRecord } from '../journal/run-record.js';
import { afterFailure } from './after-failure.js';
import { perform, resolveDoubt } from './effects.js';
import { exhausted } from './exhaustive.js';
import { jump } from './jump.js';
import type { Next } from './next.js';
import { decide, manual } from './people.js';
import { type Runner, WentBack } from './runner.js';
import { undoAll } from './undo.js';
import { waitFor } from './wait.js';
import { withoutIt } from './when.js';

/**
 * Takes a run from where its journal says it is to its end. What is next is always read from the state, which is
 * derived from the journal, so that an undisturbed run, a resumed one and a repeated step go the same way.
 */
export async function advance(runner: Runner): Promise<void> {
  for (;;) {
    if (runner.run.undoing) return await undoAll(runner);
    if (runner.stop.aborted) await runner.interrupted();
    const current = currentStep(runner.run);
    if (!current) return await close(runner);
    const next = await visitOrGoBack(runner, runner.runbook.step(current.id), current);
    if (next !== 'on') await runner.append('undo.started', { why: `step ${current.id} leads there`, asked: next === 'undo-asked' });
  }
}

async function close(runner: Runner): Promise<void> {
  const steps = [...runner.run.steps.values()];
  const failed = steps.filter((step) => step.error !== undefined).map((step) => step.id);
  const left = steps.flatMap((step) => {
    const words = step.state === 'succeeded' ? runner.runbook.step(step.id).action?.left?.(step.outputs) : undefined;
    return words === undefined ? [] : [`${step.id} left ${words}`];
  });
  const paused = await stillPaused(runner);
  const because = [...(failed.length === 0 ? [] : [`did not succeed: ${failed.join(', ')}`]), ...left, ...paused].join('; ');
  if (because === '') await runner.append('run.closed', { state: 'succeeded' });
  else await runner.append('run.closed', { state: 'partial', because });
}

/**
 * Syncs that this run paused and that nobody has started again, in words with the command for it: done is said over
 * none of them.
 */
async function stillPaused(runner: Runner): Promise<readonly string[]> {
  const { syncs } = runner.services;
  try {
    const open = (await syncs.pauses()).filter(({ holder }) => holder.startsWith(`${runner.run.id}/`));
    return open.flatMap(({ id, entries }) => {
      const owed = entries
        .filter(({ earlier, state }) => earlier === 'running' && (state === 'paused' || state === 'pausing'))
        .map(({ sync }) => sync);
      return owed.length === 0 ? [] : [`still paused: ${owed.join(', ')} (runback sync resume ${id})`];
    });
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return [`which syncs are still paused is not known: ${error.message}`];
  }
}

/** A step, or the earlier decision that the person would rather take anew. */
async function visitOrGoBack(runner: Runner, step: Step, state: StepRecord): Promise<Next> {
  try {
    return await visit(runner, step, state);
  } catch (error) {
    if (!(error instanceof WentBack)) throw error;
    return await jump(runner, step, error.to, { kind: 'decide', value: 'back' });
  }
}

async function visit(runner: Runner, step: Step, state: StepRecord): Promise<Next> {
  switch (state.state) {
    case 'running':
    case 'in_doubt':
      return await resolveDoubt(runner, step, state);
    case 'failed':
      // No tries: a person asked for another one, or the run was resumed.
      if (state.tries > 0) return await afterFailure(runner, step, state);
      return (await withoutIt(runner, step)) ?? (await start(runner, step));
    case 'pending':
      return (await withoutIt(runner, step)) ?? (await start(runner, step));
    case 'succeeded':
    case 'skipped':
    case 'undone':
    case 'undo_failed':
      throw new RunbackError('bug', `Step ${step.id} is ${state.state} and was started again`, {
        state: runner.writtenSoFar(),
        next: `runback runbook evidence ${runner.run.id}`,
      });
  }
  return exhausted(state.state);
}

/** Does a step from its beginning, whatever its kind. */
async function start(runner: Runner, step: Step): Promise<Next> {
  switch (step.kind) {
    case 'action':
    case 'command':
    case 'http':
      return await perform(runner, step);
    case 'wait':
      return await waitFor(runner, step);
    case 'manual':
      return await manual(runner, step);
    case 'decide':
      return await decide(runner, step);
    case 'approve':
      return await approve(runner, step);
  }
  return exhausted(step.kind);
}
