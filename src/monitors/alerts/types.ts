import type { Watching } from '../../workspace/index.js';
import type { FindingKind, SeriesName } from '../types.js';

/** What someone declared not to be told of, until when and why. An absent part fits everything. Times are ISO 8601, UTC. */
export interface Silence {
  readonly id: string;
  readonly from: string;
  readonly until: string;
  readonly reason: string;
  readonly by?: string;
  readonly match: { readonly platform?: string; readonly monitor?: string; readonly of?: string; readonly finding?: FindingKind };
}

/** What the alerting goes by at one moment. */
export interface AlertContext {
  readonly now: Date;
  readonly silences: readonly Silence[];
  readonly settings: Pick<Watching, 'monitors' | 'alerts'>;
}

/** One thing that is wrong, as long as its alert is open. */
export interface OpenFinding {
  readonly series: SeriesName;
  readonly finding: FindingKind;
  readonly level: 'page' | 'note';
  readonly severity: Severity;
  /** Since when, as its series tells. */
  readonly since: string;
  readonly says: string;
  /** Whether it is wrong now, or was until a while ago. */
  readonly wrong: boolean;
  /** For how long it was seen to be well since it last was wrong, in milliseconds of watching. */
  readonly wellMs: number;
  /** How often it came back while the alert was open. */
  readonly returns: number;
  /** The known cause that explains it: it is listed, and tells nobody. */
  readonly because?: FindingKind;
}

export type Severity = 'sev1' | 'sev2' | 'sev3' | 'sev4';

/** What belongs together, and is one incident: from the first page until all of it is well for long enough. */
export interface OpenAlert {
  readonly group: string;
  /** Counts the alerts of its group, from 1. */
  readonly number: number;
  readonly platforms: readonly string[];
  readonly openedAt: string;
  /** `note` has woken nobody and opened no incident; it may become a page. */
  readonly level: 'page' | 'note';
  readonly severity: Severity;
  readonly findings: readonly OpenFinding[];
  /** How many actions it has led to. */
  readonly told: number;
}

/** All that the alerting remembers. Plain JSON. */
export interface AlertState {
  /** By group the number of its latest alert. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly open: readonly OpenAlert[];
  /** When it was last looked at. */
  readonly lookedAt?: string;
}

/**
 * What is to be done. The key is the same whenever the same is decided from the same state: who keeps the keys of what
 * was done does it once, however often a killed process decides it again. `alert` is the alert as it is after it.
 */
export interface AlertAction {
  readonly key: string;
  /**
   * `open`: people are woken, and an incident is opened where that is wanted. `note`: it is told, and wakes nobody.
   * `update`: the same message and incident say something else from now on. `close`: all of it is well again.
   */
  readonly kind: 'open' | 'note' | 'update' | 'close';
  readonly group: string;
  readonly number: number;
  readonly alert: OpenAlert;
  /** Id of the runbook that fits the worst finding. */
  readonly runbook?: string;
}
