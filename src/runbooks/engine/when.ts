import { defined, messageOf, RunbackError } from '../../lib/index.js';
import type { Step } from '../document/runbook.js';
import type { Next } from './next.js';
import { byOf } from './people.js';
import { errorData, type Runner } from './runner.js';

/**
 * Where a step's `when` says whether it is needed: undefined where it is, `on` where it was left out. What cannot be
 * worked out, as over the outputs of a step that was left out itself, is neither: a person leaves the step out or takes
 * the run back, and without one the run stops.
 */
export async function withoutIt(runner: Runner, step: Step): Promise<Next | undefined> {
  const { when } = step;
  if (when === undefined) return undefined;
  let value: unknown;
  try {
    value = when.evaluate(runner.scope());
  } catch (error) {
    return await askInstead(runner, step, messageOf(error), error);
  }
  if (value === true) return undefined;
  if (value !== false)
    return await askInstead(runner, step, `${when.source} gives ${JSON.stringify(value) ?? 'nothing'}, which is neither true nor false`);
  await runner.append('step.outcome', { state: 'skipped', because: `not needed: ${when.source} does not hold` }, { step: step.id });
  return 'on';
}

async function askInstead(runner: Runner, step: Step, why: string, cause?: unknown): Promise<Next> {
  const key = `${step.id}.failed`;
  const { title } = step.document;
  const error = new RunbackError('step-failed', `Whether step "${step.id}" is needed is not known`, {
    why: `Its condition is ${step.when?.source ?? ''}: ${why}`,
    state: `The step was not started. ${runner.writtenSoFar()}`,
    next: `Leave it out: runback runbook resume ${runner.run.id}   (in a terminal, or with --answers FILE holding "${key}: skip")
Or undo everything: runback runbook undo ${runner.run.id}`,
    data: { run: runner.run.id, step: step.id, answer: key },
    ...defined({ cause }),
  });
  const choices = ['skip', 'undo', 'stop'] as const;
  const answer = await runner.operator.ask({ kind: 'failed', step: step.id, title, error, choices, key, time: 1 }, runner.stop);
  if (runner.stop.aborted) return await runner.interrupted();
  const effect = choices.find((choice) => choice === answer?.value) ?? 'stop';
  if (answer === undefined || effect === 'stop') return await runner.halt('question', error.message, error);
  // With its reason on record: a run that leaves something out so has not done all of it.
  if (effect === 'skip')
    await runner.append('step.outcome', { state: 'failed', error: errorData(error), class: 'permanent' }, { step: step.id, attempt: 1 });
  const note = answer.note === undefined ? {} : { note: answer.note };
  await runner.append('decision', { kind: 'failed', value: answer.value, effect, ...note }, { step: step.id, ...byOf(answer) });
  return effect === 'undo' ? 'undo-asked' : 'on';
}
