import { Incidents } from '../../incidents/index.js';
import { type Clock, isRunbackError, parseDuration } from '../../lib/index.js';
import { openRestores, PLAN_SETS, type PlanSet } from '../../restores/index.js';
import { openRuns } from '../../runbooks/index.js';
import type { Store } from '../../store/index.js';
import type { Referrer } from '../retention/types.js';

/** What is open and refers to snapshots, and what is open and cannot be read. */
export interface References {
  readonly references: ReadonlyMap<string, readonly Referrer[]>;
  readonly unreadReferrers: readonly Referrer[];
}

const SNAPSHOT = /snap-\d{8}-\d{6}-[a-z0-9]{4}/gu;
const PLAN = /plan-\d{8}-\d{6}-[a-z0-9]{4}/gu;

/**
 * Snapshots that something open refers to: incidents with what is linked to them, runs with their inputs and outputs,
 * restores that did not reach their end, and plans that may still be applied. A plan that is no longer young enough, by
 * the clock, refers to nothing; one from the future does.
 */
export async function referencesOf({
  store,
  clock,
  planMaxAge,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly planMaxAge: string;
}): Promise<References> {
  const found = new Found(store);
  const since = clock.now().getTime() - parseDuration(planMaxAge);
  await found.plans(since);
  await found.planSets(since);
  await found.runs();
  await found.restores();
  await found.incidents(new Incidents({ store, clock, escalation: undefined, outbox: undefined }));
  return found;
}

class Found implements References {
  readonly references = new Map<string, Referrer[]>();
  readonly unreadReferrers: Referrer[] = [];
  /** Snapshots of each plan, by its id. */
  readonly #plans = new Map<string, readonly string[]>();

  constructor(private readonly store: Store) {}

  async plans(since: number): Promise<void> {
    for (const id of await this.store.ledgers('plans')) {
      const head = await this.#headOf(id);
      this.#plans.set(id, head === undefined ? [] : [head.base.snapshot, head.damaged.snapshot]);
      // What cannot be read cannot be applied either: nothing is kept for it.
      if (head !== undefined && Date.parse(head.createdAt) >= since) this.#refers({ kind: 'plan', id }, this.#plans.get(id) ?? []);
    }
  }

  /** What plans for both sides were held against each other with: a decision on them needs it again. */
  async planSets(since: number): Promise<void> {
    for (const id of await this.store.list(PLAN_SETS)) {
      const set = await this.store
        .document<PlanSet>(PLAN_SETS, id)
        .read()
        .catch((error: unknown) => {
          // As with a plan: what cannot be read cannot be applied.
          if (isRunbackError(error)) return undefined;
          throw error;
        });
      if (set !== undefined && Date.parse(set.createdAt) >= since) this.#refers({ kind: 'plan', id }, [set.base, set.damaged, set.now]);
    }
  }

  async runs(): Promise<void> {
    const { runs, damaged } = await openRuns(this.store);
    for (const { id, inputs, steps } of runs) this.#mentions({ kind: 'run', id }, JSON.stringify([inputs, steps.map(({ outputs }) => outputs)]));
    for (const id of damaged) this.unreadReferrers.push({ kind: 'run', id });
  }

  async restores(): Promise<void> {
    const { open, damaged } = await openRestores(this.store);
    for (const { id, plan } of open) this.#refers({ kind: 'restore', id }, this.#plans.get(plan) ?? []);
    for (const id of damaged) this.unreadReferrers.push({ kind: 'restore', id });
  }

  async incidents(incidents: Incidents): Promise<void> {
    const { incidents: read, unreadable } = await incidents.readAll((await incidents.listOpen()).map(({ id }) => id));
    for (const { id, links, timeline } of read)
      this.#mentions({ kind: 'incident', id }, JSON.stringify([links, timeline.map(({ text }) => text), await this.#linked(links)]));
    for (const id of unreadable) this.unreadReferrers.push({ kind: 'incident', id });
  }

  /** What runs and restores that are linked to an incident mention, also those that have ended. */
  async #linked(links: readonly { readonly kind: string; readonly id: string }[]): Promise<readonly unknown[]> {
    const linked: unknown[] = [];
    for (const { kind, id } of links) {
      const journal = kind === 'run' ? this.store.journal('runs', id) : kind === 'restore' ? this.store.journal('restores', id) : undefined;
      if (journal === undefined || !(await journal.exists())) continue;
      try {
        for await (const { type, data } of journal.read())
          if (type === 'run.created' || type === 'step.outcome' || type === 'restore.created') linked.push(data);
      } catch (error) {
        if (!isRunbackError(error)) throw error;
        this.unreadReferrers.push({ kind: kind === 'run' ? 'run' : 'restore', id });
      }
    }
    return linked;
  }

  /** The snapshots that a text names, and those of the plans that it names. */
  #mentions(by: Referrer, text: string): void {
    const plans = (text.match(PLAN) ?? []).flatMap((plan) => this.#plans.get(plan) ?? []);
    this.#refers(by, [...(text.match(SNAPSHOT) ?? []), ...plans]);
  }

  #refers(by: Referrer, snapshots: readonly string[]): void {
    for (const id of new Set(snapshots)) this.references.set(id, [...(this.references.get(id) ?? []), by]);
  }

  async #headOf(id: string): Promise<PlanHead | undefined> {
    try {
      for await (const line of this.store.ledger('plans', id).read()) return JSON.parse(line) as PlanHead;
    } catch (error) {
      if (!isRunbackError(error) && !(error instanceof SyntaxError)) throw error;
    }
    return undefined;
  }
}

/** The first line of a plan, as far as it is of interest here. */
interface PlanHead {
  readonly createdAt: string;
  readonly base: { readonly snapshot: string };
  readonly damaged: { readonly snapshot: string };
}
