import type { RunView, StepView } from '../types.js';
import type { RunRecord } from './state.js';

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
    ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    ...(run.because === undefined ? {} : { because: run.because }),
    inputs: run.inputs,
    get steps() {
      return (steps ??= run.created.steps.map((shape) => stepView(run, shape.id)));
    },
    ...(run.waitingFor === undefined ? {} : { waitingFor: run.waitingFor }),
    ...(run.answer === undefined ? {} : { answer: run.answer }),
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
    ...(step.action === undefined ? {} : { action: step.action }),
    state: step.state,
    attempt: step.attempt,
    ...(step.startedAt === undefined ? {} : { startedAt: step.startedAt }),
    ...(step.endedAt === undefined ? {} : { endedAt: step.endedAt }),
    outputs: step.outputs,
    ...(step.error === undefined ? {} : { error: step.error.message }),
    ...(step.because === undefined ? {} : { because: step.because }),
  };
}
