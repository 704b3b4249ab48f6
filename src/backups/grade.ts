import type { SnapshotSummary } from '../snapshots/index.js';

/**
 * What a snapshot is worth. `good`: it holds everything that was wanted, is the file that was recorded, and no
 * verification found damage. `gaps`: something is missing, or not proved to be there whole. `doubtful`: it was found
 * damaged, or nothing was recorded of it. `suspect`: it is the file that was recorded, and what it holds is far from what
 * is usual for its job, so that it may hold damage.
 */
export type Grade = 'good' | 'gaps' | 'suspect' | 'doubtful';

/** What a snapshot is worth, by what is known of it now. */
export function gradeOf({ gaps, damaged, record, suspect }: Pick<SnapshotSummary, 'gaps' | 'damaged' | 'record' | 'suspect'>): Grade {
  if (damaged !== undefined || record === undefined) return 'doubtful';
  if (suspect !== undefined) return 'suspect';
  return gaps.length === 0 ? 'good' : 'gaps';
}
