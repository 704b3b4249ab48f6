import type { RunRecord } from '../journal/run-record.js';
import type { Scope } from './runbook.js';

/** Values that expressions of a run see as it stands. */
export function scopeOf(run: RunRecord, extra: Readonly<Record<string, unknown>> = {}): Scope {
  const steps: Record<string, Record<string, unknown>> = {};
  for (const step of run.steps.values()) steps[step.id] = { ...step.outputs, state: step.state };
  return { inputs: run.inputs, limits: run.created.limits, steps, run: { id: run.id, by: run.by }, ...extra };
}
