import type { Incident } from '../../incidents/index.js';
import type { PausedSync, RestoreFacts, RunFacts } from '../types.js';

/** Every text that people or platforms wrote: values of records are looked for in it. */
export function written(
  incident: Incident,
  runs: readonly RunFacts[],
  restores: readonly RestoreFacts[],
  syncs: readonly PausedSync[],
): readonly string[] {
  return [
    incident.title,
    incident.summary ?? '',
    incident.impact ?? '',
    ...incident.timeline.map(({ text }) => text),
    ...runs.flatMap(({ title, because, steps, events, approvals, decisions }) => [
      title,
      because ?? '',
      ...steps.flatMap((step) => [step.title, step.error ?? '', ...step.evidence]),
      ...events.map(({ text }) => text),
      ...approvals.map(({ note }) => note ?? ''),
      ...decisions.flatMap(({ answer, why }) => [answer ?? '', why ?? '']),
    ]),
    ...restores.flatMap(({ messages, stoppedBecause }) => [...messages, stoppedBecause ?? '']),
    ...syncs.flatMap(({ reason, why }) => [reason, why ?? '']),
  ];
}
