import { defined } from '../../lib/index.js';
import type { JournalEntry } from '../../store/index.js';
import { exhausted } from '../engine/exhaustive.js';
import type { StepState } from '../types.js';
import { isRunEntry, type DecisionData, type OutcomeData, type RunEntry } from './events.js';
import { type ApprovalRecord, type EffectRecord, emptyRun, freshStep, type RunRecord, type StepRecord } from './run-record.js';

/** Kind of the journals that runs write. */
export const RUNS = 'runs';

/**
 * Applies one journal line and returns the run after it; the run given is used up. The same lines give the same run,
 * and nothing but the lines counts. Lines of types it does not know only move `lastSeq` and `lastHash`.
 */
export function applyEntry(run: RunRecord, entry: JournalEntry): RunRecord {
  const next: RunRecord = { ...run, lastSeq: entry.seq, lastHash: entry.hash };
  return isRunEntry(entry) ? applyRunEntry(next, entry) : next;
}

function applyRunEntry(run: RunRecord, entry: RunEntry): RunRecord {
  switch (entry.type) {
    case 'run.created':
      return {
        ...run,
        created: entry.data,
        by: entry.by,
        startedAt: entry.at,
        inputs: entry.data.inputs,
        steps: new Map(entry.data.steps.map((step) => [step.id, freshStep(step)])),
      };
    case 'run.resumed':
      return resumed(run, entry);
    case 'takeover':
      return { ...run, by: entry.by };
    case 'run.stopped': {
      const { waitingFor, answer, reason } = entry.data;
      const state = run.undoing ? 'undoing' : reason === 'interrupted' ? 'running' : 'waiting';
      return { ...clearWaiting(run), state, ...defined({ waitingFor, answer }) };
    }
    case 'lock.acquired':
      return entry.data.platform === undefined ? run : { ...run, locks: { ...run.locks, [entry.data.platform]: entry.data.lock } };
    case 'lock.taken':
    case 'approval.refused':
      return run;
    case 'step.intent':
      return intended(run, entry);
    case 'step.outcome':
      return ended(run, entry);
    case 'decision':
      return decided(run, entry);
    case 'approval': {
      const { step: stepId = '' } = entry;
      const next = { ...run, approvals: [...run.approvals, approvalOf(entry, stepId)] };
      if ((entry.data.missing ?? 0) > 0) return next;
      return setStep(next, stepId, (step) => succeeded(step, entry.at, { by: entry.by, of: entry.data.of }));
    }
    case 'note':
      return { ...run, notes: [...run.notes, { at: entry.at, by: entry.by, ...entry.data }] };
    case 'undo.started':
      return { ...clearWaiting(run), state: 'undoing', undoing: true, undoAsked: run.undoAsked || entry.data.asked };
    case 'undo.intent':
      return setEffect(run, entry.data.of, { undone: 'started', undoKey: entry.data.key });
    case 'undo.outcome':
      return undoEnded(run, entry);
    case 'run.closed':
      return {
        ...clearWaiting(run),
        state: entry.data.state,
        endedAt: entry.at,
        ...defined({ because: entry.data.because }),
      };
  }
  return exhausted(entry);
}

function approvalOf({ at, by, data }: Extract<RunEntry, { type: 'approval' }>, step: string): ApprovalRecord {
  const { of, authority, authenticated, method = 'none', givenAt = at, expires, fingerprint, block } = data;
  return {
    of,
    by,
    step,
    at: givenAt,
    authority,
    authenticated,
    method,
    ...defined({ expires, fingerprint, block }),
  };
}

function clearWaiting(run: RunRecord): RunRecord {
  const { waitingFor: _waitingFor, answer: _answer, ...rest } = run;
  return rest;
}

function setStep(run: RunRecord, id: string, change: (step: StepRecord) => StepRecord): RunRecord {
  const step = run.steps.get(id);
  if (!step) return run;
  (run.steps as Map<string, StepRecord>).set(id, change(step));
  return run;
}

