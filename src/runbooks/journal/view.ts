import { defined } from '../../lib/index.js';
import type { RunView, StepView } from '../types.js';
import type { RunRecord } from './run-record.js';

/** What views and reports get to see. */
export function viewOf(run: RunRecord): RunView {
  let steps: StepView[] | undefined;
  return {
    id: run.id,
    runbook: run.created.runbook.id,
    title: run.created.runbook.title,
    state: run.state,
    by: run.by,
    startedAt: run.startedAt,
    ...defined({ endedAt: run.endedAt, because: run.because }),
    inputs: run.inputs,
    get steps() {
      return (steps ??= run.created.steps.map((shape) => stepView(run, shape.id)));
    },
    ...defined({ waitingFor: run.waitingFor, answer: run.answer }),
    notes: run.notes,
    approvals: run.approvals.map(({ block: _block, ...approval }) => approval),
    lastHash: run.lastHash,
  };
}

/** One step as views see it. */
export function stepView(run: RunRecord, id: string): StepView {
  const step = run.steps.get(id);
  if (!step) throw new TypeError(`no step ${id}`);
  return {
    id,
    title: step.title,
    kind: step.kind as StepView['kind'],
    ...defined({ action: step.action }),
    state: step.state,
    attempt: step.attempt,
    ...defined({ startedAt: step.startedAt, endedAt: step.endedAt }),
    outputs: step.outputs,
    ...(step.error === undefined ? {} : { error: step.error.message }),
    ...defined({ because: step.because }),
  };
}
