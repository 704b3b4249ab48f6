/**
 * What a scorecard looks at, in the order in which it shows them. The names are permanent: drills that are built to
 * fail name them, and so do reports for pipelines.
 */
export const CHECKS = [
  'took_effect',
  'ended',
  'repaired',
  'innocent_changed',
  'edits_kept',
  'links',
  'consent',
  'duplicates',
  'side_effects',
  'paused_while_written',
  'resumed_after_verification',
  'syncs_as_before',
  'recovery_time',
  'data_loss_window',
] as const;

/** One of {@link CHECKS}, or what only a game day looks at. */
export type CheckName = (typeof CHECKS)[number] | 'answered';

/** One line of a scorecard. */
export interface Check {
  readonly name: CheckName;
  readonly passed: boolean;
  /** What was found and what was wanted, in words. */
  readonly found: string;
  readonly wanted: string;
}
