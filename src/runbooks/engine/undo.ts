import { defined, isRunbackError, messageOf, RunbackError } from '../../lib/index.js';
import type { AnyAction, UndoReport } from '../actions/action.js';
import { commandAction } from '../actions/command.js';
import { httpAction } from '../actions/http.js';
import { referencesIn } from '../actions/references.js';
import type { Step } from '../document/runbook.js';
import type { ResolvedUndo, UndoOutcomeData } from '../journal/events.js';
import type { EffectRecord } from '../journal/run-record.js';
import { authorise, resolvedOrUndefined } from './effects.js';
import { errorData, RunStopped, type Runner } from './runner.js';

/**
 * Takes back what the run did, in reverse order of completion (guarantee G4). Journaled and resumable: after a kill it
 * goes on where it was. A failed undo is never hidden: it stops here until a person tries again or gives it up, and a
 * run with one given up closes as `partial`.
 */
export async function undoAll(runner: Runner): Promise<void> {
  for (;;) {
    if (runner.stop.aborted) return await runner.interrupted();
    const effect = nextToUndo(runner);
    if (!effect) break;
    await undoOne(runner, effect);
  }
  const effects = [...runner.run.effects.values()];
  const failed = [...new Set(effects.filter(({ undone }) => undone === 'given-up' || undone === 'failed').map(({ step }) => step))];
  const left = effects.flatMap(({ step, undoLeft }) => (undoLeft === undefined ? [] : [`the undo of ${step} left ${undoLeft}`]));
  const because = [...(failed.length === 0 ? [] : [`not undone: ${failed.join(', ')}`]), ...left].join('; ');
  if (because === '') await runner.append('run.closed', { state: 'undone' });
  else await runner.append('run.closed', { state: 'partial', because });
}

function nextToUndo(runner: Runner): EffectRecord | undefined {
  let latest: EffectRecord | undefined;
  for (const effect of runner.run.effects.values()) {
    if (effect.state === 'none' || effect.undone === 'undone' || effect.undone === 'nothing-to-undo' || effect.undone === 'given-up') continue;
    if (effect.state === 'attempted' && !coversFailure(runner, effect)) continue;
    if (!latest || effect.order > latest.order) latest = effect;
  }
  return latest;
}

/**
 * Whether an attempt that failed may have done a part that is to be taken back. Of a program or a call the exit says
 * nothing about that, and an author who says how a step is undone says that there is something to undo. An action says
 * by itself whether a failure leaves anything.
 */
function coversFailure(runner: Runner, effect: EffectRecord): boolean {
  const { action, undo, kind } = runner.runbook.step(effect.step);
  // Its outputs are there: the action itself ended, and only the step's own check failed, or it told what it did.
  if (effect.outputs !== undefined || undo !== undefined || kind !== 'action') return true;
  return action?.undo !== undefined && 'run' in action.undo && action.undo.afterFailure;
}

/** An undo of the runbook's own for a failed attempt of which only a person can tell whether it did anything. */
function onlyAPersonKnows(step: Step, undo: ResolvedUndo, { state, outputs, partly, intent }: EffectRecord): boolean {
  const untold = intent.effect === 'opaque' || intent.effect === 'irreversible';
  return (
    untold && (state === 'open' || (state === 'attempted' && (outputs === undefined || partly) && undo.kind !== 'built-in' && undo.kind !== 'manual'))
  );
}

