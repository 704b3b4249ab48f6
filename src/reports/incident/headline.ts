import { counted, formatCount, formatDuration } from '../../lib/index.js';
import type { ReportHeadline } from '../types.js';

const records = (n: number): string => counted(n, 'records');

const FROM = { began: 'the damage began', detected: 'it was noticed', opened: 'the incident was opened' } as const;

/**
 * The headline in two sentences: what was damaged, repaired and left, and how long it took. The same in every form of
 * the report.
 */
export function headlineLines(headline: ReportHeadline): readonly string[] {
  return [`${countsText(headline)}.`, `${tookText(headline)}.`];
}

function countsText({ counted, incomplete, damaged, repaired, left, inPart, leftOut, unclear }: ReportHeadline): string {
  if (!counted) return 'Nothing is counted: no plan is on record';
  const least = incomplete ? 'At least ' : '';
  return [
    `${least}${records(damaged)} damaged, ${formatCount(repaired)} repaired, ${formatCount(left)} left`,
    ...(inPart === 0 ? [] : [`of those left, ${formatCount(inPart)} in part`]),
    ...(leftOut === 0 ? [] : [`${records(leftOut)} left out because a person decided so`]),
    ...(unclear === 0 ? [] : [`${records(unclear)} that differ and are not tied to the incident`]),
    ...(incomplete ? ['not everything on record can be read'] : []),
  ].join('; ');
}

function tookText({ from, toDetectedMs, toMitigatedMs, toResolvedMs }: ReportHeadline): string {
  const parts = [...(from === 'began' ? [took('noticed', toDetectedMs)] : []), took('mitigated', toMitigatedMs), took('resolved', toResolvedMs)];
  return `Since ${FROM[from]}: ${parts.join(', ')}`;
}

function took(what: string, ms: number | undefined): string {
  return ms === undefined ? `${what}: not on record` : `${what} after ${formatDuration(ms)}`;
}
