import { formatDuration, messageOf, RunbackError } from '../lib/index.js';
import { classOf } from './failures.js';
import type { Step } from './load.js';
import type { Next } from './next.js';
import { errorData, type Runner } from './runner.js';

/**
 * Waits until a condition holds. Before each look, the reading steps that the condition names are read again, so that it can
 * become true; what they found is journaled once it does.
 */
export async function waitFor(runner: Runner, step: Step): Promise<Next> {
  const { clock } = runner.services;
  const { until } = step;
  if (!until) throw new TypeError(`step ${step.id} waits for nothing`);
  const attempt = (runner.run.steps.get(step.id)?.attempt ?? 0) + 1;
  await runner.append(
    'step.intent',
    { kind: 'wait', inputs: { until: until.source }, effect: 'read', key: `${runner.run.id}/${step.id}/wait` },
    { step: step.id, attempt },
  );
  const started = clock.monotonicMs();
  const sources = readersOf(runner, step);
  for (let round = 0; ; round += 1) {
    const waitedMs = clock.monotonicMs() - started;
    try {
      const found = round === 0 ? new Map<string, Readonly<Record<string, unknown>>>() : await readAgain(runner, sources);
      const scope = runner.scope({ waited: Math.floor(waitedMs / 1000) });
      const steps = { ...(scope['steps'] as Record<string, unknown>) };
      for (const [id, outputs] of found) steps[id] = { ...outputs, state: 'succeeded' };
      if (until.evaluate({ ...scope, steps }) === true) {
        for (const [id, outputs] of found)
          await runner.append('step.outcome', { state: 'succeeded', outputs, because: `read again by ${step.id}` }, { step: id });
        await runner.append('step.outcome', { state: 'succeeded', outputs: { waited: Math.floor(waitedMs / 1000) } }, { step: step.id, attempt });
        return 'on';
      }
      if (step.timeoutMs !== undefined && waitedMs >= step.timeoutMs)
        throw new RunbackError('step-timeout', `"${step.document.title}" waited ${formatDuration(waitedMs)} and ${until.source} still does not hold`);
    } catch (error) {
      if (runner.stop.aborted) return await runner.interrupted();
      await runner.append('step.outcome', { state: 'failed', error: errorData(error), class: classOf(error) }, { step: step.id, attempt });
      return 'on';
    }
    const ms = step.timeoutMs === undefined ? step.everyMs : Math.min(step.everyMs, Math.max(1, step.timeoutMs - waitedMs));
    runner.options.observer?.reporter.waiting({ reason: `"${step.document.title}": ${until.source} does not hold yet`, ms });
    try {
      await clock.sleep(ms, runner.stop);
    } catch (error) {
      if (!runner.stop.aborted) throw new RunbackError('bug', messageOf(error), { cause: error });
      return await runner.interrupted();
    }
  }
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
