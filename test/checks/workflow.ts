// A workflow on the HubSpot sandbox, and what can be wrong with it.
import type { SyncWorld } from './faulty-sync.js';

/** What a workflow over "more than 50 points" can do wrong. */
export const WORKFLOW_FAULTS = [
  'at-the-boundary',
  'not-on-recross',
  'twice-on-a-batch',
  'compares-texts',
  'with-every-change',
  'with-the-same-value',
  'empty-is-much',
  'misses-jumps',
  'on-the-way-down',
  'first-of-a-batch-only',
  'late',
  'never',
] as const;
export type WorkflowFault = (typeof WORKFLOW_FAULTS)[number] | 'none';

const ID = { kind: 'integration', id: '950', label: 'Hot leads' } as const;
const LATE_MS = 135_000;
const FIELD = 'loyalty_points';

/** What it does when it fires. */
export type Fire = (key: string) => void;

/** Puts a workflow to work whenever time passes in the world. What it does by itself sets nothing off. */
export function openWorkflow(world: SyncWorld, fault: WorkflowFault, fire: Fire, lag = (): number => 0): void {
  const { map, clock } = world;
  const was = new Map<string, string | undefined>();
  const fired = new Set<string>();
  const seen = new Map<string, number>();
  const due: { readonly key: string; readonly at: number }[] = [];
  let done = 0;
  world.also = () => {
    const fresh = map
      .writes()
      .slice(done)
      .filter(({ object, what, source }) => object === 'contacts' && what.includes(FIELD) && source.id !== ID.id);
    done = map.writes().length;
    const perRecord = new Map<string, number>();
    let inBatch = 0;
    for (const { id, at } of fresh) {
      const history = [...map.history('contacts', id, FIELD)].reverse();
      const next = history[seen.get(id) ?? 0];
      const isNew = next !== undefined && next.at <= at;
      if (isNew) seen.set(id, (seen.get(id) ?? 0) + 1);
      const before = was.get(id);
      const after = isNew ? (next.value === '' ? undefined : next.value) : before;
      was.set(id, after);
      if (!decides(fault, before, after, { isNew, hasFired: fired.has(id) })) continue;
      fired.add(id);
      inBatch += 1;
      perRecord.set(id, (perRecord.get(id) ?? 0) + 1);
      if (fault === 'first-of-a-batch-only' && inBatch > 1) continue;
      const times = fault === 'twice-on-a-batch' && fresh.filter((write) => write.id === id).length > 1 ? 2 : 1;
      for (let n = 0; n < times; n += 1) due.push({ key: id, at: clock.monotonicMs() + (fault === 'late' ? LATE_MS : lag()) });
    }
    for (const one of due.splice(0)) {
      if (one.at > clock.monotonicMs()) due.push(one);
      else if (map.truth().record('contacts', one.key) !== undefined) fire(one.key);
    }
  };
}

function decides(
  fault: WorkflowFault,
  before: string | undefined,
  after: string | undefined,
  { isNew, hasFired }: { readonly isNew: boolean; readonly hasFired: boolean },
): boolean {
  const holds = (value: string | undefined): boolean => {
    if (value === undefined) return fault === 'empty-is-much';
    if (fault === 'compares-texts') return value > '50';
    return fault === 'at-the-boundary' ? Number(value) >= 50 : Number(value) > 50;
  };
  if (fault === 'never') return false;
  if (fault === 'with-the-same-value' && !isNew) return holds(after);
  if (fault === 'with-every-change') return isNew && holds(after);
  if (fault === 'on-the-way-down') return holds(before) !== holds(after);
  if (fault === 'misses-jumps' && Math.abs(Number(after ?? 0) - Number(before ?? 0)) > 500) return false;
  if (fault === 'not-on-recross' && hasFired) return false;
  return holds(after) && !holds(before);
}

/** Grows a counter on the contact. */
export const countOn =
  ({ map }: SyncWorld): Fire =>
  (key) =>
    map.writeAs(ID).update('contacts', key, { annualrevenue: String(Number(map.truth().record('contacts', key)?.['annualrevenue'] ?? 0) + 1) });

/** Gives the contact a status. */
export const markOn =
  ({ map }: SyncWorld): Fire =>
  (key) =>
    map.writeAs(ID).update('contacts', key, { hs_lead_status: 'OPEN' });