function setEffect(run: RunRecord, of: number, change: Partial<EffectRecord>): RunRecord {
  const effect = run.effects.get(of);
  if (effect) (run.effects as Map<number, EffectRecord>).set(of, { ...effect, ...change });
  return run;
}

function resumed(run: RunRecord, _entry: RunEntry): RunRecord {
  let next: RunRecord = { ...clearWaiting(run), state: run.undoing ? 'undoing' : 'running' };
  for (const step of run.steps.values()) {
    // Whoever ran it is gone: an intent without outcome is in doubt from here on. A failed step gets its tries anew.
    if (step.state === 'running') next = setStep(next, step.id, (old) => ({ ...old, state: 'in_doubt' }));
    else if (step.state === 'failed' && !step.settled) next = setStep(next, step.id, (old) => ({ ...old, tries: 0 }));
  }
  return next;
}

function intended(run: RunRecord, entry: Extract<RunEntry, { type: 'step.intent' }>): RunRecord {
  const { step: id = '', data } = entry;
  const attempt = entry.attempt ?? 1;
  const next = setStep(clearWaiting(run), id, (step) => {
    const { error: _error, because: _because, endedAt: _endedAt, errorClass: _class, ...rest } = step;
    return { ...rest, state: 'running', attempt, tries: step.tries + 1, intent: { ...data, seq: entry.seq, at: entry.at }, startedAt: entry.at };
  });
  if (data.effect === 'read') return { ...next, state: 'running' };
  // A new attempt at the same piece of work is the same effect: it must not be undone twice.
  const same = next.effectOf.get(data.key);
  const fresh = { intent: data, outputs: undefined, partly: false, undo: data.undo, state: 'open' as const, undone: 'no' as const };
  if (same === undefined) {
    (next.effects as Map<number, EffectRecord>).set(entry.seq, { ...fresh, of: entry.seq, order: entry.seq, step: id, at: entry.at });
    (next.effectOf as Map<string, number>).set(data.key, entry.seq);
  } else setEffect(next, same, { ...fresh, order: entry.seq });
  return { ...next, state: 'running' };
}

function succeeded(step: StepRecord, at: string, outputs: Readonly<Record<string, unknown>>): StepRecord {
  const { error: _error, because: _because, errorClass: _class, ...rest } = step;
  return { ...rest, state: 'succeeded', settled: true, outputs, endedAt: at, startedAt: step.startedAt ?? at };
}

function ended(run: RunRecord, entry: Extract<RunEntry, { type: 'step.outcome' }>): RunRecord {
  const { step: id = '', data } = entry;
  const step = run.steps.get(id);
  const next = setStep(run, id, (old) => outcomeOf(old, data, entry.at));
  if (data.state === 'succeeded') notePlan(next, id, data.outputs, entry.seq);
  const effect = step?.intent === undefined ? undefined : next.effectOf.get(step.intent.key);
  if (effect === undefined || data.state === 'skipped') return next;
  const state = data.state === 'succeeded' ? 'done' : data.state === 'failed' ? 'attempted' : 'none';
  const told = { outputs: data.outputs, partly: data.partly === true };
  return setEffect(next, effect, { state, order: entry.seq, ...told, ...defined({ undo: data.undo }) });
}

function notePlan(run: RunRecord, step: string, outputs: Readonly<Record<string, unknown>> | undefined, order: number): void {
  const plan = outputs?.['plan'];
  if (typeof plan === 'string' && run.steps.get(step)?.action === 'restore.plan')
    (run.plans as Map<string, { readonly step: string; readonly order: number }>).set(plan, { step, order });
}

