import { type Incidents, isOverdue } from '../incidents/index.js';
import { formatDuration, isRunbackError, messageOf } from '../lib/index.js';
import type { Outbox } from '../notify/index.js';
import type { Trouble } from './trouble.js';
import type { Ticker } from './types.js';

/** Incidents of one tick; more are taken by the next, at once. */
const LIMIT = 500;
/** Between the look at the agenda and the incidents's own. */
const MEANWHILE_MS = 5000;
/** An incident whose look is due for longer than this is overdue, whatever keeps the incidents from it. */
const LATE_MS = 60_000;

/**
 * Looks at incidents that are due, and remembers which of them wait for somebody longer than they should. That costs
 * what is due: an incident becomes overdue only when it is looked at.
 */
export class IncidentTicker implements Ticker {
  readonly name = 'incidents';
  /** Ids that were overdue when they were last looked at. */
  readonly #overdue = new Set<string>();
  /** Incidents that could not be looked at, with the reason. */
  readonly problems = new Map<string, unknown>();
  /** Incidents that another process is at, with who that is and since when they have waited; milliseconds. */
  readonly busy = new Map<string, { readonly since: number; readonly error: unknown }>();

  constructor(
    private readonly incidents: Incidents,
    private readonly trouble: Trouble,
  ) {}

  async tick(now: Date): Promise<{ readonly due: number }> {
    const { store, clock } = this.incidents.options;
    const entries = await store.agenda('incidents').due(new Date(now.getTime() + MEANWHILE_MS), { limit: 2 * LIMIT });
    const { looked, problems, busy, clockBackMs } = await this.incidents.tick(LIMIT);
    if (clockBackMs !== undefined)
      this.trouble.tell(
        'clock',
        `The clock of this machine went back by ${formatDuration(clockBackMs)}: every open incident was checked, and no level waits longer than its own time.`,
      );
    const held = new Set(busy.map(({ id }) => id));
    const failed = new Map([...problems, ...this.#tooLong(busy)].map(({ id, error }) => [id, error]));
    const then = clock.now();
    for (const id of new Set(entries.flatMap((entry) => (entry.at <= then ? [entry.id] : [])))) {
      if (!failed.has(id) && !held.has(id)) this.problems.delete(id);
      if (!held.has(id)) this.busy.delete(id);
      await this.#judge(id);
    }
    for (const [id, error] of failed) {
      this.problems.set(id, error);
      this.trouble.tell(id, `${id} could not be checked; next try in a minute: ${messageOf(error)}`);
    }
    return { due: looked };
  }

  /** Those of the incidents that another process is at which have waited for it for too long. */
  #tooLong(busy: readonly { readonly id: string; readonly error: unknown }[]): readonly { readonly id: string; readonly error: unknown }[] {
    const now = this.incidents.options.clock.monotonicMs();
    return busy.filter(({ id, error }) => {
      const { since } = this.busy.get(id) ?? { since: now };
      this.busy.set(id, { since, error });
      return now - since > LATE_MS;
    });
  }

  /**
   * Judges every open incident once: what was overdue before this process began. Ends early, and without an error, when
   * told to stop.
   */
  async scan(signal: AbortSignal): Promise<void> {
    for (const { id } of await this.incidents.listOpen({ everyJournal: true })) {
      if (signal.aborted) return;
      await this.#judge(id);
    }
  }

  /**
   * Why incidents are not in order, in words; undefined where they are. Looks again at those that were overdue, up to
   * the first that still is.
   */
  async overdue(): Promise<string | undefined> {
    const { store, clock } = this.incidents.options;
    const [failed] = this.problems.keys();
    if (failed !== undefined) return `${failed} cannot be checked`;
    const first = await store.agenda('incidents').next();
    if (first !== undefined && clock.now().getTime() - first.getTime() > LATE_MS) return 'incidents have waited more than a minute to be checked';
    for (const id of this.#overdue) if (await this.#judge(id)) return `${id} has waited for someone longer than it should`;
    return undefined;
  }

  async #judge(id: string): Promise<boolean> {
    const incident = await this.incidents.read(id).catch((error: unknown) => {
      // Damaged: a look at it fails too, and that is remembered. Gone: nothing is overdue.
      if (isRunbackError(error)) return undefined;
      throw error;
    });
    const overdue = incident !== undefined && isOverdue(incident, await this.incidents.policyOf(incident), this.incidents.options.clock.now());
    if (overdue) this.#overdue.add(id);
    else this.#overdue.delete(id);
    return overdue;
  }
}

/** Sends pages that are due. Never waits for them: one slow service holds up nobody (guarantee G20). */
export function pageTicker(outbox: Outbox): Ticker {
  return {
    name: 'pages',
    tick: async () => {
      await outbox.tick();
      return { due: 0 };
    },
  };
}
