import { defined, formatDuration, isRunbackError, messageOf, RunbackError } from '../../lib/index.js';
import type { Step } from '../document/runbook.js';
import type { StepRecord } from '../journal/run-record.js';
import { classOf } from './failures.js';
import type { Next } from './next.js';
import { errorData, type Runner } from './runner.js';

/**
 * Waits until a condition holds. Before each look, the reading steps that the condition names are read again, so that
 * it can become true and nothing that was read hours ago, before a resume, makes it true; what they found is journaled
 * once it does. What cannot be read or worked out at a look is not known, and holds the wait up as what is false does.
 * The time counts from the first look, also over a resume.
 */
export async function waitFor(runner: Runner, step: Step): Promise<Next> {
  const { clock } = runner.services;
  const { until } = step;
  if (!until) throw new TypeError(`step ${step.id} waits for nothing`);
  const record = runner.run.steps.get(step.id);
  const attempt = (record?.attempt ?? 0) + 1;
  const since = interrupted(record) ?? clock.now().toISOString();
  await runner.append(
    'step.intent',
    { kind: 'wait', inputs: { until: until.source }, effect: 'read', key: `${runner.run.id}/${step.id}/wait`, since },
    { step: step.id, attempt },
  );
  // A clock that was put back meanwhile says less than nothing: then the time counts from now.
  const before = Math.max(0, clock.now().getTime() - Date.parse(since));
  const started = clock.monotonicMs();
  const sources = readersOf(runner, step);
  for (;;) {
    const waitedMs = before + clock.monotonicMs() - started;
    let unknown: string | undefined;
    try {
      const found = await readAgain(runner, sources);
      const scope = runner.scope({ waited: Math.floor(waitedMs / 1000) });
      const steps = { ...(scope['steps'] as Record<string, unknown>) };
      for (const [id, outputs] of found) steps[id] = { ...outputs, state: 'succeeded' };
      if (until.evaluate({ ...scope, steps }) === true) {
        for (const [id, outputs] of found)
          await runner.append('step.outcome', { state: 'succeeded', outputs, because: `read again by ${step.id}` }, { step: id });
        await runner.append('step.outcome', { state: 'succeeded', outputs: { waited: Math.floor(waitedMs / 1000) } }, { step: step.id, attempt });
        return 'on';
      }
    } catch (error) {
      if (runner.stop.aborted) return await runner.interrupted();
      if (!mayBecomeKnown(error)) return await failed(runner, step, attempt, error);
      unknown = messageOf(error);
    }
    if (step.timeoutMs !== undefined && waitedMs >= step.timeoutMs)
      return await failed(runner, step, attempt, tooLong(step, until.source, waitedMs, unknown));
    const ms = step.timeoutMs === undefined ? step.everyMs : Math.min(step.everyMs, Math.max(1, step.timeoutMs - waitedMs));
    const reason = unknown === undefined ? `${until.source} is not true yet` : `${until.source} is not known: ${unknown}`;
    runner.options.observer?.reporter.waiting({ reason: `"${step.document.title}": ${reason}`, ms });
    try {
      await clock.sleep(ms, runner.stop);
    } catch (error) {
      if (!runner.stop.aborted) throw new RunbackError('bug', messageOf(error), { cause: error });
      return await runner.interrupted();
    }
  }
}

/** When a wait began that was broken off: not one that failed, which begins anew. */
function interrupted(record: StepRecord | undefined): string | undefined {
  return record?.state === 'pending' ? (record.intent?.since ?? record.intent?.at) : undefined;
}

/** What does not answer now, and an expression over what is not there, may be known at the next look. */
function mayBecomeKnown(error: unknown): boolean {
  return isRunbackError(error, 'expression-invalid') || (isRunbackError(error) && classOf(error) !== 'permanent' && classOf(error) !== 'auth');
}

async function failed(runner: Runner, step: Step, attempt: number, error: unknown): Promise<Next> {
  await runner.append('step.outcome', { state: 'failed', error: errorData(error), class: classOf(error) }, { step: step.id, attempt });
  return 'on';
}

function tooLong(step: Step, condition: string, waitedMs: number, unknown: string | undefined): RunbackError {
  const still = unknown === undefined ? 'is still not true' : 'is still not known';
  return new RunbackError('step-timeout', `"${step.document.title}" waited ${formatDuration(waitedMs)} and ${condition} ${still}`, {
    ...defined({ why: unknown }),
    state: 'What it waits for has not happened, or it cannot be known.',
  });
}

/** Finished reading steps whose outputs the condition names. */
function readersOf(runner: Runner, step: Step): Step[] {
  const ids = new Set(step.until?.references.filter((reference) => reference.startsWith('steps.')).map((reference) => reference.split('.')[1]));
  return runner.runbook.steps.filter(
    (one) => ids.has(one.id) && one.action?.effect === 'read' && runner.run.steps.get(one.id)?.state === 'succeeded',
  );
}

async function readAgain(runner: Runner, sources: readonly Step[]): Promise<Map<string, Readonly<Record<string, unknown>>>> {
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const source of sources) {
    const { intent } = runner.run.steps.get(source.id) ?? {};
    if (!intent || !source.action) continue;
    found.set(source.id, await source.action.run(intent.inputs, runner.context(source, runner.stop, intent.key)));
  }
  return found;
}
