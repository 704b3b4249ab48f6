import type { Escalation } from '../escalation/index.js';
import { type Clock, defined, isRunbackError, newId, RunbackError } from '../lib/index.js';
import type { Outbox, Page, PageRecord } from '../notify/index.js';
import { type AgendaEntry, ClockWatch, type Store } from '../store/index.js';
import { type Append, IncidentJournals } from './journals.js';
import { type OpenIncident, OpenList } from './open-list.js';
import { DRILL_LOOK_MS, isOrphan } from './orphans.js';
import { mailOpen, recordEnds } from './pages/mail.js';
import type { PageLinks } from './pages/planned.js';
import { Policies } from './policies.js';
import { recordDue } from './record-due.js';
import { isOpen, pagesBefore, stillSays } from './state/due.js';
import { requireSeverity } from './state/severity.js';
import { type Incident, type IncidentEvents, ROBOT } from './types.js';

/** What incidents are kept with. */
export interface IncidentsOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The escalation.yml of now, for incidents that are opened; undefined where the workspace has none. */
  readonly escalation: Escalation | undefined;
  /** Where pages go; undefined: they are put off until a process with an outbox looks. */
  readonly outbox: Outbox | undefined;
  readonly links?: PageLinks;
}

/** What an incident is opened with. */
export type Opening = Omit<IncidentEvents['incident.opened'], 'policy'>;

/** What one tick has done. */
export interface Tick {
  readonly looked: number;
  /** Incidents that could not be looked at, and why. */
  readonly problems: readonly { readonly id: string; readonly error: unknown }[];
  /**
   * Incidents that another process is at, and who that is: nobody waited for them, and they are looked at again in a
   * second.
   */
  readonly busy: readonly { readonly id: string; readonly error: unknown }[];
  /** Milliseconds by which the clock went back since the tick before; then every open incident is due. */
  readonly clockBackMs?: number;
}

/** How an incident ends whose drill was stopped in the middle. */
const LEFT = 'The drill was stopped before its end';

/** When an incident that could not be looked at is tried again. */
const AGAIN_MS = 60_000;
/** When one is that another process is at. */
const BUSY_AGAIN_MS = 1000;

/**
 * The incidents of a workspace. Each is a journal; what it is follows from that alone. The agenda `incidents` says when
 * each has to be looked at again, so that a look costs what is due and not what is open. Before anything is written
 * that makes something due, the agenda has an entry for it: a crash at any point leaves a look too many, never one too
 * few.
 */
export class Incidents {
  readonly #journals: IncidentJournals;
  readonly #open: OpenList;
  readonly #policies: Policies;
  readonly #watch: ClockWatch;

  constructor(readonly options: IncidentsOptions) {
    const { store, clock, escalation } = options;
    this.#journals = new IncidentJournals(store, clock);
    this.#open = new OpenList(store, this.#journals);
    this.#policies = new Policies(store, escalation);
    this.#watch = new ClockWatch(store, clock, 'incidents');
  }

