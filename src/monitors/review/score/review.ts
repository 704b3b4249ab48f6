import { driftOf } from './drift.js';
import { errorFindings } from './errors.js';
import type { ReviewFinding, ReviewInput, ReviewKind } from './types.js';

/** What loses records comes before what is slow, and that before what is only more than before. */
const ORDER: readonly ReviewKind[] = ['always-fails', 'hours', 'drift', 'grew', 'new'];

/** What a week shows, the gravest first; nothing where it was a week like others. Pure, and the same for the same input. */
export function reviewWeek(input: ReviewInput): readonly ReviewFinding[] {
  const drifts = input.courses.flatMap((course) => driftOf(course, input.to) ?? []);
  const rank = ({ kind }: ReviewFinding): number => ORDER.indexOf(kind);
  return [...errorFindings(input), ...drifts].toSorted((a, b) => rank(a) - rank(b) || (b.count ?? 0) - (a.count ?? 0) || (a.says < b.says ? -1 : 1));
}
