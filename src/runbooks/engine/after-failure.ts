import { defined, ERROR_CODES, type ErrorCode, RunbackError } from '../../lib/index.js';
import type { Step } from '../document/runbook.js';
import type { DecisionData, ErrorData } from '../journal/events.js';
import type { StepRecord } from '../journal/run-record.js';
import { perform } from './effects.js';
import { exhausted } from './exhaustive.js';
import { backoffMs } from './failures.js';
import { jump } from './jump.js';
import type { Next } from './next.js';
import { askedForAnother, inputsBehind } from './other-input.js';
import type { Runner } from './runner.js';
import { waitFor } from './wait.js';

/** How often a lapsed approval is asked for anew. */
const MOST_ASKED = 5;

/** What the runbook says about a failure: try again, or its `on_failure`. */
export async function afterFailure(runner: Runner, step: Step, state: StepRecord): Promise<Next> {
  const asking = await lapsed(runner, step, state);
  if (asking !== undefined) return asking;
  if (await planAnew(runner, step, state)) return 'on';
  if (await askedForAnother(runner, step, state)) return 'on';
  const { retry } = step;
  const again = retry.on.includes('any') || retry.on.some((name) => name === state.errorClass);
  if (again && state.tries < retry.attempts) {
    await pauseBefore(runner, step, state, backoffMs(retry.backoffMs, state.tries));
    return step.kind === 'wait' ? await waitFor(runner, step) : await perform(runner, step);
  }
  const rule = step.document.on_failure ?? 'stop';
  if (typeof rule === 'object') return await jump(runner, step, rule.go_to, { kind: 'rule', value: 'go_to' });
  switch (rule) {
    case 'continue':
      await runner.append('decision', { kind: 'rule', value: 'continue', effect: 'continue' }, { step: step.id });
      return 'on';
    case 'undo':
      await runner.append('decision', { kind: 'rule', value: 'undo', effect: 'undo' }, { step: step.id });
      return 'undo';
    case 'stop':
      return await runner.halt('failed', `${step.id} failed: ${state.error?.message ?? ''}`, failureError(runner, step, state));
    case 'ask':
      return await askAfterFailure(runner, step, state);
  }
  return exhausted(rule);
}

/**
 * A step was refused because the approval of what it does no longer counts: the step that asks for it is open again,
 * and so is this one. Undefined where that is not so.
 */
async function lapsed(runner: Runner, step: Step, state: StepRecord): Promise<Next | undefined> {
  const of = state.error?.data?.['lapsed'];
  const asked = runner.run.approvals.findLast((approval) => approval.of === of && runner.runbook.step(approval.step).index < step.index);
  if (of === undefined || asked === undefined) return undefined;
  // Where asking again does not help, the rule of the step decides.
  if ((runner.run.steps.get(asked.step)?.visit ?? 1) >= MOST_ASKED) return undefined;
  const note = state.error?.why ?? state.error?.message ?? '';
  const data: DecisionData = {
    kind: 'rule',
    value: 'approval-lapsed',
    effect: 'go_to',
    go_to: asked.step,
    reset: [asked.step, step.id],
    over: [],
    note,
  };
  await runner.append('decision', data, { step: step.id });
  return 'on';
}

/**
 * The step's plan is too old to be applied, and nothing was begun: a new one is made where that one was made, and
 * everything behind it done anew.
 */
async function planAnew(runner: Runner, step: Step, { error, intent }: StepRecord): Promise<boolean> {
  const plan = intent?.inputs['plan'];
  const made = error?.code === 'plan-stale' && typeof plan === 'string' ? runner.run.plans.get(plan) : undefined;
  if (made === undefined || (runner.run.steps.get(made.step)?.visit ?? 1) >= MOST_ASKED) return false;
  const from = runner.runbook.step(made.step).index;
  if (from >= step.index) return false;
  const reset = runner.runbook.steps.slice(from, step.index + 1).map(({ id }) => id);
  const data: DecisionData = { kind: 'rule', value: 'plan-stale', effect: 'go_to', go_to: made.step, reset, over: [], note: error?.message ?? '' };
  await runner.append('decision', data, { step: step.id });
  return true;
}

async function pauseBefore(runner: Runner, step: Step, state: StepRecord, ms: number): Promise<void> {
  const reason = `"${step.document.title}" failed (${state.error?.message ?? 'unknown'}); try ${state.tries + 1} of ${step.retry.attempts} comes next`;
  runner.options.observer?.reporter.waiting({ reason, ms });
  try {
    await runner.services.clock.sleep(ms, runner.stop);
  } catch (error) {
    if (!runner.stop.aborted) throw error;
    await runner.interrupted();
  }
}

async function askAfterFailure(runner: Runner, step: Step, state: StepRecord): Promise<Next> {
  const key = `${step.id}.failed`;
  const error = failureError(runner, step, state);
  const choices = ['retry', 'skip', 'undo', 'stop'] as const;
  const answer = await runner.ask(
    { kind: 'failed', step: step.id, title: step.document.title, error, choices },
    key,
    `"${step.document.title}" failed: ${error.message}. What now?`,
  );
  const effect = choices.find((choice) => choice === answer.value);
  if (effect === undefined)
    throw new RunbackError('usage', `"${answer.value}" is not an answer to ${key}`, {
      why: `Expected ${choices.join(', ')}.`,
      state: runner.writtenSoFar(),
    });
  const data: DecisionData = { kind: 'failed', value: answer.value, effect, ...defined({ note: answer.note }) };
  await runner.append('decision', data, { step: step.id, ...defined({ by: answer.by }) });
  if (effect === 'stop') return await runner.halt('failed', `${step.id} failed: ${error.message}`, error);
  return effect === 'undo' ? 'undo-asked' : 'on';
}

/** The failure of a step as an error for people, from what the journal holds. */
export function failureError(runner: Runner, step: Step, state: StepRecord): RunbackError {
  const { error } = state;
  const known = error !== undefined && Object.hasOwn(ERROR_CODES, error.code) && error.code !== 'bug';
  return new RunbackError(known ? (error.code as ErrorCode) : 'step-failed', `Step "${step.id}" failed: ${error?.message ?? 'no reason is known'}`, {
    ...(error?.why === undefined ? {} : { why: error.why }),
    state: [error?.state, runner.writtenSoFar()].filter((part) => part !== undefined).join(' '),
    next: nextAfter(runner, error, inputsBehind(step, state)),
    data: { ...error?.data, run: runner.run.id, step: step.id },
  });
}

function nextAfter(runner: Runner, error: ErrorData | undefined, inputs: readonly string[]): string {
  const own = error?.next === undefined ? '' : `${error.next}\n`;
  const [input] = inputs;
  const other = input === undefined ? '' : `Give another value: runback runbook resume ${runner.run.id} --input ${input}=…\n`;
  return `${own}${other}Continue: runback runbook resume ${runner.run.id}   (or to undo everything: runback runbook undo ${runner.run.id})`;
}
