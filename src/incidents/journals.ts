import { setTimeout as pause } from 'node:timers/promises';

import { type Clock, isRunbackError, RunbackError } from '../lib/index.js';
import type { JournalEntry, Store } from '../store/index.js';
import { foldIncident, isRepair, stepIncident } from './state/fold.js';
import type { Incident, IncidentEvents, IncidentEventType } from './types.js';

/** Appends an event; gives the incident after it. */
export type Append = <T extends IncidentEventType>(type: T, data: IncidentEvents[T], by?: string) => Promise<Incident>;
/** The same, and what the incident is now. */
export type Appender = Append & { incident(): Incident };

/** Journals that are read at the same time. */
const AT_ONCE = 16;
/** How long whoever writes waits for others, where nothing else is said. */
const PATIENCE_MS = 20_000;

/** The journals of incidents: what an incident is follows from its journal alone. */
export class IncidentJournals {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  /** Ids of all incidents ever, oldest first. */
  async ids(): Promise<readonly string[]> {
    return await this.store.journals('incidents');
  }

  async exists(id: string): Promise<boolean> {
    return await this.store.journal('incidents', id).exists();
  }

  /**
   * Begins a journal with its first line, also after a first one that was never complete. False where another incident was opened under that id;
   * then nothing is done.
   */
  async begin(id: string, data: IncidentEvents['incident.opened'], by: string): Promise<boolean> {
    let isTaken = false;
    const visit = (entry: JournalEntry): void => void (isTaken ||= !isRepair(entry));
    const writer = await this.store.journal('incidents', id).open({ by, holder: id, purpose: 'opening an incident' }, { visit });
    try {
      if (!isTaken) await writer.append({ by, type: 'incident.opened', data });
      return !isTaken;
    } finally {
      await writer.close();
    }
  }

  /** The incident as its journal has it. Throws `not-found`, `journal-damaged`. */
  async read(id: string): Promise<Incident> {
    const entries: JournalEntry[] = [];
    for await (const entry of this.store.journal('incidents', id).read()) entries.push(entry);
    return foldIncident(id, entries);
  }

  /** The same; undefined where there is none. */
  async readIfThere(id: string): Promise<Incident | undefined> {
    return await this.read(id).catch((error: unknown) => {
      if (isRunbackError(error, 'not-found')) return undefined;
      throw error;
    });
  }

  /**
   * Incidents as their journals have them, in the order of their ids, and those whose journal cannot be read. What
   * never began is left out.
   */
  async readAll(ids: readonly string[]): Promise<{ readonly incidents: readonly Incident[]; readonly unreadable: readonly string[] }> {
    const found: (Incident | undefined)[] = [];
    const unreadable: string[] = [];
    for (let from = 0; from < ids.length; from += AT_ONCE)
      await Promise.all(
        ids.slice(from, from + AT_ONCE).map(async (id, at) => {
          try {
            found[from + at] = await this.read(id);
          } catch (error) {
            if (!isRunbackError(error)) throw error;
            if (error.code !== 'not-found') unreadable.push(id);
          }
        }),
      );
    return { incidents: found.flatMap((one) => one ?? []), unreadable };
  }

  /** Works on an incident as its only writer, waiting so long for others. Throws `not-found`, `locked`. */
  async change(id: string, by: string, work: (incident: Incident, append: Appender) => Promise<void>, patienceMs = PATIENCE_MS): Promise<Incident> {
    const journal = this.store.journal('incidents', id);
    if (!(await journal.exists()))
      throw new RunbackError('not-found', `There is no incident ${id}`, { state: 'Nothing was changed.', next: 'runback incident list' });
    const giveUpAt = this.clock.monotonicMs() + patienceMs;
    for (;;) {
      const writer = await journal.open({ by, holder: id, purpose: 'an incident' }).catch((error: unknown) => {
        if (isRunbackError(error, 'locked', 'fenced') && this.clock.monotonicMs() < giveUpAt) return undefined;
        throw error;
      });
      if (!writer) {
        await pause(5 + Math.random() * 20);
        continue;
      }
      try {
        let incident = await this.read(id);
        const append: Append = async (type, data, author = by) => {
          const entry = await writer.append({ by: author, type, data });
          incident = stepIncident(id, incident, entry) ?? incident;
          return incident;
        };
        await work(incident, Object.assign(append, { incident: () => incident }));
        return incident;
      } finally {
        await writer.close();
      }
    }
  }
}