function outcomeOf(step: StepRecord, data: OutcomeData, at: string): StepRecord {
  const because = data.because === undefined ? {} : { because: data.because };
  switch (data.state) {
    case 'succeeded':
      return { ...succeeded(step, at, data.outputs ?? {}), ...because };
    case 'skipped':
      return { ...step, state: 'skipped', settled: true, endedAt: at, ...because };
    case 'did-not-happen':
      return { ...step, state: 'pending', tries: Math.max(0, step.tries - 1), ...because };
    case 'failed':
      return {
        ...step,
        state: 'failed',
        // What went wrong before there was an intent (a lost token, a wrong account) was a try too: else it would be
        // tried for ever.
        tries: step.state === 'running' || step.state === 'in_doubt' ? step.tries : step.tries + 1,
        outputs: data.outputs ?? step.outputs,
        endedAt: at,
        ...because,
        ...defined({ error: data.error, errorClass: data.class }),
      };
  }
  return exhausted(data.state);
}

function decided(run: RunRecord, entry: Extract<RunEntry, { type: 'decision' }>): RunRecord {
  const { step: id = '', data } = entry;
  let next: RunRecord = clearWaiting(run);
  if (data.inputs) next = { ...next, inputs: { ...next.inputs, ...data.inputs } };
  for (const [step, outputs] of Object.entries(data.outputs ?? {})) {
    next = setStep(next, step, (old) => ({ ...old, outputs }));
    notePlan(next, step, outputs, entry.seq);
  }
  switch (data.kind) {
    case 'confirm':
      return { ...next, confirmed: { ...next.confirmed, [id]: data.value } };
    case 'manual':
    case 'decide':
      if (data.effect === 'continue' || (data.effect === 'go_to' && !data.reset?.includes(id)))
        next = setStep(next, id, (step) => succeeded(step, entry.at, answerOutputs(data, entry.by)));
      break;
    case 'failed':
    case 'rule':
      next = setStep(next, id, (step) => afterFailure(step, data.effect));
      break;
    case 'in_doubt':
    case 'undo':
      break;
  }
  if (data.effect !== 'go_to') return next;
  for (const over of data.over ?? [])
    next = setStep(next, over, (step) => ({
      ...step,
      state: 'skipped',
      settled: true,
      because: `${id} continued to ${data.go_to ?? 'another step'}`,
      endedAt: entry.at,
    }));
  for (const reset of data.reset ?? []) next = setStep(next, reset, resetStep);
  const confirmed = Object.fromEntries(Object.entries(next.confirmed).filter(([step]) => !data.reset?.includes(step)));
  return { ...next, confirmed };
}

function answerOutputs(data: DecisionData, by: string): Record<string, unknown> {
  return { choice: data.value, by, note: data.note ?? '' };
}

function afterFailure(step: StepRecord, effect: DecisionData['effect']): StepRecord {
  if (effect === 'continue' || effect === 'go_to') return { ...step, settled: true };
  if (effect === 'skip')
    return {
      ...step,
      settled: true,
      state: 'skipped',
      because: step.error === undefined ? 'left out after a failure' : `left out after: ${step.error.message}`,
    };
  if (effect === 'retry') return { ...step, tries: 0 };
  return step;
}

const resetStep = ({ id, title, kind, action, attempt, visit }: StepRecord): StepRecord => ({
  ...freshStep({ id, title, kind, ...defined({ action }) }),
  attempt,
  visit: visit + 1,
});

function undoEnded(run: RunRecord, entry: Extract<RunEntry, { type: 'undo.outcome' }>): RunRecord {
  const { of, state, error, left } = entry.data;
  const undone = state === 'did-not-happen' ? 'no' : state;
  const next = setEffect(run, of, {
    undone,
    ...defined({ undoError: error, undoLeft: left }),
  });
  const effect = next.effects.get(of);
  if (!effect || undone === 'no' || undone === 'nothing-to-undo') return next;
  const stepState: StepState = undone === 'undone' ? 'undone' : 'undo_failed';
  const message = error?.message ?? entry.data.because;
  return setStep(next, effect.step, (step) => ({ ...step, state: stepState, ...defined({ because: message }) }));
}

/** Folds a whole journal. Throws what reading throws. */
export async function deriveRun(id: string, entries: AsyncIterable<JournalEntry> | Iterable<JournalEntry>): Promise<RunRecord> {
  let run = emptyRun(id);
  for await (const entry of entries) run = applyEntry(run, entry);
  return run;
}
