import type { CallOptions, Clock } from '../../lib/index.js';
import type { StageProgram, StagingDeps } from '../../stages/index.js';
import type { Drill } from '../document/load.js';
import type { Keyboard } from './guided.js';
import { ON_CALL } from './operator.js';

/** What a rehearsal is given. */
export interface RehearsalRequest {
  readonly drill: Drill;
  /** Where it is staged: in a sandbox on this machine, or on a platform of the workspace. */
  readonly place: { readonly local: string } | { readonly platform: string };
  /** Path of the runbook's file. */
  readonly runbook: string;
  /** An empty folder for the workspace of the stage; whoever made it removes it. */
  readonly folder: string;
  /** Of the result; a new one unless given. */
  readonly id?: string;
  /** Instead of that of the drill. */
  readonly seed?: number;
  /** How often a run that was killed, or stopped half-way, is resumed. */
  readonly resumes?: number;
  /** Paths of the runbooks that a person at the terminal may choose from; unattended there is that of the drill only. */
  readonly choice?: readonly string[];
}

export interface RehearsalDeps {
  readonly program: StageProgram;
  readonly clock: Clock;
  readonly call: CallOptions;
  /** What is being done now, in words. */
  readonly doing: (what: string) => void;
  /** A person who rolls back at the terminal, instead of the answers of the drill. */
  readonly keyboard?: Keyboard;
  readonly people?: RehearsalPeople;
  /** The workspace whose platforms may be a stage; absent where there is none. */
  readonly staging?: StagingDeps;
}

/** Of a game day: who is at the keyboard, and who is asked for approvals before the answers of the drill give them. */
export interface RehearsalPeople {
  readonly as: string;
  /** Resolves to true where people have approved what a run on the stage in that folder waits for. */
  approve(asked: { readonly folder: string; readonly run: string; readonly step: string }): Promise<boolean>;
}

/** Who is at the keyboard where nobody is at a terminal. */
export const operatorOf = ({ people }: RehearsalDeps): string => people?.as ?? ON_CALL;
