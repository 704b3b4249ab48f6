import type { AlertsFile } from './schema.js';

type FindingWord = keyof NonNullable<AlertsFile['runbooks']>;
/** What may be found; `auth-expired` of the file is `authorization`. */
export type FindingName = Exclude<FindingWord, 'auth-expired'> | 'authorization';

/** What is lost while something is wrong: consent of people, records that are damaged, or time. */
export type Stakes = 'consent' | 'records' | 'flow';

/** A declared threshold of a count: fewer or more than so many in so many hours. */
export interface CountLimit {
  readonly side: 'below' | 'above';
  readonly count: number;
  readonly overHours: number;
}

/** What every monitor has. Spans are milliseconds. */
export interface MonitorCommon {
  readonly name: string;
  /** Names of the platforms that it speaks of; empty where that is known only by a file that it names. */
  readonly platforms: readonly string[];
  /** Names of the syncs that it speaks of. */
  readonly syncs: readonly string[];
  /** How often it is measured. */
  readonly everyMs: number;
  /** Zone of the hours of the week. */
  readonly timezone: string;
  /** Names of the monitors that have to be well for this one to speak. */
  readonly needs: readonly string[];
  readonly stakes: Stakes;
  /** Absent: what is at stake says it. */
  readonly severity?: string;
  /** Absent: that of {@link AlertSettings}. */
  readonly runbook?: string;
}

/** How what a monitor finds is told, where it can find one kind of thing only. */
export interface Told {
  /** `page`: people are woken; `note`: it is only told. */
  readonly level: 'page' | 'note';
}

export interface VolumeSettings extends MonitorCommon {
  readonly kind: 'volume';
  readonly platform: string;
  readonly object: string;
  readonly event: 'created' | 'changed';
  /** Only what this writer did, as the history of the platform names it. */
  readonly writer?: string;
  readonly baseline: 'weekly' | 'none';
  readonly page: readonly ('drop' | 'surge')[];
  readonly note: readonly ('drop' | 'surge')[];
  /** A smaller difference is no finding. */
  readonly atLeast?: number;
  readonly limits: readonly CountLimit[];
}

export interface RatioSettings extends MonitorCommon, Told {
  readonly kind: 'ratio';
  readonly ratio: 'errors/calls';
  /** What is judged, each for itself. */
  readonly parts: readonly RatioPart[];
  /** Between 0 and 1. */
  readonly above: number;
  /** Whole hours, the shorter one first. */
  readonly windowsHours: readonly [number, number];
  /** Fewer errors are no finding. */
  readonly atLeast: number;
}

/** A platform, of which the calls of runback count, or a sync, of which the records or runs do. */
export interface RatioPart {
  readonly of: string;
  readonly platforms: readonly string[];
  readonly syncs: readonly string[];
}

export interface ForecastSettings extends MonitorCommon, Told {
  readonly kind: 'forecast';
  readonly platform: string;
}

export interface DurationSettings extends MonitorCommon, Told {
  readonly kind: 'duration';
  readonly sync: string;
  /** Absent: only a change of what is usual counts. */
  readonly aboveMs?: number;
}

export interface LagSettings extends MonitorCommon, Told {
  readonly kind: 'lag';
  readonly sync: string;
  readonly aboveMs: number;
}

export interface HeartbeatSettings extends MonitorCommon, Told {
  readonly kind: 'heartbeat';
  readonly sync: string;
  readonly withinMs: number;
}

export interface BackupSettings extends MonitorCommon, Told {
  readonly kind: 'backup';
  readonly job: string;
  readonly aboveMs: number;
}

export interface SchemaSettings extends MonitorCommon, Told {
  readonly kind: 'schema';
  readonly platform: string;
  /** Absent: all object types that the platform is set up for. */
  readonly object?: string;
}

export interface MappingSettings extends MonitorCommon, Told {
  readonly kind: 'mapping';
  readonly mapping: string;
}

export interface DifferencesSettings extends MonitorCommon, Told {
  readonly kind: 'differences';
  readonly mapping: string;
  /** More records than this. */
  readonly above: number;
}

export interface TrialSettings extends MonitorCommon, Told {
  readonly kind: 'trial';
  readonly test: string;
  /** So many of the last `of` runs have to fail. */
  readonly fail: number;
  readonly of: number;
}

/** One entry under `monitors` of runback.yml, with everything that is not given filled in. */
export type MonitorSettings =
  | VolumeSettings
  | RatioSettings
  | ForecastSettings
  | DurationSettings
  | LagSettings
  | HeartbeatSettings
  | BackupSettings
  | SchemaSettings
  | MappingSettings
  | DifferencesSettings
  | TrialSettings;

/** One entry under `calendar`. Days and hours by the clocks of `timezone`. */
export interface CalendarEntry {
  readonly is: 'quiet' | 'webinar' | 'month-end' | 'busy';
  readonly timezone: string;
  readonly when: CalendarWhen;
}

export type CalendarWhen =
  /** Whole days, `2026-12-25`; both ends are part of it. */
  | { readonly kind: 'dates'; readonly from: string; readonly to: string }
  /** `weekday`: 0 is Sunday. `minute` of the day. */
  | { readonly kind: 'week'; readonly weekday: number; readonly minute: number; readonly forMs: number }
  | { readonly kind: 'month'; readonly day: number | 'last'; readonly minute: number; readonly forMs: number };

/** How what monitors find is told. */
export interface AlertSettings {
  readonly groupBy: readonly ('platform' | 'sync' | 'monitor')[];
  /** By cause what it silences on the same platform. */
  readonly inhibit: Readonly<Partial<Record<FindingName, 'all' | readonly FindingName[]>>>;
  /** Milliseconds for which all has to be well before an alert ends. */
  readonly holdMs: number;
  readonly opens: 'incident' | 'nothing';
  readonly runbook?: string;
  readonly runbooks: Readonly<Partial<Record<FindingName, string>>>;
}

/** What of runback.yml watches integrations. */
export interface Watching {
  readonly monitors: readonly MonitorSettings[];
  readonly calendar: readonly CalendarEntry[];
  readonly alerts: AlertSettings;
}
