import type { JournalEntry } from '../../store/index.js';
import type { ApprovalMethod, EffectClass } from '../types.js';
import type { KeptFile } from './kept-files.js';

/** How an error stands in a journal. */
export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly why?: string;
  readonly state?: string;
  readonly next?: string;
  /** Facts the error carried: ids of what was left behind. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An undo as it was resolved: what will be called, with which values. */
export interface ResolvedUndo {
  readonly kind: 'built-in' | 'action' | 'command' | 'http' | 'manual' | 'none';
  readonly action?: string;
  /** Values, instructions of `manual`, or the reason of `none`. */
  readonly with?: unknown;
}

export interface CreatedData {
  readonly runbook: { readonly id: string; readonly title: string; readonly digest: string; readonly text: string; readonly file: string };
  readonly steps: readonly { readonly id: string; readonly title: string; readonly kind: string; readonly action?: string }[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly limits: { readonly records?: number; readonly percent?: number };
}

export interface IntentData {
  readonly kind: string;
  readonly action?: string;
  /** Resolved values. Secrets are references. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly effect: EffectClass;
  /** The same for every attempt at the same piece of work: what platforms and stores recognise a repetition by. */
  readonly key: string;
  /** Of a wait: when it began, ISO 8601, also where it was broken off and is gone on with. */
  readonly since?: string;
  /** Absent where it needs the step's own outputs: then it is in the outcome. */
  readonly undo?: ResolvedUndo;
}

export type OutcomeState = 'succeeded' | 'failed' | 'skipped' | 'did-not-happen';

export interface OutcomeData {
  readonly state: OutcomeState;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** It did not come to its end: the outputs are what it did or said until then. */
  readonly partly?: true;
  readonly error?: ErrorData;
  /** Class of the failure, for `retry.on`. */
  readonly class?: string;
  /** Why it was skipped or how its outcome was found, in words. */
  readonly because?: string;
  readonly undo?: ResolvedUndo;
}

export const DECISION_KINDS = ['decide', 'manual', 'confirm', 'failed', 'in_doubt', 'rule', 'undo'] as const;

/** An answer of a person, or of the runbook's own rule (`kind: rule`), and what follows from it. */
export interface DecisionData {
  readonly kind: (typeof DECISION_KINDS)[number];
  readonly value: string;
  readonly effect: 'continue' | 'stop' | 'undo' | 'go_to' | 'retry' | 'skip' | 'happened' | 'did-not-happen';
  readonly note?: string;
  readonly evidence?: readonly string[];
  /** The same files as they were found; absent in journals of earlier versions. */
  readonly kept?: readonly KeptFile[];
  /** Changed inputs, resolved. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Outputs of earlier steps that the answer replaced: a plan with decided conflicts. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly go_to?: string;
  /** Steps that become pending again. */
  readonly reset?: readonly string[];
  /** Steps that are jumped over. */
  readonly over?: readonly string[];
}

export interface ApprovalData {
  readonly of: string;
  readonly authority: string;
  /** A signature proves who gave it. */
  readonly authenticated: boolean;
  /** Absent in journals of earlier versions: `none`. */
  readonly method?: ApprovalMethod;
  /** When it was given, ISO 8601, where that is not the time of the line. */
  readonly givenAt?: string;
  /** ISO 8601. Absent where no policy sets an end. */
  readonly expires?: string;
  /** Of the key that signed. */
  readonly fingerprint?: string;
  /** The signed approval itself, so that anybody can check it again. */
  readonly block?: string;
  /** How many more people it takes after this one; the step is done at 0 or where it is absent. */
  readonly missing?: number;
  readonly note?: string;
}

/** An approval that was asked for and not given. The step stays open. */
export interface ApprovalRefusedData {
  readonly of: string;
  readonly authority: string;
  /** `answer`: a person said something else than yes. `policy`: it was given, and does not count. */
  readonly because: 'answer' | 'policy';
  /** What the person answered, or why it does not count, in words. */
  readonly why: string;
  readonly note?: string;
}

export interface StoppedData {
  readonly reason: 'question' | 'failed' | 'interrupted';
  /** In words: what the run waits for. */
  readonly waitingFor?: string;
  /** Key of the answers file that would answer it. */
  readonly answer?: string;
}

export interface UndoIntentData {
  /** `seq` of the effect's intent. */
  readonly of: number;
  readonly undo: ResolvedUndo;
  readonly effect: EffectClass;
  readonly key: string;
}

export interface UndoOutcomeData {
  readonly of: number;
  readonly state: 'undone' | 'failed' | 'nothing-to-undo' | 'given-up' | 'did-not-happen';
  readonly error?: ErrorData;
  readonly because?: string;
  /** With `undone`: what could not be put back, in words. */
  readonly left?: string;
}

/** Every type of journal line a run writes, with its data. Lines of other types are passed over by readers. */
export interface RunEvents {
  'run.created': CreatedData;
  'run.resumed': Readonly<Record<string, never>>;
  'run.stopped': StoppedData;
  takeover: { readonly from: string };
  /** `platform`: its name, where the run knows it. */
  'lock.acquired': { readonly lock: string; readonly platform?: string; readonly broke?: Readonly<Record<string, unknown>> };
  /** A person took a lock of this run away without going on with it. `from`: who held it. */
  'lock.taken': { readonly lock: string; readonly from: Readonly<Record<string, unknown>> };
  'step.intent': IntentData;
  'step.outcome': OutcomeData;
  decision: DecisionData;
  approval: ApprovalData;
  'approval.refused': ApprovalRefusedData;
  note: { readonly text: string; readonly key?: string };
  /** `asked`: a person asked for it by name. */
  'undo.started': { readonly why: string; readonly asked: boolean };
  'undo.intent': UndoIntentData;
  'undo.outcome': UndoOutcomeData;
  'run.closed': { readonly state: 'succeeded' | 'undone' | 'partial' | 'abandoned'; readonly because?: string };
}

export type RunEventType = keyof RunEvents;

/** A journal line whose data is known by its type. */
export type RunEntry = {
  [T in RunEventType]: Omit<JournalEntry, 'type' | 'data'> & { readonly type: T; readonly data: RunEvents[T] };
}[RunEventType];

const TYPES: Readonly<Record<RunEventType, true>> = {
  'run.created': true,
  'run.resumed': true,
  'run.stopped': true,
  takeover: true,
  'lock.acquired': true,
  'lock.taken': true,
  'step.intent': true,
  'step.outcome': true,
  decision: true,
  approval: true,
  'approval.refused': true,
  note: true,
  'undo.started': true,
  'undo.intent': true,
  'undo.outcome': true,
  'run.closed': true,
};

/** True for a line that a run wrote; the chain of hashes vouches for its data. */
export function isRunEntry(entry: JournalEntry): entry is JournalEntry & RunEntry {
  return Object.hasOwn(TYPES, entry.type);
}
