import type { RecordLook } from '../types.js';
import type { RepairFacts } from './counts.js';

/** A record by its object type and key. */
export interface RecordRef {
  readonly object: string;
  readonly key: string;
}

/** What is known of records. */
export type Looks = (object: string, key: string) => RecordLook;

/** The records that are shown, with how people know them: each by the plan that it was found in. */
export async function namedRecords(
  repair: RepairFacts,
  looks: ((plan: string, records: readonly RecordRef[]) => Promise<Looks>) | undefined,
): Promise<RepairFacts> {
  if (looks === undefined) return repair;
  const known = new Map<string, Looks>();
  for (const { id, examples, conflictExamples } of repair.plans)
    known.set(id, await looks(id, [...examples, ...conflictExamples, ...repair.examples.filter(({ plan }) => plan === id)]));
  const look = <T extends RecordRef>(one: T, plan: string | undefined): T & RecordLook => ({
    ...one,
    ...known.get(plan ?? '')?.(one.object, one.key),
  });
  return {
    ...repair,
    examples: repair.examples.map((one) => look(one, one.plan)),
    plans: repair.plans.map((plan) => ({
      ...plan,
      examples: plan.examples.map((one) => look(one, plan.id)),
      conflictExamples: plan.conflictExamples.map((one) => look(one, plan.id)),
    })),
  };
}

/** Every record that is shown. */
export function named({ examples, plans }: RepairFacts): readonly RecordLook[] {
  return [...examples, ...plans.flatMap((plan) => [...plan.examples, ...plan.conflictExamples])];
}
