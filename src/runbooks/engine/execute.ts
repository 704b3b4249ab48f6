import { formatDuration, isRunbackError, RunbackError } from '../../lib/index.js';
import type { AnyAction } from '../actions/action.js';
import type { Step } from '../document/runbook.js';
import type { Runner } from './runner.js';

/** How one call of an action ended. */
export type Execution =
  | { readonly state: 'done'; readonly outputs: Readonly<Record<string, unknown>> }
  | { readonly state: 'failed'; readonly error: unknown }
  /** Stopped by a person or a signal: the intent stays without an outcome and is looked up on resume. */
  | { readonly state: 'interrupted' }
  /** Sent, and the answer was lost. `error` where the time ran out. */
  | { readonly state: 'in_doubt'; readonly error?: RunbackError };

/** How long an action that was told to stop may take to come to a safe point. */
const GRACE_MS = 5000;

/**
 * Calls an action with the step's time limit and the two stages of stopping. The first stage reaches only actions that
 * can be taken up again (read, idempotent, verifiable); others finish. The second stage waits for nothing.
 */
export async function execute(runner: Runner, step: Step, action: AnyAction, inputs: unknown, key: string): Promise<Execution> {
  const { clock } = runner.services;
  const controller = new AbortController();
  const resumable = action.effect !== 'opaque' && action.effect !== 'irreversible';
  const stops = resumable ? [runner.stop, runner.abort] : [runner.abort];
  const onStop = (): void => controller.abort(new RunbackError('interrupted', 'Stopped as you asked'));
  for (const signal of stops) {
    if (signal.aborted) onStop();
    signal.addEventListener('abort', onStop, { once: true });
  }
  const timers = new AbortController();
  const after = (ms: number): Promise<'time'> =>
    clock.sleep(ms, timers.signal).then(
      () => 'time' as const,
      () => new Promise<never>(() => {}),
    );
  let onAbort = (): void => {};
  const aborted = new Promise<'abort'>((resolve) => {
    onAbort = () => resolve('abort');
    if (runner.abort.aborted) onAbort();
    runner.abort.addEventListener('abort', onAbort, { once: true });
  });
  const work = Promise.resolve(action.run(inputs, runner.context(step, controller.signal, key))).then(
    (outputs): Execution => ({ state: 'done', outputs }),
    (error: unknown): Execution => ended(runner, resumable, error),
  );
  try {
    const first = await Promise.race(step.timeoutMs === undefined ? [work, aborted] : [work, aborted, after(step.timeoutMs)]);
    if (first === 'abort') return { state: 'interrupted' };
    if (first !== 'time') return first;
    const late = timeoutError(step);
    controller.abort(late);
    const second = await Promise.race([work, aborted, after(GRACE_MS)]);
    if (second === 'abort') return { state: 'interrupted' };
    if (second !== 'time' && second.state === 'done') return second;
    return action.effect === 'read' || action.effect === 'idempotent' ? { state: 'failed', error: late } : { state: 'in_doubt', error: late };
  } finally {
    timers.abort(new RunbackError('interrupted', 'The step has ended'));
    runner.abort.removeEventListener('abort', onAbort);
    for (const signal of stops) signal.removeEventListener('abort', onStop);
  }
}

function ended(runner: Runner, resumable: boolean, error: unknown): Execution {
  if (isRunbackError(error, 'in-doubt')) return { state: 'in_doubt' };
  const stopped = runner.stop.aborted || runner.abort.aborted;
  if (stopped && resumable && (isRunbackError(error, 'interrupted') || isRunbackError(error, 'restore-incomplete') || isAbort(error)))
    return { state: 'interrupted' };
  return { state: 'failed', error };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function timeoutError(step: Step): RunbackError {
  return new RunbackError('step-timeout', `"${step.document.title}" took longer than ${formatDuration(step.timeoutMs ?? 0)}`, {
    why: 'That is the time limit the runbook gives this step.',
  });
}