  /**
   * Opens an incident and decides at once whom to tell. Throws `usage` for a severity that escalation.yml does not
   * have.
   */
  async open(opening: Opening, by: string): Promise<Incident> {
    let id = newId('inc', this.options.clock);
    // Many in one second: two may be given the same id, and neither is to be lost in the other.
    while (await this.#journals.exists(id)) id = newId('inc', this.options.clock);
    return (await this.#begin(id, opening, by)) ?? (await this.open(opening, by));
  }

  /**
   * The same under an id that the caller chose and wrote down before: whatever ends the process, opened again it is the
   * same incident, and it is told once.
   */
  async openAs(id: string, opening: Opening, by: string): Promise<Incident> {
    return (await this.#begin(id, opening, by)) ?? (await this.#lookAfter(id, `The incident is open as ${id}`));
  }

  /** Undefined where another one began under that id. */
  async #begin(id: string, opening: Opening, by: string): Promise<Incident | undefined> {
    const { clock, escalation } = this.options;
    requireSeverity(opening.severity, escalation, 'Nothing was opened.');
    const policy = await this.#policies.freeze();
    await this.#isDue(id);
    await this.#open.add({ id, ...opening, openedAt: clock.now().toISOString() });
    if (!(await this.#journals.begin(id, { ...opening, ...defined({ policy }) }, by))) return undefined;
    return await this.#lookAfter(id, `The incident is open as ${id}`);
  }

  /** The incident as its journal has it. Throws `not-found`, `journal-damaged`. */
  async read(id: string): Promise<Incident> {
    return await this.#journals.read(id);
  }

  /**
   * Incidents as their journals have them, in the order of their ids, and those whose journal cannot be read. What
   * never began is left out.
   */
  async readAll(ids: readonly string[]): Promise<{ readonly incidents: readonly Incident[]; readonly unreadable: readonly string[] }> {
    return await this.#journals.readAll(ids);
  }

  /**
   * Incidents that are open, oldest first, by their index: titles and severities as of the last change. `everyJournal`:
   * also those whose journal was put back in its place by a hand or a copy, which nothing else tells of.
   */
  async listOpen({ everyJournal = false }: { readonly everyJournal?: boolean } = {}): Promise<readonly OpenIncident[]> {
    return await this.#open.all(everyJournal);
  }

  /** Ids of all incidents ever, oldest first. */
  async list(): Promise<readonly string[]> {
    return await this.#journals.ids();
  }

  /**
   * The escalation policy an incident was opened with (guarantee G21). Where that is lost, the one of today: better
   * those than nobody.
   */
  async policyOf(incident: Incident): Promise<Escalation | undefined> {
    return await this.#policies.of(incident);
  }

  /**
   * Lets a person or program change an incident: one at a time, then looks at what follows. `change` is told what the
   * incident is now. An error after something was written says that it was.
   */
  async change(id: string, by: string, change: (incident: Incident, append: Append) => Promise<void>): Promise<Incident> {
    await this.#isDue(id);
    let written = 0;
    try {
      await this.#journals.change(id, by, async (incident, append) => {
        const counting: Append = async (...entry) => {
          // Named before it may be open again: whoever is killed in between leaves a name too many, and none too few.
          if (written === 0 && !isOpen(incident)) await this.#open.add(incident);
          const after = await append(...entry);
          written += 1;
          return after;
        };
        await change(incident, counting);
      });
    } catch (error) {
      throw written === 0 ? error : onRecord(error, `A part of it is on record in ${id}`);
    }
    return await this.#lookAfter(id, written === 0 ? `Nothing had to be changed in ${id}` : `It is on record in ${id}`);
  }

  /** A look at what follows from something that stays written, whatever comes of the look. */
  async #lookAfter(id: string, state: string): Promise<Incident> {
    try {
      return await this.look(id);
    } catch (error) {
      throw onRecord(error, `${state}. It is not known whom to page because of it`);
    }
  }

  /**
   * Does what is due for one incident and says when to look again. Safe to repeat, in several processes. Waits for
   * others for a while.
   */
  async look(id: string, { patienceMs }: { readonly patienceMs?: number } = {}): Promise<Incident> {
    const { store, clock, outbox, links } = this.options;
    let next: Date | undefined;
    const incident = await this.#journals.change(
      id,
      ROBOT,
      async (before, append) => {
        if (outbox) await recordEnds(before, append, outbox);
        if (await isOrphan(append.incident(), { store, clock })) await append('incident.resolved', { what: LEFT, source: 'drill' }, ROBOT);
        const file = await this.#policies.of(append.incident());
        next = await recordDue(append.incident(), file, append, { store, clock });
        // While nobody else may look: a page that another look has settled and taken out meanwhile would be sent again.
        if (outbox && file) await mailOpen(append.incident(), file, outbox, links);
      },
      patienceMs,
    );
    await this.#open.update(incident);
    const latest = incident.drill !== undefined && isOpen(incident) ? clock.now().getTime() + DRILL_LOOK_MS : Number.POSITIVE_INFINITY;
    const again = Math.min(next?.getTime() ?? Number.POSITIVE_INFINITY, latest);
    if (Number.isFinite(again) && again > clock.now().getTime()) await this.#isDue(id, new Date(again));
    return incident;
  }

