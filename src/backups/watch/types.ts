/**
 * What is counted between two snapshots. `deleted`, `created`: records. `emptied`: records that kept everything else and
 * have nothing in a field any more. `changed`: records with another value in a field. `overwritten`: those of them that
 * now hold one and the same value, where they held many. `opted-in`: people who had opted out and no longer have.
 * `opted-out`: the other way round. `unlinked`, `linked`: links. `field-gone`, `retyped`, `object-gone`: what the platform
 * describes.
 */
export type MeasureKind =
  | 'deleted'
  | 'created'
  | 'emptied'
  | 'changed'
  | 'overwritten'
  | 'opted-in'
  | 'opted-out'
  | 'unlinked'
  | 'linked'
  | 'field-gone'
  | 'retyped'
  | 'object-gone';

/** One count, and what it is a share of: records, values, opt-outs or links that there were before. */
export interface Measure {
  readonly kind: MeasureKind;
  readonly platform: string;
  /** Object type, or kind of link. */
  readonly object: string;
  readonly field?: string;
  readonly count: number;
  readonly of: number;
}

/** Something that is not as it usually is, in plain words. */
export interface Finding extends Measure {
  readonly text: string;
}

/** How much of a measure there was on one day: the most of its runs. */
export interface DayMost {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly count: number;
  readonly share: number;
}

/** What is usual for a job. Bounded: the days of two months, and of each measure only what can still matter. */
export interface WatchHistory {
  /** Days with a run, oldest first. */
  readonly days: readonly string[];
  /** Milliseconds between runs, oldest first. */
  readonly gaps: readonly number[];
  readonly series: Readonly<Record<string, readonly DayMost[]>>;
}

/** What the watch of a job is told in runback.yml. */
export interface WatchRules {
  readonly sensitivity: 'low' | 'normal' | 'high';
  /** Fields that are left alone, as `field` or `object.field`. */
  readonly except: readonly string[];
}

/** What there is of an object type in a snapshot. */
export interface ObjectLevels {
  readonly rows: number;
  /** By field: records with a value. */
  readonly filled: Readonly<Record<string, number>>;
  /** By opt-out field: people who have opted out. */
  readonly out: Readonly<Record<string, number>>;
  /** By field: its type, in the words of the platform. */
  readonly types: Readonly<Record<string, string>>;
}

/** What there is in a snapshot, by `<platform> <object>`. */
export interface Levels {
  readonly objects: Readonly<Record<string, ObjectLevels>>;
  readonly links: Readonly<Record<string, number>>;
}