async function undoOne(runner: Runner, effect: EffectRecord): Promise<void> {
  const step = runner.runbook.step(effect.step);
  const undo = undoOf(runner, step, effect);
  const end = (state: UndoOutcomeData['state'], more: Partial<UndoOutcomeData> = {}): Promise<void> =>
    runner.append('undo.outcome', { of: effect.of, state, ...more }, { step: step.id });

  if (undo === undefined) return await end('given-up', { because: `nothing says how to undo "${step.document.title}": what it did stays` });
  if (undo.kind === 'none') return await end('nothing-to-undo', { because: String(undo.with) });
  if (effect.undone === 'started' && !repeatable(step, undo)) {
    if (await saidToHaveHappened(runner, step, `${step.id}.undo_in_doubt`, `the answer of undoing "${step.document.title}" was lost`))
      return await end('undone', { because: 'a person says that it happened' });
  } else if (effect.undone !== 'failed' && onlyAPersonKnows(step, undo, effect)) {
    const what = effect.state === 'open' ? 'the answer was lost' : 'it failed, and may have done part of it before';
    const happened = await saidToHaveHappened(runner, step, `${step.id}.in_doubt`, `"${step.document.title}": ${what}`);
    if (!happened) return await end('nothing-to-undo', { because: 'a person says that it did not happen' });
  }
  if (undo.kind === 'manual') return await undoByHand(runner, step, effect, String(undo.with));
  if (!(await allowed(runner, step))) return await end('given-up', { because: 'a person chose to leave it' });

  const key = effect.undoKey ?? `${effect.intent.key}/undo`;
  const action = actionOf(step, undo);
  const own = step.action?.undo;
  try {
    await authorise(runner, step, undo.kind === 'built-in' && own && 'act' in own ? own.act : undefined, 'undo');
    await runner.hold(writtenBy(step, undo, action, effect));
    await runner.append('undo.intent', { of: effect.of, undo, effect: effectClass(step, undo), key }, { step: step.id });
    // Not cut short by the run's stop, only by the second stage.
    const words = await abortable(runner, callUndo(runner, step, undo, action, effect, key));
    await end('undone', typeof words === 'object' ? { because: words.words, left: words.left } : words === undefined ? {} : { because: words });
  } catch (error) {
    if (error instanceof RunStopped) throw error;
    await failed(runner, step, effect, error, end);
  }
}

function undoOf(runner: Runner, step: Step, effect: EffectRecord): ResolvedUndo | undefined {
  if (effect.undo) return effect.undo;
  const scope = runner.scope();
  const steps = { ...(scope['steps'] as Record<string, unknown>), [step.id]: { ...effect.outputs, state: 'succeeded' } };
  return resolvedOrUndefined(step, { ...scope, steps });
}

async function callUndo(
  runner: Runner,
  step: Step,
  undo: ResolvedUndo,
  action: AnyAction | undefined,
  effect: EffectRecord,
  key: string,
): Promise<string | UndoReport | undefined> {
  const own = step.action?.undo;
  if (undo.kind === 'built-in') {
    if (!own || 'none' in own) throw new RunbackError('bug', `${step.action?.name ?? step.id} has no undo`);
    return await own.run(effect.intent.inputs, effect.outputs, runner.context(step, runner.abort, effect.intent.key));
  }
  await action?.run(action.input.parse(undo.with), runner.context(step, runner.abort, key));
  return undefined;
}

function actionOf(step: Step, undo: ResolvedUndo): AnyAction | undefined {
  const { effect = 'opaque', env, http } = step.document.undo ?? {};
  if (undo.kind === 'command') return commandAction(effect, referencesIn(env));
  if (undo.kind === 'http') return httpAction(effect, referencesIn(http?.headers));
  return undo.kind === 'action' ? step.undo?.action : undefined;
}

function effectClass(step: Step, undo: ResolvedUndo): AnyAction['effect'] {
  return undo.kind === 'built-in' ? 'idempotent' : (actionOf(step, undo)?.effect ?? 'opaque');
}

/** May be called again after its answer was lost: built-in undos promise it, an author declares it. */
function repeatable(step: Step, undo: ResolvedUndo): boolean {
  const effect = effectClass(step, undo);
  return undo.kind === 'manual' || effect === 'read' || effect === 'idempotent' || effect === 'verifiable';
}

function writtenBy(step: Step, undo: ResolvedUndo, action: AnyAction | undefined, effect: EffectRecord): readonly string[] {
  if (undo.kind === 'built-in') return step.action?.writes?.(effect.intent.inputs) ?? [];
  return action?.writes?.(action.input.parse(undo.with)) ?? [];
}

