import { defined } from '../../lib/index.js';
import type { Grade } from '../grade.js';
import { applyRules } from './rules.js';
import type { GoReason, RetainedSnapshot, RetentionFacts, StayReason, Verdict } from './types.js';

/** Clocks are put right by seconds all the time, and those of two machines differ. */
const TOLERANCE_MS = 60_000;

const GRADES: readonly Grade[] = ['good', 'gaps', 'suspect', 'doubtful'];

/**
 * Which snapshots stay and which go, with every reason, in the order in which they are given. Pure: it asks no clock and
 * no file, and gives the same for the same facts.
 *
 * A snapshot stays where anything says so. The rules of a job speak of the snapshots that this job made, and of no
 * others. Good ones, ones with gaps, suspect and doubtful ones are counted apart, each as if the others were not there. One whose
 * time cannot be right stays, and takes no place.
 */
export function judge(facts: RetentionFacts): readonly Verdict[] {
  const doubts = clockDoubts(facts);
  const ruled = new Map<string, { readonly stay: readonly StayReason[]; readonly go: readonly GoReason[] }>();
  for (const [name, { rules, zone }] of facts.jobs)
    if (rules !== undefined)
      for (const grade of GRADES) {
        const own = facts.snapshots.filter((one) => one.job === name && one.grade === grade && !doubts.has(one.id));
        for (const [id, said] of applyRules(own, rules, zone)) ruled.set(id, said);
      }
  const verified = lastVerified(facts.snapshots);
  const reasons = new Map<string, StayReason[]>();
  for (const snapshot of facts.snapshots) {
    const { id } = snapshot;
    const doubt = doubts.get(id);
    const own: StayReason[] = [
      ...(ruled.get(id)?.stay ?? []),
      ...withoutRules(snapshot, facts),
      ...(doubt === undefined || withoutRules(snapshot, facts).length > 0 ? [] : [doubt]),
      ...protections(snapshot, facts, verified),
    ];
    // Of one that stays anyway, it need not be said.
    reasons.set(id, own.length > 0 ? own : [...(facts.lacking?.get(id) ?? [])]);
  }
  keepBases(facts, reasons);
  return facts.snapshots.map(({ id }): Verdict => {
    const because = reasons.get(id) ?? [];
    return because.length > 0 ? { id, stays: true, because } : { id, stays: false, because: ruled.get(id)?.go ?? [] };
  });
}

/** Why no rule speaks of a snapshot. */
function withoutRules({ job }: RetainedSnapshot, { jobs }: RetentionFacts): readonly StayReason[] {
  if (job === undefined) return [{ kind: 'no-job' }];
  const known = jobs.get(job);
  if (known === undefined) return [{ kind: 'job-gone', job }];
  return known.rules === undefined ? [{ kind: 'no-rules', job }] : [];
}

/**
 * Snapshots whose time cannot be right: it lies ahead of the clock, or one that was taken later says an earlier time. Of
 * the two nobody knows which one is wrong, so that the one that would push others out does not count.
 */
function clockDoubts({ snapshots, now }: RetentionFacts): ReadonlyMap<string, StayReason> {
  const doubts = new Map<string, StayReason>();
  let least: { readonly id?: string; readonly at: number } = { at: now.getTime() };
  for (const { id, startedAt } of snapshots.toReversed()) {
    const at = Date.parse(startedAt);
    if (at - least.at > TOLERANCE_MS) doubts.set(id, { kind: 'clock', ...defined({ later: least.id }) });
    if (at < least.at) least = { id, at };
  }
  return doubts;
}

/** By id: of what it is the newest verified one. */
function lastVerified(snapshots: readonly RetainedSnapshot[]): ReadonlyMap<string, readonly string[]> {
  const found = new Set<string>();
  const of = new Map<string, string[]>();
  for (const { id, verified, holds } of snapshots.toReversed())
    if (verified)
      for (const one of holds)
        if (!found.has(one)) {
          found.add(one);
          of.set(id, [...(of.get(id) ?? []), one]);
        }
  return of;
}

/** What guards a snapshot whatever the rules say (guarantee G18). */
function* protections(
  { id, pinned }: RetainedSnapshot,
  { references, unreadReferrers }: RetentionFacts,
  verified: ReadonlyMap<string, readonly string[]>,
): Generator<StayReason> {
  if (pinned !== false) yield { kind: 'pinned', ...pinned };
  const of = verified.get(id);
  if (of !== undefined) yield { kind: 'last-verified', of };
  for (const by of references.get(id) ?? []) yield { kind: 'referred', by };
  for (const by of unreadReferrers) yield { kind: 'unknown-reference', by };
}

/**
 * What a snapshot that stays builds on stays, through any number of steps. Where snapshots build on others at all and a
 * file cannot be read, whatever was taken before it stays: nobody knows what it builds on.
 */
function keepBases({ snapshots, unreadable }: RetentionFacts, reasons: Map<string, StayReason[]>): void {
  const isBuilding = snapshots.some(({ bases }) => bases.length > 0);
  const newest = unreadable.toSorted().at(-1);
  if (isBuilding && newest !== undefined)
    for (const { id } of snapshots) if (id < newest) reasons.get(id)?.push({ kind: 'unreadable', file: newest });
  // A base was taken before what builds on it: from the newest on, whether one stays is known when its bases are asked.
  for (const { id, bases } of snapshots.toReversed()) {
    if ((reasons.get(id) ?? []).length === 0) continue;
    for (const base of bases) {
      const known = reasons.get(base);
      const before = known?.find((reason) => reason.kind === 'base');
      if (before === undefined) known?.push({ kind: 'base', of: [id] });
      else known?.splice(known.indexOf(before), 1, { kind: 'base', of: [...before.of, id] });
    }
  }
}
