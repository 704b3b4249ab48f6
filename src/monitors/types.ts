/**
 * What one look at one series gave. Times are ISO 8601, UTC, by the clock of this machine unless told otherwise; spans are
 * milliseconds. `hour` is a number of whole hours since the epoch.
 */
export type Measurement =
  /** What happened in one hour: records created, records changed. Final: the hour was over when it was counted. */
  | { readonly kind: 'count'; readonly hour: number; readonly value: number }
  /** Of what was tried in one hour, what failed. */
  | { readonly kind: 'ratio'; readonly hour: number; readonly failed: number; readonly of: number }
  /** One run of a sync or job: when it ended, and how long it took. */
  | { readonly kind: 'duration'; readonly at: string; readonly ms: number }
  /** A level at a moment: calls used today, milliseconds since the last good backup, differences found. */
  | { readonly kind: 'level'; readonly at: string; readonly value: number; readonly limit?: number; readonly resetsAt?: string }
  /** Something that is tried and goes well or not: a canary, a schema compared with the accepted one. */
  | { readonly kind: 'trial'; readonly at: string; readonly passed: boolean; readonly finding?: FindingKind; readonly why?: string }
  /** A sign of life, whether or not there was anything to do. */
  | { readonly kind: 'beat'; readonly at: string; readonly records?: number }
  /** It could be looked at, and nothing new was there: said where nothing was ever seen, and after it could not be looked at. */
  | { readonly kind: 'measured'; readonly at: string }
  /** It could not be measured. `authorization`: since the credentials are not accepted any longer. `platform`: the one of several that it hangs on. */
  | { readonly kind: 'unmeasured'; readonly at: string; readonly why: string; readonly authorization?: true; readonly platform?: string };

/** A series is one thing that is measured of one flow: `hubspot-volume` of `hubspot/contacts created`. */
export interface SeriesName {
  /** Name of the monitor in runback.yml. */
  readonly monitor: string;
  /** What it is about, where one monitor watches several: an object type, a writer, a sync; else the monitor's name. */
  readonly of: string;
}

/** What is wrong, where something is. */
export type FindingKind =
  | 'stopped'
  | 'drop'
  | 'surge'
  | 'errors'
  | 'slow'
  | 'late'
  | 'silent'
  | 'exhaustion'
  | 'too-old'
  | 'schema-changed'
  | 'differences'
  | 'canary-lost'
  /** The canary record is not as it has to be before it is written to: nothing was written. */
  | 'canary-unsafe'
  | 'authorization'
  | 'unmeasured';

/** What a judge makes of a series at one moment. */
export interface Judgement {
  readonly series: SeriesName;
  /**
   * `learning`: too little history for a baseline, so that only declared thresholds count. `blind`: at this rate a change of
   * half cannot be told from chance. `unmeasured`: nothing is known now, which alerts.
   */
  readonly state: 'well' | 'wrong' | 'learning' | 'blind' | 'unmeasured';
  readonly finding?: FindingKind;
  /** Whether people are woken, or it is only told. */
  readonly level?: 'page' | 'note';
  /** Since when it is so, as far as the series tells. */
  readonly since?: string;
  /** What was found and what was expected, in the unit of the series, for people and charts. */
  readonly found?: number;
  readonly expected?: number;
  /** Over how many hours. */
  readonly overHours?: number;
  /** Not wrong, but still far from what is usual: raises nothing, and keeps open what is open. */
  readonly lingers?: true;
  /** The one of several platforms of its monitor that it hangs on. */
  readonly platform?: string;
  /** One plain sentence. */
  readonly says: string;
}

/** A stretch of the calendar in which other things are ordinary. */
export type DayKind = 'quiet' | 'webinar' | 'month-end' | 'busy';
