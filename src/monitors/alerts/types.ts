import type { Watching } from '../../workspace/index.js';
import type { FindingKind, SeriesName } from '../types.js';

/** What someone declared not to be told of, until when and why. An absent part fits everything. Times are ISO 8601, UTC. */
export interface Silence {
  readonly id: string;
  readonly from: string;
  /** Not part of it. */
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

/** One series that is wrong, or was, as long as its alert is open. */
export interface OpenFinding {
  readonly series: SeriesName;
  /** What was found last. */
  readonly finding: FindingKind;
  /** Everything that was told of it. */
  readonly told: readonly FindingKind[];
  readonly level: 'page' | 'note';
  /** As escalation.yml names it. */
  readonly severity: string;
  readonly platforms: readonly string[];
  /** Since when, as its series tells. */
  readonly since: string;
  readonly says: string;
  /** Whether it is wrong now. */
  readonly wrong: boolean;
  /** For how long it was seen to be well since it last was wrong, in milliseconds of watching. */
  readonly wellMs: number;
  /** Well for long enough: only what else is of its alert keeps that open. */
  readonly ended: boolean;
  /** How often it came back: each time it has to be well for twice as long. */
  readonly returns: number;
  /** The known cause that explains it: it is listed, and tells nobody. */
  readonly because?: FindingKind;
  readonly runbook?: string;
}

/** What belongs together, and is one incident: from the first page until all of it is well for long enough. */
export interface OpenAlert {
  readonly group: string;
  /** Counts the alerts of its group, from 1. */
  readonly number: number;
  readonly openedAt: string;
  /** `note` has woken nobody and opened no incident; it may become a page. */
  readonly level: 'page' | 'note';
  /** That of the worst finding there was. */
  readonly severity: string;
  /** The worst one first. */
  readonly findings: readonly OpenFinding[];
  /** How many actions it has led to. */
  readonly told: number;
}

/** What is remembered of a group whose alert ended not long ago: what comes back soon is flapping. */
export interface Rest {
  /** Milliseconds of watching since it ended. */
  readonly quietMs: number;
  /** By series. */
  readonly returns: Readonly<Record<string, number>>;
}

/** All that the alerting remembers. Plain JSON. */
export interface AlertState {
  /** By group the number of its latest alert. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly open: readonly OpenAlert[];
  readonly rests: Readonly<Record<string, Rest>>;
  /** When it was last looked at. ISO 8601, UTC. */
  readonly lookedAt?: string;
}

/**
 * What is to be done. Its key is the same whenever the same is decided from the same state: who keeps the keys of what
 * was done does it once, however often a killed process decides it again.
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
  /** What it is now. */
  readonly alert: OpenAlert;
  /** Names of the series that are the reason. */
  readonly about: readonly SeriesName[];
  /** Id of the runbook that fits the worst finding. */
  readonly runbook?: string;
}
