import { defined, isRunbackError } from '../lib/index.js';
import type { Store } from '../store/index.js';
import type { IncidentJournals } from './journals.js';
import { isOpen } from './state/due.js';
import { unlessDamaged } from './state/remade.js';
import type { Incident } from './types.js';

/** A line of the list of open incidents. */
export interface OpenIncident {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly openedAt: string;
  /** Id of the drill it is part of. */
  readonly drill?: string;
}

/** Journals that are read at the same time, to be sure that what no index names is over. */
const AT_ONCE = 16;

/**
 * The index of open incidents: a document each, so that a list costs what is open. The journals say the same, and where
 * they say that one is open which the index does not name (a journal that was brought back from a backup), they count.
 */
export class OpenList {
  constructor(
    private readonly store: Store,
    private readonly journals: IncidentJournals,
  ) {}

  /** Of those that the index names. */
  async ids(): Promise<readonly string[]> {
    return await this.store.list('open-incidents');
  }

  /** Oldest first: titles and severities as of the last change. */
  async all(everyJournal: boolean): Promise<readonly OpenIncident[]> {
    const ids = await this.ids();
    const listed = await Promise.all(
      ids.map(async (id) => {
        return await this.#document(id)
          .read()
          .catch(async (error: unknown) => await this.#byJournal(id, error));
      }),
    );
    const named = listed.filter((one) => one !== undefined);
    const others = await this.#beside(ids, everyJournal);
    return others.length === 0 ? named : [...named, ...others].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Those that the index does not name, and whose journal does not say that they are over. */
  async #beside(named: readonly string[], everyJournal: boolean): Promise<readonly OpenIncident[]> {
    const found: OpenIncident[] = [];
    const kept = {
      what: 'journals',
      kind: 'incidents',
      meaning: 'incident over or never opened 1',
      atOnce: AT_ONCE,
      named,
      everyFile: everyJournal,
    } as const;
    await this.store.unsettled(kept, async (id) => {
      let line: OpenIncident;
      try {
        const incident = await this.journals.readIfThere(id);
        if (incident === undefined || !isOpen(incident)) return true;
        line = lineOf(incident);
      } catch (error) {
        line = await this.#byJournal(id, error);
      }
      found.push(line);
      return false;
    });
    return found;
  }

  /** Adds an incident whose journal does not begin yet. */
  async add(incident: OpenIncident): Promise<void> {
    await this.#document(incident.id).update(() => lineOf(incident));
  }

  /** Brings its line up to date; one that is over has none. */
  async update(incident: Incident): Promise<void> {
    if (!isOpen(incident)) return await this.remove(incident.id);
    const { id, title, severity } = incident;
    const document = this.#document(id);
    const present = await unlessDamaged(document);
    if (present?.title !== title || present.severity !== severity) await document.update(() => lineOf(incident));
  }

  async remove(id: string): Promise<void> {
    await this.#document(id).delete();
  }

  /** A line that cannot be read: its journal says the same, and where that cannot be read either, that it is there. */
  async #byJournal(id: string, error: unknown): Promise<OpenIncident> {
    if (!isRunbackError(error)) throw error;
    const incident = await this.journals.read(id).catch(() => undefined);
    if (incident === undefined) return { id, title: `${id} (cannot be read)`, severity: 'sev1', openedAt: '' };
    return lineOf(incident);
  }

  #document(id: string) {
    return this.store.document<OpenIncident>('open-incidents', id);
  }
}

function lineOf({ id, title, severity, openedAt, drill }: OpenIncident): OpenIncident {
  return { id, title, severity, openedAt, ...defined({ drill }) };
}
