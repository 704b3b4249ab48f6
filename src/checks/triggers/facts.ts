import type { Fields } from '../../records/index.js';

/**
 * When a condition that was true before fires again:
 * - `once`: never, for the same record;
 * - `on_recross`: each time it becomes true after it was not;
 * - `every_change`: each time one of its fields gets another value and it is true then.
 */
export const REFIRES = ['once', 'on_recross', 'every_change'] as const;
export type Refire = (typeof REFIRES)[number];

/** What one record goes through. The first step creates it; of several writes in one step nothing is waited for in between. */
export interface Row {
  /** `score: 49 → 50 → 51` */
  readonly name: string;
  readonly steps: readonly (readonly Fields[])[];
}

/** How often a step should fire. They differ where a platform may see only the last of several writes. */
export interface Expected {
  readonly least: number;
  readonly most: number;
}

/**
 * What became of a step of a row:
 * - `right`;
 * - `missed`: it should have fired, and did not, or too rarely;
 * - `late`: it fired, and not in time;
 * - `false`: it fired, and should not have;
 * - `repeated`: it fired more often than it should;
 * - `untried`: the platform did not take the value.
 */
export const FIRING_VERDICTS = ['right', 'missed', 'late', 'false', 'repeated', 'untried'] as const;
export type FiringVerdict = (typeof FIRING_VERDICTS)[number];
