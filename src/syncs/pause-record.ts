import type { CallOptions } from '../lib/index.js';
import type { Kept, LastRun, SyncStatus } from './controller.js';

/** Kind of the documents that pauses are kept in. */
export const PAUSES = 'sync-pauses';

/** One sync within a pause. */
export interface PauseEntry {
  readonly sync: string;
  /** State found before the pause: what a resume goes back to. `unknown`: it did not answer, and was not changed. */
  readonly earlier: 'running' | 'paused' | 'unknown';
  /**
   * `pausing`: intent on disk, answer not yet. `failed`: could not be paused. `held`: not resumed since another pause
   * still holds it.
   */
  readonly state: 'pausing' | 'paused' | 'failed' | 'resumed' | 'left' | 'held';
  /** Work still in flight when the wait ended; undefined where the controller cannot tell. */
  readonly inFlight?: number;
  readonly why?: string;
  /** What of the earlier state the way back needs, where its controller says so. */
  readonly kept?: Kept;
}

/** Who paused what, when and why. */
export interface PauseRecord {
  readonly version: 1;
  readonly id: string;
  /** Run or command that asked; asking again with the same holder continues the same pause. */
  readonly holder: string;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly resumedAt?: string;
  readonly resumedBy?: string;
  /** It was ended by name although nothing had proved that the damage is gone. */
  readonly override?: true;
  /** Incidents that were open when it was made by hand; absent in a run, and in records of earlier versions. */
  readonly incidents?: readonly string[];
  readonly entries: readonly PauseEntry[];
}

export interface PauseRequest {
  /** Names of syncs; joined with those that write to `writesTo`, or react to what is written there. Neither given: every sync of the workspace. */
  readonly names?: readonly string[];
  /** Name of a platform. */
  readonly writesTo?: string;
  readonly by: string;
  readonly holder: string;
  readonly reason: string;
  /** Incidents that are open now, where it is made by hand. */
  readonly incidents?: readonly string[];
  /** Longest wait for work in flight, milliseconds; overrides the settings. */
  readonly drainMs?: number;
  /** A person asked for it: what is still in flight after that is ended, where the controller can. */
  readonly cancelLate?: boolean;
}

export interface ResumeRequest {
  readonly by: string;
  /** A person starts them although nothing has proved that the damage is gone. */
  readonly override?: true;
}

/** A sync, its state, and the pauses that hold it. */
export interface SyncView {
  readonly name: string;
  readonly title: string;
  readonly controller: string;
  readonly writesTo: readonly string[];
  /** Absent where it could not be asked; then `problem` says why. */
  readonly status?: SyncStatus;
  readonly problem?: string;
  readonly pauses: readonly PauseRecord[];
  /** Nothing has shown that what is known of its tool is so: it is told about by a file that no test proves. */
  readonly unproven?: true;
}

/** A sync that an open pause keeps from running, as it is now. */
export interface HeldSync {
  readonly sync: string;
  /** True where the pause owes it the way back to running. */
  readonly owed: boolean;
  /** Absent where it could not be asked; then `problem` says why. */
  readonly status?: SyncStatus;
  readonly problem?: string;
}

/** Pauses for a screen. A damaged one is no reason to show nothing of the others. */
export interface PauseSurvey {
  /** That nobody has ended, oldest first. */
  readonly open: readonly PauseRecord[];
  /** Whose document cannot be read, and why: nothing is known of them but that they were there. */
  readonly damaged: readonly { readonly id: string; readonly why: string }[];
}

/** Pauses, drains and resumes the syncs of a workspace, and remembers who paused what. */
export interface Syncs {
  readonly names: readonly string[];
  views(names?: readonly string[], options?: CallOptions): Promise<SyncView[]>;
  /** The last run of a sync that ended; `untold` where its tool does not say. Throws `sync-failed`, `auth-refused`, `not-found`. */
  lastRun(name: string, options?: CallOptions): Promise<LastRun | 'untold' | undefined>;
  /** Open pauses, oldest first. Throws where one cannot be read: it may be what holds a sync. */
  pauses(): Promise<PauseRecord[]>;
  /** The same for a screen; throws for no damaged one. */
  survey(): Promise<PauseSurvey>;
  /**
   * Pauses and waits for work in flight. The earlier state of each sync is on disk before it is touched. Repeating with
   * the same holder continues: one that runs again is paused again. Each sync is taken for itself: one that cannot be
   * paused or asked is recorded as failed and holds up no other. Throws `sync-failed` in the end where there is one
   * (what was paused stays paused and is recorded), `drain-timeout`, `not-found`.
   */
  pause(request: PauseRequest, options?: CallOptions): Promise<PauseRecord>;
  /**
   * Puts every sync of a pause back to the state it was in, and checks. Each is taken for itself: where one does not
   * start, the others do, the pause stays open for it, and this throws `sync-failed`; repeating goes on with the rest.
   * Throws `not-found`.
   */
  /** Looks at the syncs that a pause holds paused now, and changes nothing. Throws `not-found`. */
  held(pauseId: string, options?: CallOptions): Promise<readonly HeldSync[]>;
  resume(pauseId: string, request: ResumeRequest, options?: CallOptions): Promise<PauseRecord>;
}
