import type { z } from 'zod';

import type { Platform } from '../../connectors/index.js';
import type { Act, Escalation, Grant } from '../../escalation/index.js';
import type { CallOptions, Clock, Redactor } from '../../lib/index.js';
import type { Catalog } from '../../snapshots/index.js';
import type { Store } from '../../store/index.js';
import type { Syncs } from '../../syncs/index.js';
import type { SecretRef, Workspace } from '../../workspace/index.js';
import type { ApprovalRecord } from '../journal/run-record.js';
import type { Verification } from '../journal/verification.js';
import type { EffectClass } from '../types.js';

/** What a run is given by whoever starts it; actions use it, the engine only its store and clock. */
export interface RunServices {
  readonly workspace: Workspace;
  readonly store: Store;
  readonly clock: Clock;
  /** Zone of times that name none. Absent: such a time is refused. */
  readonly zone?: string | undefined;
  /** Told what a time was taken for that a person typed (`since`, `filter.until`), so that it can be shown. */
  readonly understood?: (name: string, at: Date) => void;
  readonly catalog: Catalog;
  readonly syncs: Syncs;
  /** Opens a platform, its account and environment checked. The run closes what it opened. */
  openPlatform(name: string, options?: CallOptions): Promise<Platform>;
  secret(ref: SecretRef): Promise<string>;
  readonly redactor: Redactor;
  /**
   * Writes a line into the timeline of the incident a run belongs to, once for each key; does nothing where it belongs
   * to none.
   */
  readonly noteIncident?: (run: string, text: string, key: string) => Promise<void>;
  /**
   * Who may approve what. Absent where the workspace has no escalation.yml: then everybody may, and every approval is
   * unauthenticated.
   */
  readonly approvals?: ApprovalServices;
  /**
   * Resolves where a person may do an act in this run; throws `not-authorised`. Absent: everybody may do everything.
   */
  readonly authorise?: (act: Act, by: string, run: string) => Promise<void>;
  /** Tries a plan on a copy. Absent where this process cannot. */
  readonly rehearse?: (plan: string, options: CallOptions) => Promise<RehearsedPlan>;
  /** Environment of this process, from which commands get PATH and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What a plan that was tried on a copy came to. */
export interface RehearsedPlan {
  readonly passed: boolean;
  /** Changes, values and links that are not as planned there. */
  readonly wrong: number;
  /** Calls that applying and verifying it takes, and how long. */
  readonly calls: number;
  readonly ms: number;
  /** Calls of the day that are left afterwards; undefined where nobody counts them. */
  readonly left?: number;
  /** All of it in a sentence or two. */
  readonly words: string;
}

/** The policy of approvals, and the roles that an incident gives while it is open. */
export interface ApprovalServices {
  readonly file: Escalation;
  /** Roles that people have through the incident a run belongs to; none where it belongs to none. */
  grantsOf(run: string): Promise<readonly Grant[]>;
}

/** A step of the same run, as far as an action may look at it. */
export interface SiblingStep {
  readonly id: string;
  readonly action: string | undefined;
  readonly state: string;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Order of completion; 0 while there is none. */
  readonly order: number;
}

/** What an action works with. */
export interface ActionContext extends RunServices {
  /** The person the run belongs to now. */
  readonly by: string;
  readonly run: {
    readonly id: string;
    readonly title: string;
    /** Id of its runbook. */
    readonly runbook: string;
    /** The effective limits: the runbook's and the workspace's, whichever is lower. */
    readonly limits: { readonly records?: number; readonly percent?: number };
    readonly approvals: readonly ApprovalRecord[];
    /** Inputs as the run began with them: what they name was there before any of its steps. */
    readonly firstInputs: Readonly<Record<string, unknown>>;
    readonly steps: readonly SiblingStep[];
    readonly notes: readonly { readonly text: string; readonly key?: string }[];
    /** Whether what the run wrote has been proved right since. */
    readonly verification: Verification;
  };
  readonly step: {
    readonly id: string;
    readonly title: string;
    /** Idempotency key: the same for every attempt at this piece of work. */
    readonly key: string;
  };
  /** What the person typed for {@link Action.confirm}, if it was asked. */
  readonly confirmed: string | undefined;
  readonly options: CallOptions;
  /** Writes a line into the run's log, under a key that is looked for after a crash. */
  note(text: string, key: string): Promise<void>;
}

/** What a lookup found out about an effect whose answer was lost. */
export type Lookup =
  | { readonly state: 'succeeded'; readonly outputs: Readonly<Record<string, unknown>> }
  /** Nothing of it happened: run it. */
  | { readonly state: 'not-started' }
  /** A part happened; running it again with the same key continues from there. */
  | { readonly state: 'unfinished' }
  | { readonly state: 'unknown'; readonly why: string };

/** Type of an output, for expressions. `any` is checked when it is used. */
export type OutputType = 'string' | 'int' | 'double' | 'bool' | 'any' | 'strings';

/** Something a person has to type before a destructive act. */
export interface Confirmation {
  readonly expect: string;
  /** Facts to show: what is written, what will not come back, how to undo it. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** What an undo did that could not put everything back. */
export interface UndoReport {
  /** For the log. */
  readonly words: string;
  /** What stays as it is, in words: the run ends as `partial` then. */
  readonly left: string;
}

/** How an action is undone. May be repeated at any point: it finds out itself what is left to do. */
export type ActionUndo<I> =
  | {
      /** What it does, in words. */
      readonly summary: string;
      /** A failed attempt may have done a part: undo it too. */
      readonly afterFailure: boolean;
      /** What a person must be allowed to do for it. */
      readonly act?: Act;
      /** Asked before an undo that no person asked for by name; undefined where it is safe. */
      readonly ask?: string;
      /**
       * `outputs` is undefined where the answer was lost. Resolves to words for the log, and to what it had to leave,
       * if anything.
       */
      run(input: I, outputs: Readonly<Record<string, unknown>> | undefined, context: ActionContext): Promise<string | UndoReport>;
    }
  /** Why nothing needs to be undone. */
  | { readonly none: string };

/**
 * What an automatic step calls. One file each under `actions/`.
 *
 * - `run` throws RunbackErrors only. `in-doubt` means: sent, and the answer was lost. Everything else means that it
 *   failed.
 * - `idempotent`: running again with the same key gives the same end state. `verifiable`: `lookup` says what was done,
 *   and
 *   `run` after `unfinished` continues. The engine relies on both after a crash (guarantee G3).
 */
export interface Action<I = Readonly<Record<string, unknown>>> {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly input: z.ZodType<I>;
  readonly outputs: Readonly<Record<string, OutputType>>;
  readonly effect: EffectClass;
  /**
   * Changes nothing but what this workspace keeps: with other values it can be done anew, and nothing has to be taken
   * back.
   */
  readonly onlyHere?: true;
  /** Names of the platforms it writes to, or whose writers it stops: one run at a time holds each (guarantee G5). */
  writes?(input: I): readonly string[];
  /**
   * What the person must be allowed to do by escalation.yml; undefined: anybody may. Asked before anything is confirmed
   * or begun.
   */
  readonly act?: (input: I, context: ActionContext) => Act;
  confirm?(input: I, context: ActionContext): Promise<Confirmation | undefined>;
  run(input: I, context: ActionContext): Promise<Readonly<Record<string, unknown>>>;
  lookup?(input: I, context: ActionContext): Promise<Lookup>;
  /**
   * What a failed attempt has done until then, as outputs: steps behind it and the undo go on with them. Undefined
   * where it did nothing. Looks at what runback itself keeps, never at a platform.
   */
  did?(input: I, context: ActionContext): Promise<Readonly<Record<string, unknown>> | undefined>;
  readonly undo?: ActionUndo<I>;
  /**
   * What an action that ended did not do, in words; undefined where it did all of it. The run ends as `partial` then
   * (guarantee G28).
   */
  left?(outputs: Readonly<Record<string, unknown>>): string | undefined;
  /** Takes decisions on conflicts of the plan in `outputs`, by code or id; gives the id of the plan that follows. */
  decide?(outputs: Readonly<Record<string, unknown>>, choices: Readonly<Record<string, 'keep' | 'restore'>>, context: ActionContext): Promise<string>;
  /**
   * New outputs where a person put another plan in the place of the one in `outputs`; undefined where that does not
   * concern it.
   */
  revise?(
    outputs: Readonly<Record<string, unknown>>,
    replaced: string,
    plan: string,
    context: ActionContext,
  ): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** How a person does the same by hand; values as the runbook writes them. For `runbook render`. */
  manual(values: Readonly<Record<string, string>>): readonly string[];
}

/** An action whose inputs are checked on the way in. */
export type AnyAction = Action<unknown>;

/** Closes an action over its input schema, so that the engine can call it with what the journal holds. */
export function defineAction<I>(action: Action<I>): AnyAction {
  const { act, undo } = action;
  const parse = (input: unknown): I => action.input.parse(input);
  return {
    name: action.name,
    summary: action.summary,
    input: action.input,
    outputs: action.outputs,
    effect: action.effect,
    ...(action.onlyHere && { onlyHere: action.onlyHere }),
    run: (input, context) => action.run(parse(input), context),
    manual: (values) => action.manual(values),
    writes: (input) => action.writes?.(parse(input)) ?? [],
    ...(act && { act: (input: unknown, context: ActionContext) => act(parse(input), context) }),
    confirm: async (input, context) => await action.confirm?.(parse(input), context),
    left: (outputs) => action.left?.(outputs),
    ...(action.decide && { decide: action.decide.bind(action) }),
    revise: async (outputs, replaced, plan, context) => await action.revise?.(outputs, replaced, plan, context),
    ...(action.lookup && { lookup: async (input: unknown, context: ActionContext) => (await action.lookup?.(parse(input), context)) ?? UNKNOWN }),
    ...(action.did && { did: async (input: unknown, context: ActionContext) => await action.did?.(parse(input), context) }),
    ...(undo && { undo: 'none' in undo ? undo : { ...undo, run: (input: unknown, outputs, context) => undo.run(parse(input), outputs, context) } }),
  };
}

const UNKNOWN: Lookup = { state: 'unknown', why: 'the action cannot look it up' };
