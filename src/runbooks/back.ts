import type { Runbook } from './load.js';
import type { RunRecord } from './state.js';
import type { EarlierDecision } from './types.js';

/**
 * The latest decision before a step that can be taken anew: nothing that changes the world was done since, here neither. Undefined where
 * there is none.
 */
export function earlierDecision({ steps, step: stepOf }: Pick<Runbook, 'steps' | 'step'>, run: RunRecord, at: string): EarlierDecision | undefined {
  const acted = new Set([...run.effects.values()].filter(({ state, undone }) => state !== 'none' && undone !== 'undone').map(({ step }) => step));
  if (acted.has(at)) return undefined;
  for (const step of steps.slice(0, stepOf(at).index).reverse()) {
    const state = run.steps.get(step.id)?.state;
    if (step.kind === 'decide' && state === 'succeeded') return { step: step.id, title: step.document.title };
    if (acted.has(step.id)) return undefined;
  }
  return undefined;
}
