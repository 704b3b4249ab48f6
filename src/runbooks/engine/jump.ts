import { defined, RunbackError } from '../../lib/index.js';
import type { Step } from '../document/runbook.js';
import type { DecisionData } from '../journal/events.js';
import type { Next } from './next.js';
import type { Runner } from './runner.js';

/** Going back for ever is a fault of the runbook or of its answers file, not a plan. */
const MOST_VISITS = 25;

/**
 * Goes on at another step. Back: that step and everything up to here is done anew. Forward: what lies between is
 * skipped. Throws RunStopped after too many rounds.
 */
export async function jump(
  runner: Runner,
  from: Step,
  target: string,
  decision: Pick<DecisionData, 'kind' | 'value' | 'note' | 'inputs'>,
  by?: string,
): Promise<Next> {
  const to = runner.runbook.step(target);
  const visits = runner.run.steps.get(target)?.visit ?? 1;
  if (to.index <= from.index && visits >= MOST_VISITS) {
    const words = `"${from.id}" went back to "${target}" ${visits} times`;
    return await runner.halt(
      'failed',
      words,
      new RunbackError('step-failed', words, {
        why: 'A run goes back to one step 25 times at most.',
        state: runner.writtenSoFar(),
        next: `runback runbook undo ${runner.run.id}, or runback runbook abort ${runner.run.id}`,
        data: { run: runner.run.id, step: from.id },
      }),
    );
  }
  const { steps } = runner.runbook;
  const back = to.index <= from.index;
  const reset = back ? steps.slice(to.index, from.index + 1).map((step) => step.id) : [];
  const over = back ? [] : steps.slice(from.index + 1, to.index).map((step) => step.id);
  const data: DecisionData = { ...decision, effect: 'go_to', go_to: target, reset, over };
  await runner.append('decision', data, { step: from.id, ...defined({ by }) });
  // What is done once more is done because something is different now.
  await runner.lookAnew();
  return 'on';
}
