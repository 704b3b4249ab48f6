import { isOpen, type Batches } from '../../records/batches.js';
import type { ItemResult } from '../../records/items.js';
import type { PlanStep } from './batching.js';

/** Rejections that may pass once the rest of the plan stands. */
const PASSING = new Set(['unique-taken', 'parent-missing']);

/** True for a reason that may pass once the rest of the plan stands. */
export function mayPass(reason: string | undefined): boolean {
  return reason !== undefined && PASSING.has(reason);
}

/** What is tried once more at the end, and what is no verdict for good until then. */
export class Retries {
  readonly #retry = new Map<string, PlanStep>();
  /** Steps that failed or are in doubt, by the record that they change: few of all that pass. */
  readonly #ofRecord = new Map<string, Set<string>>();
  /**
   * False where all that is left waits for each other: then nothing is worth waiting for, and each gets its verdict.
   */
  readonly #waitsCount: boolean;

  constructor(private readonly batches: Batches) {
    const { statuses, waiting } = batches;
    this.#waitsCount = waiting.size === 0 || [...statuses.having('failed', 'in_doubt')].some((id) => !waiting.has(id));
  }

  /** What is tried once more, in the order in which it was refused. */
  get steps(): readonly PlanStep[] {
    return [...this.#retry.values()];
  }

  /** Takes notice of a step that is reached in the plan; `status`: that of its item now. */
  saw({ id, record }: PlanStep, status: ItemResult['status'] | undefined): void {
    if (record === undefined || !isOpen(status)) return;
    const open = this.#ofRecord.get(record) ?? new Set<string>();
    this.#ofRecord.set(record, open.add(id));
  }

  /** Takes notice of what became of steps that were written. */
  ended(steps: readonly PlanStep[]): void {
    for (const step of steps) this.saw(step, this.batches.statuses.get(step.id));
  }

  /** Keeps what was refused because of a record that the rest of the plan changes, and deletes that wait for such. */
  keep(steps: readonly PlanStep[], results: readonly ItemResult[]): void {
    const passing = new Set(results.filter(({ reason }) => mayPass(reason)).map(({ id }) => id));
    for (const step of steps)
      if (passing.has(step.id) || (step.action === 'delete' && this.batches.waiting.has(step.id) && this.#retry.size > 0))
        this.#retry.set(step.id, step);
  }

  /**
   * While something else has to be tried again, what may stand in the way because of that is no verdict for good: a
   * record that is still linked, a parent that is not there yet, a value that is still taken. It waits as `failed` and
   * is tried again too. Where in the end only such are left, they hold each other up, and the next pass is the verdict.
   */
  notForGood(steps: readonly PlanStep[], results: readonly ItemResult[], last: boolean): readonly ItemResult[] {
    if (!results.some(({ status }) => status === 'moved' || status === 'rejected')) return results;
    const ids = steps.map((step) => step.id);
    const deletes = new Set(steps.filter((step) => step.action === 'delete').map((step) => step.id));
    // The end that is gone may be one of those that are still to be created again.
    const links = new Set(steps.filter((step) => step.action === 'link').map((step) => step.id));
    const records = new Map(steps.map((step) => [step.id, step.record]));
    const { statuses } = this.batches;
    // An earlier change of the same record that is still to come: what this one finds is not what it will find.
    const follows = (id: string): boolean =>
      [...(this.#ofRecord.get(records.get(id) ?? '') ?? [])].some((other) => other !== id && isOpen(statuses.get(other)));
    const mayYetPass = ({ id, status, reason }: ItemResult): boolean =>
      (status === 'moved' && (deletes.has(id) || links.has(id) || follows(id))) || (status === 'rejected' && mayPass(reason));
    const unfinished =
      results.some(({ status }) => status === 'failed' || status === 'in_doubt') || this.batches.unfinishedBeside(ids, this.#waitsCount);
    // What was refused and is tried once more at the end may be what a record to be deleted is still linked to.
    const isHeld = ({ id, status }: ItemResult): boolean => !last && this.#retry.size > 0 && status === 'moved' && deletes.has(id);
    const waits = (result: ItemResult): boolean => (unfinished && mayYetPass(result)) || isHeld(result);
    return results.map((result) =>
      waits(result)
        ? { id: result.id, status: 'failed', waiting: true, message: `${result.message ?? 'not possible yet'}; waiting for changes that failed` }
        : result,
    );
  }
}
