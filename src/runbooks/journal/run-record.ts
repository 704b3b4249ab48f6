import type { ApprovalView, RunState, RunView, StepState } from '../types.js';
import type { CreatedData, ErrorData, IntentData, ResolvedUndo } from './events.js';

/** What `run.created` says of a step. */
export type StepShape = CreatedData['steps'][number];

/** A step as the journal tells it. */
export interface StepRecord extends StepShape {
  readonly state: StepState;
  /** Attempts made in all, over every visit. */
  readonly attempt: number;
  /** Attempts since the step was last reset: what `retry.attempts` counts. */
  readonly tries: number;
  /** How often the run came to this step; part of the idempotency key. */
  readonly visit: number;
  /** Nothing is left to be done here; the run goes on behind it. */
  readonly settled: boolean;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly intent?: IntentData & { readonly seq: number; readonly at: string };
  readonly error?: ErrorData;
  readonly errorClass?: string;
  readonly because?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** Something a step may have done to the world and that an undo would have to take back. */
export interface EffectRecord {
  /** `seq` of its (first) intent. */
  readonly of: number;
  /** `seq` of its completion; of the intent while in doubt. Undo goes backwards by this. */
  readonly order: number;
  readonly step: string;
  readonly intent: IntentData;
  readonly at: string;
  readonly outputs: Readonly<Record<string, unknown>> | undefined;
  /** The outputs are what a failed attempt did or said: how much of it was done, they do not tell. */
  readonly partly: boolean;
  readonly undo: ResolvedUndo | undefined;
  /** `open`: intent without outcome. `attempted`: failed, and may have done a part. */
  readonly state: 'open' | 'done' | 'attempted' | 'none';
  readonly undone: 'no' | 'started' | 'undone' | 'failed' | 'nothing-to-undo' | 'given-up';
  readonly undoError?: ErrorData;
  readonly undoKey?: string;
  /** What its undo could not put back, in words. */
  readonly undoLeft?: string;
}

/** An approval, with the signed text where there is one. */
export interface ApprovalRecord extends ApprovalView {
  readonly block?: string;
}

/**
 * A run, derived from its journal and from nothing else. Its maps grow in place: a fold of 10,000 steps copies nothing.
 */
export interface RunRecord {
  readonly id: string;
  readonly created: CreatedData;
  readonly state: RunState;
  readonly by: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly because?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly steps: ReadonlyMap<string, StepRecord>;
  /** By `seq` of the intent, in that order. */
  readonly effects: ReadonlyMap<number, EffectRecord>;
  /** Idempotency key of an intent to its effect. */
  readonly effectOf: ReadonlyMap<string, number>;
  /**
   * The plans that steps of the run made, with the step and the `seq` of the line: also those that a later visit
   * replaced.
   */
  readonly plans: ReadonlyMap<string, { readonly step: string; readonly order: number }>;
  readonly approvals: readonly ApprovalRecord[];
  /** Steps confirmed by a typed answer, with the answer; cleared when the step is reset. */
  readonly confirmed: Readonly<Record<string, string>>;
  readonly notes: readonly (RunView['notes'][number] & { readonly key?: string })[];
  /** Locks this run has taken, by platform; a resumed run takes them again. */
  readonly locks: Readonly<Record<string, string>>;
  readonly waitingFor?: string;
  readonly answer?: string;
  readonly undoing: boolean;
  /** A person asked for the undo by name. */
  readonly undoAsked: boolean;
  readonly lastSeq: number;
  readonly lastHash: string;
}

/** The run before its first line. */
export function emptyRun(id: string): RunRecord {
  return {
    id,
    created: { runbook: { id: '', title: '', digest: '', text: '', file: '' }, steps: [], inputs: {}, limits: {} },
    state: 'running',
    by: '',
    startedAt: '',
    inputs: {},
    steps: new Map(),
    effects: new Map(),
    effectOf: new Map(),
    plans: new Map(),
    approvals: [],
    confirmed: {},
    notes: [],
    locks: {},
    undoing: false,
    undoAsked: false,
    lastSeq: 0,
    lastHash: '',
  };
}

/** A step before its first line. */
export const freshStep = (shape: StepShape): StepRecord => ({
  ...shape,
  state: 'pending',
  attempt: 0,
  tries: 0,
  visit: 1,
  settled: false,
  outputs: {},
});

const CLOSED: readonly RunState[] = ['succeeded', 'undone', 'partial', 'abandoned'];

/** True where nothing more can happen to the run. */
export function isClosed(run: { readonly state: RunState }): boolean {
  return CLOSED.includes(run.state);
}

/** The step a run is at: the first one that is not settled, in the order of the runbook. Undefined at the end. */
export function currentStep(run: RunRecord): StepRecord | undefined {
  for (const step of run.steps.values()) if (!step.settled) return step;
  return undefined;
}
