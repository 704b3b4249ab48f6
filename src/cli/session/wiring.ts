import type { Incidents } from '../../incidents/index.js';
import type { Clock } from '../../lib/index.js';
import type { Outbox } from '../../notify/index.js';
import type { Store } from '../../store/index.js';
import type { MonitorsView } from '../flows/monitors/standings.js';

/** What the command `daemon` gives to the daemon. */
export interface DaemonRun {
  readonly store: Store;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly incidents: Incidents;
  readonly outbox: Outbox | undefined;
  readonly by: string;
  readonly log: (line: string) => void;
  readonly once: boolean;
  readonly http?: { readonly port: number; readonly publicUrl?: string; readonly listening: (url: string) => void };
  readonly ping?: { readonly url: string; readonly environment: NodeJS.ProcessEnv };
  readonly runs: () => Promise<readonly OpenRunLine[]>;
  readonly pauses: () => Promise<readonly OpenPauseLine[]>;
  readonly flows?: () => Promise<Pick<MonitorsView, 'flows' | 'silences' | 'budgets'>>;
  readonly tickers?: readonly { readonly name: string; readonly watches?: true; readonly tick: (now: Date) => Promise<{ readonly due: number }> }[];
}

/** A run that is not closed, for the status page. */
export interface OpenRunLine {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly by: string;
  readonly startedAt: string;
  readonly atWork?: { readonly by: string; readonly host: string };
  readonly waitingFor?: string;
}

/** Syncs that are paused, for the status page. */
export interface OpenPauseLine {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly at: string;
  readonly syncs: readonly string[];
}

/**
 * The public face of `daemon/`, as far as commands call it. The two folders stand side by side and do not import each
 * other.
 */
export interface DaemonModule {
  runDaemon(run: DaemonRun): Promise<void>;
  /** A port of this machine that nothing listens on now. */
  freePort(): Promise<number>;
  systemdUnit(unit: { readonly exec: readonly string[]; readonly workspace: string; readonly user?: string }): string;
  systemdTimer(unit: {
    readonly exec: readonly string[];
    readonly workspace: string;
    readonly user?: string;
    readonly name: string;
    readonly what: string;
  }): string;
}

/** What the composition root hands in: loaded by the command that needs it, when it needs it. */
export interface Wiring {
  readonly daemon: () => Promise<DaemonModule>;
}