  /**
   * Looks at every incident that is due. One that cannot be checked holds up no other: it is told, and tried again in a
   * minute. Nor does one that another process is at.
   */
  async tick(limit = 500): Promise<Tick> {
    const { store, clock } = this.options;
    const agenda = store.agenda('incidents');
    const back = await this.#watch.wentBack();
    if (back !== undefined) for (const id of await this.#open.ids()) await this.#isDue(id);
    const byId = new Map<string, AgendaEntry[]>();
    for (const entry of await agenda.due(clock.now(), { limit })) byId.set(entry.id, [...(byId.get(entry.id) ?? []), entry]);
    const problems: { readonly id: string; readonly error: unknown }[] = [];
    const busy: { readonly id: string; readonly error: unknown }[] = [];
    for (const [id, entries] of byId) {
      try {
        await this.look(id, { patienceMs: 0 });
      } catch (error) {
        // Opened by a process that died before its first line: there is no incident.
        if (isRunbackError(error, 'not-found')) await this.#open.remove(id);
        else {
          const isBusy = isRunbackError(error, 'locked', 'fenced');
          (isBusy ? busy : problems).push({ id, error });
          await this.#isDue(id, new Date(clock.now().getTime() + (isBusy ? BUSY_AGAIN_MS : AGAIN_MS)));
        }
      }
      for (const entry of entries) await agenda.remove(entry);
    }
    return { looked: byId.size - busy.length, problems, busy, ...defined({ clockBackMs: back }) };
  }

  /** Whether a page that waits in the outbox still has to be sent. Throws where its incident cannot be read. */
  readonly wanted = async (page: Page): Promise<boolean> => {
    if (page.kind === 'test' || page.kind === 'bundle') return true;
    const incident = await this.#journals.readIfThere(page.incident.id);
    if (incident === undefined || !stillSays(incident, page)) return false;
    return page.kind === 'acknowledged' || page.kind === 'resolved' || !(await isOrphan(incident, this.options));
  };

  /** Keys of the pages that have to be over before this one is sent: see {@link pagesBefore}. */
  readonly after = async (page: Page): Promise<readonly string[]> => {
    if (page.kind === 'test' || page.kind === 'bundle') return [];
    const incident = await this.#journals.readIfThere(page.incident.id);
    return incident === undefined ? [] : pagesBefore(incident, page.key);
  };

  /**
   * To be called where the outbox cannot read what it kept of a page: the incident is looked at, and the page put in
   * again.
   */
  readonly damaged = async (key: string): Promise<void> => {
    const [id = key] = key.split('.');
    if (await this.#journals.exists(id)) await this.#isDue(id);
  };

  /**
   * To be called before the outbox writes down how a page ended, and once more when it has: the incident will be looked
   * at. The first call holds where the process dies between the two; the second where somebody looks between them.
   */
  readonly pageSettles = async ({ page }: PageRecord): Promise<void> => {
    if (page.kind !== 'test' && page.kind !== 'bundle') await this.#isDue(page.incident.id);
  };

  /**
   * Notes that an incident has to be looked at: then, or now. What is so only now may have been missed by a look that
   * began in the same millisecond, so that this is a note of its own.
   */
  async #isDue(id: string, at?: Date): Promise<void> {
    const agenda = this.options.store.agenda('incidents');
    await (at === undefined ? agenda.add(this.options.clock.now(), id, { anew: true }) : agenda.add(at, id));
  }
}

/** The error of something that came after a change, saying what is so: what it says itself is about its own part. */
function onRecord(error: unknown, state: string): unknown {
  if (!isRunbackError(error)) return error;
  return new RunbackError(error.code, error.message, {
    ...defined({ why: error.why }),
    state: `${state}.`,
    next: 'The daemon tries again automatically; without one: runback daemon --once',
    cause: error,
  });
}
