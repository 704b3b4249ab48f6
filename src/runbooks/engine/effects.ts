import type { Act } from '../../escalation/index.js';
import { defined, isRunbackError, messageOf, mismatchWords, RunbackError } from '../../lib/index.js';
import type { AnyAction } from '../actions/action.js';
import { FailedAttempt } from '../actions/failed-attempt.js';
import type { Step } from '../document/runbook.js';
import type { IntentData, ResolvedUndo } from '../journal/events.js';
import type { StepRecord } from '../journal/run-record.js';
import { execute } from './execute.js';
import { exhausted } from './exhaustive.js';
import { classOf } from './failures.js';
import type { Next } from './next.js';
import { errorData, RunStopped, type Runner } from './runner.js';

/**
 * Does a step that calls an action: checks, lock, confirmation, durable intent, the effect, durable outcome (guarantee
 * G1).
 */
export async function perform(runner: Runner, step: Step): Promise<Next> {
  const action = actionOf(step);
  const key = keyOf(runner, step);
  let inputs: Readonly<Record<string, unknown>>;
  try {
    inputs = inputsOf(runner, step, action);
    await runner.hold(action.writes?.(inputs) ?? []);
    await authorise(runner, step, action.act?.(inputs, runner.context(step, runner.stop, key)), 'resume');
    await confirm(runner, step, action, inputs, key);
  } catch (error) {
    if (error instanceof RunStopped) throw error;
    if (isRunbackError(error, 'locked')) return await locked(runner, step, error);
    if (runner.stop.aborted) return await runner.interrupted();
    await fail(runner, step, error);
    return 'on';
  }
  const undo = undoAtIntent(runner, step, action);
  const intent: IntentData = {
    kind: step.kind,
    inputs,
    effect: action.effect,
    key,
    ...(step.kind === 'action' && { action: action.name }),
    ...(undo && { undo }),
  };
  const attempt = (runner.run.steps.get(step.id)?.attempt ?? 0) + 1;
  await runner.append('step.intent', intent, { step: step.id, attempt });

  const execution = await execute(runner, step, action, inputs, key);
  switch (execution.state) {
    case 'done':
      await finish(runner, step, execution.outputs);
      return 'on';
    case 'failed':
      await fail(runner, step, execution.error, { action, inputs, key });
      return 'on';
    case 'interrupted':
      return await runner.interrupted();
    case 'in_doubt':
      return await resolveDoubt(runner, step, recordOf(runner, step), execution.error);
  }
  return exhausted(execution);
}

/**
 * Finds out what became of an intent without outcome; the effect class decides how (guarantee G3). `late`: the action
 * ran out of time in this process, so that doing it again is for `retry` to say.
 */
export async function resolveDoubt(runner: Runner, step: Step, state: StepRecord, late?: RunbackError): Promise<Next> {
  const { intent } = state;
  // Kinds without an action have no effect on the world and are simply done again.
  if (!step.action || !intent) {
    await runner.append('step.outcome', { state: 'did-not-happen', because: 'interrupted; it changes nothing' }, { step: step.id });
    return 'on';
  }
  switch (intent.effect) {
    case 'read':
    case 'idempotent':
      return await perform(runner, step);
    case 'verifiable':
      return await lookUp(runner, step, step.action, intent, late);
    case 'opaque':
    case 'irreversible':
      return await askWhatHappened(runner, step, `the answer of "${step.document.title}" was lost${late === undefined ? '' : `: ${late.message}`}`);
  }
  return exhausted(intent.effect);
}

async function lookUp(runner: Runner, step: Step, action: AnyAction, intent: IntentData, late: RunbackError | undefined): Promise<Next> {
  if (!action.lookup) return await askWhatHappened(runner, step, `${action.name} cannot look up what it did`);
  const context = runner.context(step, runner.stop, intent.key);
  let found;
  try {
    await runner.hold(action.writes?.(intent.inputs) ?? []);
    found = await action.lookup(intent.inputs, context);
  } catch (error) {
    if (error instanceof RunStopped) throw error;
    if (isRunbackError(error, 'locked')) return await locked(runner, step, error);
    if (runner.stop.aborted) return await runner.interrupted();
    return await runner.halt(
      'failed',
      `what "${step.document.title}" did could not be looked up: ${messageOf(error)}`,
      lookupFailed(runner, step, error),
    );
  }
  switch (found.state) {
    case 'succeeded':
      await finish(runner, step, found.outputs, 'its answer was lost; looked up: it was done');
      return 'on';
    case 'not-started':
    case 'unfinished':
      if (late === undefined) return await perform(runner, step);
      await fail(runner, step, late, { action, inputs: intent.inputs, key: intent.key });
      return 'on';
    case 'unknown':
      return await askWhatHappened(runner, step, found.why);
  }
  return exhausted(found);
}

