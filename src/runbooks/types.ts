import type { Reporter } from '../lib/index.js';

/** What an action may do to the world; decides what happens when its answer was lost (guarantee G3). */
export type EffectClass = 'read' | 'idempotent' | 'verifiable' | 'opaque' | 'irreversible';

export type StepState = 'pending' | 'running' | 'succeeded' | 'failed' | 'in_doubt' | 'skipped' | 'undone' | 'undo_failed';
export type RunState = 'running' | 'waiting' | 'undoing' | 'succeeded' | 'undone' | 'partial' | 'abandoned';

/** Something only a person can answer. Answered by a terminal, an answers file, or nobody. */
export type Question = QuestionBody & {
  /**
   * Key of the answers file that answers it: the input, `<step>`, `<step>.failed`, `<step>.in_doubt`, `<step>.undo`.
   */
  readonly key: string;
  /** How often this question came up in the run, from 1: a list in an answers file gives one answer for each time. */
  readonly time: number;
  /** The decision that can be taken anew from here, since nothing was done on the strength of it yet. */
  readonly back?: EarlierDecision;
};

/** A decision that a person took earlier in the run. */
export interface EarlierDecision {
  readonly step: string;
  readonly title: string;
}

export type QuestionBody =
  | {
      readonly kind: 'input';
      readonly name: string;
      readonly type: string;
      readonly prompt: string;
      readonly default?: unknown;
      readonly choices?: readonly { readonly value: string; readonly label: string }[];
      /** Of a snapshot: the platform it has to hold, where that is known. */
      readonly platform?: string;
    }
  | { readonly kind: 'manual'; readonly step: string; readonly title: string; readonly instructions: string }
  | {
      readonly kind: 'decide';
      readonly step: string;
      readonly title: string;
      readonly instructions: string;
      readonly choices: readonly DecideChoice[];
      readonly about: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'approve';
      readonly step: string;
      readonly title: string;
      readonly authority: string;
      readonly of: string;
      readonly about: Readonly<Record<string, unknown>>;
      /** Where a policy says who may approve. */
      readonly policy?: ApprovalAsked;
    }
  | {
      readonly kind: 'failed';
      readonly step: string;
      readonly title: string;
      readonly error: Error;
      readonly choices: readonly ('retry' | 'skip' | 'undo' | 'stop')[];
    }
  | {
      readonly kind: 'in_doubt';
      readonly step: string;
      readonly title: string;
      readonly what: string;
      readonly choices: readonly ('happened' | 'did-not-happen' | 'stop')[];
    }
  /** A destructive act: the person types `<environment>:<records>`. */
  | {
      readonly kind: 'confirm';
      readonly step: string;
      readonly title: string;
      readonly expect: string;
      readonly about: Readonly<Record<string, unknown>>;
    };

/** What an approval rests on: a signature by the person's key, standing at the terminal of the run, or nothing. */
export type ApprovalMethod = 'signature' | 'in-person' | 'none';

/** How far an approval has come, and who can still give it. */
export interface ApprovalAsked {
  readonly needed: number;
  /** In words, one for each person who has approved. */
  readonly given: readonly string[];
  /** In words, why others do not count. */
  readonly refused: readonly string[];
  readonly from: readonly { readonly person: string; readonly name: string }[];
  /** Whether an answer at the terminal is enough. */
  readonly inPerson: boolean;
  /** What those who approve type, wherever they are. */
  readonly command: string;
}

/** An approval in the journal of a run. */
export interface ApprovalView {
  readonly of: string;
  readonly by: string;
  readonly step: string;
  /** ISO 8601: when it was given. */
  readonly at: string;
  readonly authority: string;
  /** A signature proves who gave it. */
  readonly authenticated: boolean;
  readonly method: ApprovalMethod;
  readonly fingerprint?: string;
  readonly expires?: string;
}

export interface DecideChoice {
  readonly value: string;
  /** `continue`, `stop`, `undo`, or the step it goes to. */
  readonly effect: string;
  /** Title of the step it goes to, and whether that lies behind. */
  readonly leads?: { readonly title: string; readonly back: boolean };
  /** Going on applies the plan that the question is about, before anybody is asked to decide again. */
  readonly applies?: true;
  /** Inputs to ask for before going there. */
  readonly ask?: readonly string[];
}

export interface Answer {
  readonly value: string;
  /** Who answered; the run's own person if absent. */
  readonly by?: string;
  readonly note?: string;
  /** Paths of files to keep as evidence. */
  readonly evidence?: readonly string[];
  /** Values for `ask`. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /**
   * Id of a plan that follows from the one the question is about (`about.plan`), made by deciding its conflicts: from
   * here on the run works with this one, so outputs of earlier steps that name the old plan (plan, hash, records) are
   * replaced.
   */
  readonly plan?: string;
  /** Decisions on conflicts of that plan, by code or id, which make such a plan; `plan` goes before it. */
  readonly conflicts?: Readonly<Record<string, 'keep' | 'restore'>>;
  /** Hash of what is approved, where the person gives it: refused when it is not the one asked about. */
  readonly of?: string;
  /** A signed approval as text, which says by itself who gave it and for what. */
  readonly block?: string;
  /** Given at the terminal of the run, not by a file. */
  readonly inPerson?: boolean;
  /** No answer: the earlier decision that the question names (`back`) is taken anew. */
  readonly back?: true;
}

/** Whoever answers questions. Returns undefined where nobody can: the run then waits and ends with exit 5. */
export interface Operator {
  ask(question: Question, signal: AbortSignal): Promise<Answer | undefined>;
}

/** What a view shows of a run. Calls are synchronous and never throw. */
export interface RunObserver {
  runStarted(run: RunView): void;
  stepChanged(step: StepView, run: RunView): void;
  runEnded(run: RunView): void;
  /** Progress of the step that runs. */
  readonly reporter: Reporter;
}

export interface StepView {
  readonly id: string;
  readonly title: string;
  readonly kind: 'action' | 'manual' | 'decide' | 'approve' | 'wait' | 'command' | 'http';
  readonly action?: string;
  readonly state: StepState;
  readonly attempt: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly error?: string;
  /** Why it was skipped, in words. */
  readonly because?: string;
}

/** A run, derived from its journal. */
export interface RunView {
  readonly id: string;
  readonly runbook: string;
  readonly title: string;
  readonly state: RunState;
  readonly by: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Why it ended as it did, in words: what it left, where it ended `partial`. */
  readonly because?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly steps: readonly StepView[];
  /** The question a waiting run needs answered, in words. */
  readonly waitingFor?: string;
  /** Key of the answers file that would answer it. */
  readonly answer?: string;
  readonly notes: readonly { readonly at: string; readonly by: string; readonly text: string }[];
  readonly approvals: readonly ApprovalView[];
  /** Hash of the journal's last line. */
  readonly lastHash: string;
}
