import type { FindingKind, SeriesName } from '../types.js';
import type { Silence } from './types.js';

/** What a silence is compared with. */
interface Told {
  readonly series: SeriesName;
  readonly finding: FindingKind;
  readonly platforms: readonly string[];
}

/** Whether someone declared not to be told of this now. */
export function isSilenced({ series, finding, platforms }: Told, silences: readonly Silence[], now: Date): boolean {
  const at = now.getTime();
  return silences.some(
    ({ from, until, match }) =>
      Date.parse(from) <= at &&
      at < Date.parse(until) &&
      (match.monitor === undefined || match.monitor === series.monitor) &&
      (match.of === undefined || match.of === series.of) &&
      (match.finding === undefined || match.finding === finding) &&
      (match.platform === undefined || platforms.includes(match.platform)),
  );
}