/** Some undos set loose what was stopped: without a person who asked for the undo, a person is asked first. */
async function allowed(runner: Runner, step: Step): Promise<boolean> {
  const own = step.action?.undo;
  if (runner.run.undoAsked || step.undo !== undefined || !own || 'none' in own || own.ask === undefined) return true;
  const choices = [
    { value: 'undo', effect: 'undo' },
    { value: 'leave', effect: 'continue' },
  ];
  const answer = await runner.ask(
    { kind: 'decide', step: step.id, title: `Undo: ${step.document.title}`, instructions: own.ask, choices, about: {} },
    `${step.id}.undo`,
    `undoing "${step.document.title}": ${own.ask}`,
  );
  const effect = answer.value === 'undo' ? 'undo' : 'continue';
  await runner.append('decision', { kind: 'undo', value: answer.value, effect }, { step: step.id, ...defined({ by: answer.by }) });
  return effect === 'undo';
}

async function undoByHand(runner: Runner, step: Step, effect: EffectRecord, instructions: string): Promise<void> {
  const title = `Undo: ${step.document.title}`;
  const answer = await runner.ask(
    { kind: 'manual', step: step.id, title, instructions },
    `${step.id}.undo`,
    `"${title}" is for a person to do: ${instructions}`,
  );
  const note = answer.note === undefined ? '' : `: ${answer.note}`;
  await runner.append(
    'undo.outcome',
    { of: effect.of, state: 'undone', because: `by hand, says ${answer.by ?? runner.by}${note}` },
    { step: step.id },
  );
}

async function saidToHaveHappened(runner: Runner, step: Step, key: string, what: string): Promise<boolean> {
  const choices = ['happened', 'did-not-happen', 'stop'] as const;
  const answer = await runner.ask({ kind: 'in_doubt', step: step.id, title: step.document.title, what, choices }, key, `Did it happen? ${what}`);
  const effect = choices.find((choice) => choice === answer.value) ?? 'stop';
  await runner.append('decision', { kind: 'in_doubt', value: answer.value, effect }, { step: step.id, ...defined({ by: answer.by }) });
  if (effect !== 'stop') return effect === 'happened';
  return await runner.halt(
    'question',
    what,
    new RunbackError('in-doubt', `It is not known: ${what}`, { state: runner.writtenSoFar(), next: `runback runbook undo ${runner.run.id}` }),
  );
}

async function failed(
  runner: Runner,
  step: Step,
  effect: EffectRecord,
  error: unknown,
  end: (state: UndoOutcomeData['state'], more?: Partial<UndoOutcomeData>) => Promise<void>,
): Promise<void> {
  if (runner.abort.aborted) return await runner.interrupted();
  await end('failed', { error: errorData(error) });
  const choices = ['retry', 'skip', 'stop'] as const;
  const known = isRunbackError(error) ? error : new RunbackError('undo-failed', messageOf(error), { cause: error });
  const stopped = new RunbackError('undo-failed', `"${step.document.title}" could not be undone: ${messageOf(error)}`, {
    ...defined({ why: known.why }),
    state: `${known.state ?? ''} What was done after it has been undone; what was done before it has not.`.trim(),
    next: `${known.next === undefined ? '' : `${known.next}\nThen: `}runback runbook undo ${runner.run.id}   (tries again)`,
    data: { ...known.data, run: runner.run.id, step: step.id },
    cause: error,
  });
  const answer = await runner.operator.ask(
    { kind: 'failed', step: step.id, title: `Undo: ${step.document.title}`, error: known, choices, key: `${step.id}.undo_failed`, time: 1 },
    runner.stop,
  );
  if (answer?.value === 'retry') return;
  if (answer?.value === 'skip') {
    await end('given-up', { error: errorData(error), because: `${answer.by ?? runner.by} gave up the undo of ${effect.step} up` });
    return;
  }
  await runner.halt('failed', stopped.message, stopped);
}

/**
 * Waits for the undo unless the second stage of stopping comes first; then it is in doubt, and repeated by the next
 * undo.
 */
async function abortable<T>(runner: Runner, work: Promise<T>): Promise<T> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new RunbackError('interrupted', 'Stopped as you asked'));
    if (runner.abort.aborted) onAbort();
    runner.abort.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    runner.abort.removeEventListener('abort', onAbort);
  }
}
