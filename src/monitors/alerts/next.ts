import type { Judgement } from '../types.js';
import type { AlertAction, AlertContext, AlertState } from './types.js';

/** What nobody was ever told of. */
export const NO_ALERTS: AlertState = { numbers: {}, open: [] };

/** What the alerting remembers from now on, and what is to be done: both are kept before anything is done. */
export function nextAlerts(
  kept: AlertState,
  _judgements: readonly Judgement[],
  { now }: AlertContext,
): { readonly state: AlertState; readonly actions: readonly AlertAction[] } {
  return { state: { ...kept, lookedAt: now.toISOString() }, actions: [] };
}
