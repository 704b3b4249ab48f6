import { type Incident, ROBOT } from '../../incidents/index.js';
import type { DecisionFacts, PausedSync, PlanFacts, RunFacts } from '../types.js';
import type { RestoreRead } from './restore.js';

/** Lines of an incident's journal that are a person's decision about it. */
const ACTS: ReadonlySet<string> = new Set([
  'incident.triaged',
  'incident.acknowledged',
  'incident.released',
  'incident.snoozed',
  'incident.hurried',
  'incident.mitigated',
  'incident.resolved',
  'incident.reopened',
  'incident.merged',
]);

/**
 * Everything that people decided, in order of time: in runs, about plans, restores and syncs, and about the incident
 * itself.
 */
export function decisionsOf(
  incident: Incident,
  runs: readonly RunFacts[],
  plans: readonly PlanFacts[],
  restores: readonly RestoreRead[],
  syncs: readonly PausedSync[],
): readonly DecisionFacts[] {
  const all: DecisionFacts[] = [
    ...runs.flatMap(({ decisions }) => decisions),
    ...plans.flatMap((plan) => decidedIn(plan, plans)),
    ...restores.flatMap(({ decisions }) => decisions),
    ...overrides(syncs),
    ...incident.timeline
      .filter(({ type, by }) => ACTS.has(type) && by !== ROBOT)
      .map(({ at, by, text }) => ({ at, by, kind: 'incident' as const, what: text, evidence: { kind: 'incident' as const, id: incident.id } })),
  ];
  return all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** What was chosen about the conflicts of the plan that this one was made from. */
function decidedIn({ id, from, decisions = {}, createdBy: by, createdAt: at }: PlanFacts, plans: readonly PlanFacts[]): readonly DecisionFacts[] {
  if (from === undefined) return [];
  const before = plans.find((plan) => plan.id === from)?.decisions ?? {};
  const fresh = Object.entries(decisions).filter(([conflict, choice]) => !Object.hasOwn(before, conflict) || before[conflict] !== choice);
  const choices = new Map<string, string[]>();
  for (const [conflict, choice] of fresh) choices.set(choice, [...(choices.get(choice) ?? []), conflict]);
  const evidence = { kind: 'plan', id } as const;
  return [...choices].map(([answer, conflicts]) => ({
    at,
    by,
    kind: 'plan decided' as const,
    what: `Conflicts of ${from}: ${conflicts.slice(0, NAMED).join(', ')}${conflicts.length > NAMED ? ` and ${conflicts.length - NAMED} more` : ''}`,
    answer,
    evidence,
  }));
}

/** Conflicts that are named of one choice. */
const NAMED = 5;

function* overrides(syncs: readonly PausedSync[]): Iterable<DecisionFacts> {
  const seen = new Set<string>();
  for (const { pause, override, resumedAt: at, resumedBy: by } of syncs) {
    if (override !== true || at === undefined || by === undefined || seen.has(pause)) continue;
    seen.add(pause);
    const names = syncs.filter((one) => one.pause === pause && one.state === 'resumed').map(({ sync }) => sync);
    const what = `Started ${names.join(', ') || 'the syncs'} although nothing had proved that the damage is gone`;
    yield { at, by, kind: 'overrode', what, evidence: { kind: 'pause', id: pause } };
  }
}
