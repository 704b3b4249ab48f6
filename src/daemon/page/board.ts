import type { Escalation } from '../../escalation/index.js';
import { type Incident, type Incidents, isOpen, isOverdue, whatIsDue } from '../../incidents/index.js';
import type { Clock } from '../../lib/index.js';
import type { PageRecord } from '../../notify/index.js';
import type { DaemonDeps, FlowLines, PauseLine, RunLine } from '../types.js';

/** Incidents whose journals are read for one view; the rest is counted. */
const MOST = 200;
/** What took long is kept for so many times as long: reading takes a sixth of the time at most. */
const KEPT = 5;
/** What is that quick is read each time. */
const QUICK_MS = 250;
const LONGEST_MS = 10_000;

const NOTHING_WATCHED: FlowLines = { flows: [], silences: [], budgets: [] };

/** An incident with what follows from it now. */
export interface IncidentView {
  readonly incident: Incident;
  /** The policy it was opened with. */
  readonly file: Escalation | undefined;
  readonly overdue: boolean;
  /** When something happens by itself. */
  readonly next: Date | undefined;
  /** Held back by quiet hours until then, ISO 8601. */
  readonly quietUntil: string | undefined;
}

/** What is going on in the workspace. */
export interface BoardView {
  /** Worst first, then oldest first; {@link MOST} at most. */
  readonly incidents: readonly IncidentView[];
  /** How many more are open. */
  readonly more: number;
  /** Severity of those that were not read, by the index. */
  readonly unread: ReadonlyMap<string, number>;
  /** Ids of incidents whose journal cannot be read. */
  readonly unreadable: readonly string[];
  readonly deadLetters: readonly PageRecord[];
  readonly runs: readonly RunLine[];
  readonly pauses: readonly PauseLine[];
  readonly watched: FlowLines;
}

/**
 * Reads what the status page and the metrics show: a bounded part, and not again and again where reading takes long.
 */
export class Board {
  #view: Promise<BoardView> | undefined;
  #until = 0;

  constructor(private readonly deps: Pick<DaemonDeps, 'incidents' | 'clock' | 'outbox' | 'runs' | 'pauses' | 'flows'>) {}

  /** As of now, or up to 10 s old where a read takes long. */
  async view(): Promise<BoardView> {
    const { clock } = this.deps;
    if (this.#view && clock.monotonicMs() < this.#until) return await this.#view;
    const from = clock.monotonicMs();
    const view = this.#read();
    this.#view = view;
    this.#until = Number.POSITIVE_INFINITY;
    try {
      const read = await view;
      const cost = clock.monotonicMs() - from;
      if (this.#view === view) this.#until = clock.monotonicMs() + (cost < QUICK_MS ? 0 : Math.min(LONGEST_MS, KEPT * cost));
      return read;
    } catch (error) {
      if (this.#view === view) this.#view = undefined;
      throw error;
    }
  }

  /** Something was changed here: the next view is a fresh one. */
  forget(): void {
    this.#view = undefined;
  }

  /** One incident. Throws `not-found`, `journal-damaged`. */
  async incident(id: string): Promise<IncidentView> {
    return await viewOf(this.deps.incidents, this.deps.clock, await this.deps.incidents.read(id));
  }

  async #read(): Promise<BoardView> {
    const { incidents, clock, outbox, runs, pauses } = this.deps;
    const listed = [...(await incidents.listOpen())].sort((a, b) => a.severity.localeCompare(b.severity) || a.openedAt.localeCompare(b.openedAt));
    const { incidents: read, unreadable } = await incidents.readAll(listed.slice(0, MOST).map(({ id }) => id));
    const rest = listed.slice(MOST);
    const unread = new Map<string, number>();
    for (const { severity } of rest) unread.set(severity, (unread.get(severity) ?? 0) + 1);
    return {
      // Without those that ended since they were listed.
      incidents: await Promise.all(read.filter(isOpen).map((incident) => viewOf(incidents, clock, incident))),
      more: rest.length,
      unread,
      unreadable,
      deadLetters: (await outbox?.deadLetters()) ?? [],
      runs: await runs(),
      pauses: await pauses(),
      watched: (await this.deps.flows?.()) ?? NOTHING_WATCHED,
    };
  }
}

async function viewOf(incidents: Incidents, clock: Clock, incident: Incident): Promise<IncidentView> {
  const now = clock.now();
  const file = await incidents.policyOf(incident);
  const { next, quietUntil } = whatIsDue(incident, file, now);
  return { incident, file, overdue: isOverdue(incident, file, now), next, quietUntil };
}
