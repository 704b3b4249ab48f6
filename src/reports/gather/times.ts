import type { Escalation } from '../../escalation/index.js';
import type { Incident } from '../../incidents/index.js';
import { defined } from '../../lib/index.js';
import type { PageFacts, ReportData, ReportHeadline, ReportSpan } from '../types.js';
import type { OwnLines } from './own.js';

/** When it began, was noticed, opened, answered and ended; what is not on record is absent. */
export function timesOf(incident: Incident, pages: readonly PageFacts[]): ReportData['times'] {
  const accepted = pages.filter(({ kind, state }) => kind === 'alert' && state === 'accepted').map(({ settledAt }) => settledAt);
  const firstAccepted = accepted.filter((at) => at !== undefined).sort()[0];
  const { beganAt, detectedAt, openedAt, firstAcknowledgedAt, mitigatedAt, resolvedAt, mergedInto } = incident;
  return {
    ...defined({ began: beganAt, detected: detectedAt }),
    opened: openedAt,
    ...defined({ firstAccepted, firstAcknowledged: firstAcknowledgedAt, mitigated: mitigatedAt }),
    ...(resolvedAt === undefined || mergedInto !== undefined ? {} : { resolved: resolvedAt }),
  };
}

/** How long each part took. */
export function spansOf(times: ReportData['times'], ackWithinMs: number | undefined): readonly ReportSpan[] {
  const span = (name: string, from: string | undefined, to: string | undefined, withinMs?: number): ReportSpan => {
    const ms = from === undefined || to === undefined ? Number.NaN : Date.parse(to) - Date.parse(from);
    return {
      name,
      ...defined({ from, to }),
      ...(Number.isNaN(ms) ? {} : { ms }),
      ...defined({ withinMs }),
    };
  };
  const { began, detected, opened, firstAccepted, firstAcknowledged, mitigated, resolved } = times;
  return [
    span('Began to detected', began, detected),
    span('Detected to opened', detected, opened),
    span('Opened to first page accepted', opened, firstAccepted),
    span('Opened to first acknowledgement', opened, firstAcknowledged, ackWithinMs),
    span('Opened to mitigated', opened, mitigated),
    span('Opened to resolved', opened, resolved),
  ];
}

/** What the first level asks for; unknown where another severity applied at the acknowledgement than at the opening. */
export function ackWithin({ openedAs, acknowledgedAs }: OwnLines, escalation: Escalation | undefined): number | undefined {
  if (openedAs === undefined || (acknowledgedAs !== undefined && acknowledgedAs !== openedAs)) return undefined;
  return escalation?.policies[escalation.severities[openedAs]?.policy ?? '']?.levels[0]?.ackWithinMs;
}

/**
 * How long it took in all: from the beginning, or from the first moment that is on record. A time before that one says
 * nothing.
 */
export function tookOf({
  began,
  detected,
  opened,
  mitigated,
  resolved,
}: ReportData['times']): Pick<ReportHeadline, 'from' | 'toDetectedMs' | 'toMitigatedMs' | 'toResolvedMs'> {
  const from = began !== undefined ? 'began' : detected !== undefined ? 'detected' : 'opened';
  const start = Date.parse(began ?? detected ?? opened);
  const ms = (to: string | undefined): number | undefined => {
    const took = to === undefined ? Number.NaN : Date.parse(to) - start;
    return took >= 0 ? took : undefined;
  };
  const [toDetectedMs, toMitigatedMs, toResolvedMs] = [from === 'began' ? ms(detected) : undefined, ms(mitigated), ms(resolved)];
  return {
    from,
    ...defined({ toDetectedMs, toMitigatedMs, toResolvedMs }),
  };
}