async function askWhatHappened(runner: Runner, step: Step, what: string): Promise<Next> {
  const key = `${step.id}.in_doubt`;
  const choices = ['happened', 'did-not-happen', 'stop'] as const;
  const answer = await runner.ask(
    { kind: 'in_doubt', step: step.id, title: step.document.title, what, choices },
    key,
    `Did "${step.document.title}" happen? ${what}`,
  );
  const effect = choices.find((choice) => choice === answer.value);
  if (effect === undefined)
    throw new RunbackError('usage', `"${answer.value}" is not an answer to ${key}`, {
      why: `Expected ${choices.join(', ')}.`,
      state: runner.writtenSoFar(),
    });
  const by = answer.by ?? runner.by;
  await runner.append('decision', { kind: 'in_doubt', value: answer.value, effect, ...defined({ note: answer.note }) }, { step: step.id, by });
  if (effect === 'stop')
    return await runner.halt(
      'failed',
      `whether "${step.document.title}" happened`,
      new RunbackError('in-doubt', `It is not known whether step "${step.id}" happened`, {
        why: what,
        state: runner.writtenSoFar(),
        next: `Find out, then: runback runbook resume ${runner.run.id}`,
        data: { run: runner.run.id, step: step.id },
      }),
    );
  if (effect === 'happened') await finish(runner, step, {}, `${by} says that it happened`);
  else await runner.append('step.outcome', { state: 'did-not-happen', because: `${by} says that it did not happen` }, { step: step.id });
  return 'on';
}

/** Journals a success, or a failure where the step's own `verify` does not hold. */
async function finish(runner: Runner, step: Step, outputs: Readonly<Record<string, unknown>>, because?: string): Promise<void> {
  const own = {
    ...runner.scope(),
    steps: { ...(runner.scope()['steps'] as Record<string, unknown>), [step.id]: { ...outputs, state: 'succeeded' } },
  };
  const attempt = recordOf(runner, step).attempt;
  const undo = step.undo?.needsOutputs === true ? resolvedOrUndefined(step, own) : undefined;
  const common = { outputs, ...defined({ because }), ...(undo && { undo }) };
  const wrong = verifyProblem(step, own);
  if (wrong === undefined) await runner.append('step.outcome', { state: 'succeeded', ...common }, { step: step.id, attempt });
  else await runner.append('step.outcome', { state: 'failed', ...common, error: errorData(wrong), class: 'permanent' }, { step: step.id, attempt });
}

