import type { SnapshotSummary } from '../snapshots/index.js';

/**
 * What a snapshot is worth. `good`: it holds everything that was wanted, is the file that was recorded, and no
 * verification found damage. `gaps`: something is missing, or not proved to be there whole. `doubtful`: it was found
 * damaged, or nothing was recorded of it.
 */
export type Grade = 'good' | 'gaps' | 'doubtful';

/** What a snapshot is worth, by what is known of it now. */
export function gradeOf({ gaps, damaged, record }: Pick<SnapshotSummary, 'gaps' | 'damaged' | 'record'>): Grade {
  if (damaged !== undefined || record === undefined) return 'doubtful';
  return gaps.length === 0 ? 'good' : 'gaps';
}
