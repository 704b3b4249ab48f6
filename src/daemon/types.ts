import type { Incidents } from '../incidents/index.js';
import type { Clock } from '../lib/index.js';
import type { Outbox } from '../notify/index.js';
import type { Store } from '../store/index.js';

/**
 * Something the daemon does when it is due. Whoever adds one promises:
 * - `tick` does what is due at `now` and says how much that was: anything above 0 means that it is asked again at once;
 * - it costs what is due and not what exists: it is called each second;
 * - what it has begun survives kill -9: the daemon keeps nothing itself;
 * - it throws only where it cannot do its work at all, which withholds the dead-man's ping.
 */
export interface Ticker {
  /** A word: `incidents`, `pages`. */
  readonly name: string;
  /**
   * It only watches: that it throws keeps nothing from being done, so `once` ends well all the same. No ping is sent
   * meanwhile, and `/healthz` says no at once.
   */
  readonly watches?: true;
  tick(now: Date): Promise<{ readonly due: number }>;
}

/** A run of a runbook that is not closed, as the status page shows it. */
export interface RunLine {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly by: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Who is at it now, and on which machine; absent where nobody is. */
  readonly atWork?: { readonly by: string; readonly host: string };
  /** What a person has to do, in words; undefined where nobody has to. */
  readonly waitingFor?: string;
}

/** Syncs that are paused, as the status page shows them. */
export interface PauseLine {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
  readonly syncs: readonly string[];
}

/** How one thing that is watched stands, as the status page and the metrics show it. Times are ISO 8601. */
export interface FlowLine {
  readonly monitor: string;
  readonly of: string;
  /** `stale` ones are `unmeasured`. */
  readonly state: 'well' | 'wrong' | 'learning' | 'blind' | 'unmeasured' | 'not-measured';
  /** Whether people are woken by what was found, or it is only told. */
  readonly level?: 'page' | 'note';
  readonly says: string;
  /** Since when it is wrong. */
  readonly since?: string;
  /** When it was looked at last. */
  readonly measuredAt?: string;
  /** When it was last seen to be well. */
  readonly goodAt?: string;
  /** The last values, the latest last; null where it is not known. */
  readonly chart: readonly (number | null)[];
  /** What each value of the chart is of: one hour, or one look. */
  readonly charted: 'hours' | 'looks';
  /** The value that fills the chart, where there is one. */
  readonly full?: number;
}

/** What nobody is told of until a time, and why. */
export interface SilenceLine {
  readonly id: string;
  readonly until: string;
  readonly reason: string;
  readonly by?: string;
  readonly match: { readonly monitor?: string; readonly platform?: string };
}

/** Flows, what is silenced, and the calls that watching them takes. */
export interface FlowLines {
  readonly flows: readonly FlowLine[];
  readonly silences: readonly SilenceLine[];
  readonly budgets: readonly { readonly platform: string; readonly used: number; readonly limit: number }[];
}

/** Where the status page is. */
export interface PageOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** 127.0.0.1 and nothing else: the page asks nobody who they are. */
  readonly host?: string;
  /** How people reach it through a proxy: `https://runback.example.com`. */
  readonly publicUrl?: string;
  /** Called once it answers. */
  readonly listening?: (url: string) => void;
}

/** A service that raises an alarm when it hears nothing (a dead man's switch). */
export interface PingOptions {
  /** Secret: it is never written anywhere. */
  readonly url: string;
  /** Milliseconds between pings. Default one minute. */
  readonly everyMs?: number;
  /** Where a proxy is named. Default: nowhere. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Everything the daemon works with. */
export interface DaemonDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Ends the daemon cleanly. */
  readonly signal: AbortSignal;
  readonly incidents: Incidents;
  /** Undefined where the workspace has no escalation.yml: then there is nobody to page. */
  readonly outbox: Outbox | undefined;
  /** Who started it. */
  readonly by: string;
  /** One line for people and for the log. */
  readonly log: (line: string) => void;
  /** Do what is due, wait for pages under way, end. */
  readonly once?: boolean;
  /** Undefined: no status page. */
  readonly http?: PageOptions;
  readonly ping?: PingOptions;
  /** Runs that are not closed, newest first. */
  readonly runs: () => Promise<readonly RunLine[]>;
  /** Pauses that are open, oldest first. */
  readonly pauses: () => Promise<readonly PauseLine[]>;
  /** What is watched; absent where nothing is. */
  readonly flows?: () => Promise<FlowLines>;
  /** What is to be done beside incidents and their pages. */
  readonly tickers?: readonly Ticker[];
}