function verifyProblem(step: Step, scope: Readonly<Record<string, unknown>>): RunbackError | undefined {
  if (!step.verify) return undefined;
  try {
    if (step.verify.evaluate(scope) === true) return undefined;
    return new RunbackError('not-verified', `"${step.document.title}" ended, but ${step.verify.source} does not hold`);
  } catch (error) {
    return new RunbackError('not-verified', `"${step.document.title}" ended, but its check cannot be worked out: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** What was called when a step failed after its intent. */
interface Attempted {
  readonly action: AnyAction;
  readonly inputs: unknown;
  readonly key: string;
}

/**
 * Journals a failure, with the outputs of what was done until then: the steps behind it and its undo go on with them.
 */
async function fail(runner: Runner, step: Step, error: unknown, attempted?: Attempted): Promise<void> {
  const attempt = Math.max(1, recordOf(runner, step).attempt);
  const outputs = error instanceof FailedAttempt ? error.outputs : attempted === undefined ? undefined : await didUntil(runner, step, attempted);
  const more = outputs === undefined ? {} : { outputs, partly: true as const };
  await runner.append('step.outcome', { state: 'failed', error: errorData(error), class: classOf(error), ...more }, { step: step.id, attempt });
}

/** A look that fails itself says nothing: the failure that is journaled is the one of the step. */
async function didUntil(runner: Runner, step: Step, { action, inputs, key }: Attempted): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return await action.did?.(inputs, runner.context(step, runner.abort, key));
  } catch (error) {
    if (isRunbackError(error)) return undefined;
    throw error;
  }
}

async function confirm(runner: Runner, step: Step, action: AnyAction, inputs: Readonly<Record<string, unknown>>, key: string): Promise<void> {
  const wanted = await action.confirm?.(inputs, runner.context(step, runner.stop, key));
  if (!wanted || runner.run.confirmed[step.id] === wanted.expect) return;
  const answer = await runner.ask(
    { kind: 'confirm', step: step.id, title: step.document.title, expect: wanted.expect, about: wanted.about },
    step.id,
    `"${step.document.title}" needs to be confirmed with ${wanted.expect}`,
  );
  if (answer.value !== wanted.expect)
    throw new RunStopped(
      new RunbackError('confirmation-wrong', `"${answer.value}" does not confirm step "${step.id}"`, {
        why: `Expected exactly ${wanted.expect}.`,
        state: runner.writtenSoFar(),
        next: `runback runbook resume ${runner.run.id}`,
        data: { run: runner.run.id, step: step.id, answer: step.id, expect: wanted.expect },
      }),
    );
  const note = answer.note === undefined ? {} : { note: answer.note };
  await runner.append(
    'decision',
    { kind: 'confirm', value: answer.value, effect: 'continue', ...note },
    { step: step.id, ...defined({ by: answer.by }) },
  );
}

/** Leaves the run to somebody who may go on where this person may not: the step has not failed, it is not theirs. */
export async function authorise(runner: Runner, step: Step, act: Act | undefined, verb: 'resume' | 'undo'): Promise<void> {
  if (act === undefined) return;
  try {
    await runner.services.authorise?.(act, runner.by, runner.run.id);
  } catch (error) {
    if (!isRunbackError(error, 'not-authorised')) throw error;
    const again = new RunbackError('not-authorised', `"${step.document.title}" is not for ${runner.by} to do`, {
      why: `${error.message}. ${error.why ?? ''}`.trim(),
      state: runner.writtenSoFar(),
      next: `One of them continues: runback runbook ${verb} ${runner.run.id} --as NAME`,
      data: { ...error.data, run: runner.run.id, step: step.id },
      cause: error,
    });
    await runner.halt('question', `"${step.document.title}" waits for someone who may ${act}`, again);
  }
}

async function locked(runner: Runner, step: Step, error: RunbackError): Promise<never> {
  const again = new RunbackError('locked', error.message, {
    ...defined({ why: error.why }),
    state: runner.writtenSoFar(),
    next: `${error.next === undefined ? '' : `${error.next}\n`}When it is free: runback runbook resume ${runner.run.id}`,
    data: { ...error.data, run: runner.run.id, step: step.id },
    cause: error,
  });
  return await runner.halt('failed', error.message, again);
}

function lookupFailed(runner: Runner, step: Step, error: unknown): RunbackError {
  if (!isRunbackError(error))
    return new RunbackError('in-doubt', `What step "${step.id}" did could not be looked up: ${messageOf(error)}`, {
      cause: error,
      state: runner.writtenSoFar(),
    });
  return new RunbackError(error.code, `What step "${step.id}" did could not be looked up: ${error.message}`, {
    ...defined({ why: error.why }),
    state: runner.writtenSoFar(),
    next: `runback runbook resume ${runner.run.id}`,
    data: { ...error.data, run: runner.run.id, step: step.id },
    cause: error,
  });
}

function undoAtIntent(runner: Runner, step: Step, action: AnyAction): ResolvedUndo | undefined {
  if (step.undo) return step.undo.needsOutputs ? undefined : resolvedOrUndefined(step, runner.scope());
  if (!action.undo) return undefined;
  return 'none' in action.undo ? { kind: 'none', with: action.undo.none } : { kind: 'built-in', action: action.name };
}

/** The step's own undo with its values worked out; undefined where they cannot be yet. */
export function resolvedOrUndefined(step: Step, scope: Readonly<Record<string, unknown>>): ResolvedUndo | undefined {
  const { undo } = step;
  if (!undo) return undefined;
  try {
    return { kind: undo.kind, with: undo.values.evaluate(scope), ...(undo.action && undo.kind === 'action' ? { action: undo.action.name } : {}) };
  } catch (error) {
    if (isRunbackError(error, 'expression-invalid')) return undefined;
    throw error;
  }
}

function inputsOf(runner: Runner, step: Step, action: AnyAction): Readonly<Record<string, unknown>> {
  const parsed = action.input.safeParse(step.values?.evaluate(runner.scope()) ?? {}, { error: mismatchWords });
  if (parsed.success) return parsed.data as Readonly<Record<string, unknown>>;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new RunbackError('step-failed', `The values for ${action.name} are not valid for it: ${issues.join('; ')}`, {
    state: 'The step was not started.',
  });
}

function actionOf(step: Step): AnyAction {
  if (!step.action) throw new TypeError(`step ${step.id} has no action`);
  return step.action;
}

function recordOf(runner: Runner, step: Step): StepRecord {
  const record = runner.run.steps.get(step.id);
  if (!record) throw new TypeError(`run ${runner.run.id} has no step ${step.id}`);
  return record;
}

function keyOf(runner: Runner, step: Step): string {
  return `${runner.run.id}/${step.id}/${recordOf(runner, step).visit}`;
}
