import type { CallOptions } from '../lib/index.js';
import type { SecretRef } from '../workspace/index.js';

/**
 * The sync controller seam: pauses, drains and resumes one kind of sync. Every driver passes
 * `test/contracts/controller.ts`.
 *
 * `pause` on a paused sync and `resume` to the state it is in are no errors and change nothing. A call that may have
 * reached the controller is followed by `status`, never repeated blindly. Throws `sync-failed` or `interrupted`.
 */
export interface SyncController {
  readonly kind: string;
  status(options?: CallOptions): Promise<SyncStatus>;
  /** Stops new work. Does not wait for work in flight: the caller polls `status` until it is drained. */
  pause(options?: CallOptions): Promise<void>;
  /** Back to running. Only called where the earlier state was running. `kept`: what `status` said of that state. */
  resume(options?: CallOptions, kept?: Kept): Promise<void>;
  /** Ends work in flight; absent where the tool cannot. Only where a person asks for it. */
  cancel?(options?: CallOptions): Promise<void>;
  /**
   * The last run that came to its end, whether or not there was anything to do; undefined where none has. One or two requests.
   * Absent where the tool does not tell.
   */
  lastRun?(options?: CallOptions): Promise<LastRun | undefined>;
  /** Milliseconds after an answer for which `status` may still say what was before. Absent: at once. */
  readonly settleMs?: number;
  /** False where nothing has shown that what is known of the tool is so. Absent: it is what the workspace says itself. */
  readonly proven?: boolean;
}

/** What of the state of a sync the way back to it needs: the active version of a flow, the time of a campaign. */
export type Kept = Readonly<Record<string, unknown>>;

export interface SyncStatus {
  /** `draining`: paused, with work in flight. */
  readonly state: 'running' | 'paused' | 'draining';
  /** Pieces of work in flight; undefined where the controller cannot tell. */
  readonly inFlight: number | undefined;
  /** Warnings for people, for example that waiting jobs run on restart. */
  readonly warnings: readonly string[];
  /** Pieces of work that wait, and run as soon as it is resumed; undefined where the controller cannot tell. */
  readonly fires?: number;
  readonly kept?: Kept;
}

/** A run of a sync that came to its end. */
export interface LastRun {
  /** ISO 8601, UTC. */
  readonly ended: string;
  /** How long it took, in milliseconds; absent where its tool does not tell. */
  readonly ms?: number;
  readonly failed?: true;
  /** How many records it wrote or read, as its tool counts them. */
  readonly records?: number;
  /** How many of these it could not write, as its tool counts them. */
  readonly errors?: number;
}

/** What a driver is given. */
export interface DriverDeps {
  /** Name of the sync in runback.yml. */
  readonly name: string;
  /** The sync's own settings, checked by the driver. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Resolves all secrets of the sync by their names. */
  readonly credentials: () => Promise<Record<string, string>>;
  /** Resolves a reference that stands in the driver's own settings. */
  readonly secret: (ref: SecretRef) => Promise<string>;
  /** Takes secrets out of any text that leaves a driver; before it is shortened. */
  readonly redact: (text: string) => string;
  /** Folder relative paths start from. */
  readonly cwd: string;
  /** Environment for programs that a driver starts. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: import('../lib/index.js').Clock;
  /** Told what became of each call. */
  readonly calls?: import('../lib/index.js').CallLog;
}
