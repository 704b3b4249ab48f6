import type { Runbook, Step } from '../document/runbook.js';
import type { RunRecord } from '../journal/run-record.js';
import type { EarlierDecision } from '../types.js';

/** The steps that did something to the world which stands, or may stand: behind them nothing can be done anew. */
export function stepsThatActed({ steps }: Pick<Runbook, 'steps'>, run: RunRecord): ReadonlySet<string> {
  const onlyHere = new Set(steps.filter(({ action }) => action?.onlyHere === true).map(({ id }) => id));
  const standing = [...run.effects.values()].filter(({ state, undone }) => state !== 'none' && undone !== 'undone');
  return new Set(standing.map(({ step }) => step).filter((step) => !onlyHere.has(step)));
}

/**
 * The latest decision before a step that can be taken anew: nothing that changes the world was done since, here
 * neither. Undefined where there is none.
 */
export function earlierDecision(runbook: Pick<Runbook, 'steps' | 'step'>, run: RunRecord, at: string): EarlierDecision | undefined {
  const acted = stepsThatActed(runbook, run);
  if (acted.has(at)) return undefined;
  const before: readonly Step[] = runbook.steps.slice(0, runbook.step(at).index).reverse();
  for (const step of before) {
    if (step.kind === 'decide' && run.steps.get(step.id)?.state === 'succeeded') return { step: step.id, title: step.document.title };
    if (acted.has(step.id)) return undefined;
  }
  return undefined;
}
