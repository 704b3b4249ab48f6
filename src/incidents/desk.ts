import { setTimeout as pause } from 'node:timers/promises';

import { type Escalation, type EscalationAct, storedEscalation } from '../escalation/index.js';
import { type Clock, isRunbackError, newId, RunbackError, sha256, canonicalJson } from '../lib/index.js';
import type { Outbox, Page, PageRecord } from '../notify/index.js';
import { CLOCK_TOLERANCE_MS, ClockWatch, type Document, type JournalEntry, type Store } from '../store/index.js';
import { isOpen, pagesBefore, stillSays, whatIsDue } from './due.js';
import { messagePages, type PageLinks, pageOf, pagesOf } from './planned-pages.js';
import { foldIncident, stepIncident } from './state.js';
import { type Incident, type IncidentEvents, type IncidentEventType, ROBOT } from './types.js';

/** What incidents are kept with. */
export interface DeskOptions {
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

/** A line of the list of open incidents. */
export interface OpenIncident {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly openedAt: string;
}

/** Appends an event; gives the incident after it. */
export type Append = <T extends IncidentEventType>(type: T, data: IncidentEvents[T], by?: string) => Promise<Incident>;
type Appender = Append & { incident(): Incident };

/** What one tick has done. */
export interface Tick {
  readonly looked: number;
  /** Incidents that could not be looked at, and why. */
  readonly problems: readonly { readonly id: string; readonly error: unknown }[];
  /** Incidents that another process is at, and who that is: nobody waited for them, and they are looked at again in a second. */
  readonly busy: readonly { readonly id: string; readonly error: unknown }[];
  /** Milliseconds by which the clock went back since the tick before; then every open incident is due. */
  readonly clockBackMs?: number;
}

/** Journals that are read at the same time. */
const AT_ONCE = 16;
const BUSY_MS = 20_000;
/** When an incident that could not be looked at is tried again. */
const AGAIN_MS = 60_000;
/** When one is that another process is at. */
const BUSY_AGAIN_MS = 1000;
/** Rounds of one look: more can only be a mistake in a policy. */
const MOST_ROUNDS = 200;

/**
 * The incidents of a workspace. Each is a journal; what it is follows from that alone. The agenda `incidents` says when each has to
 * be looked at again, so that a look costs what is due and not what is open. Before anything is written that makes something due, the
 * agenda has an entry for it: a crash at any point leaves a look too many, never one too few.
 */
export class IncidentDesk {
  readonly #policies = new Map<string, Escalation>();
  readonly #watch: ClockWatch;

  constructor(readonly options: DeskOptions) {
    this.#watch = new ClockWatch(options.store, options.clock, 'incidents');
  }

  /** Opens an incident and decides at once whom to tell. Throws `usage` for a severity that escalation.yml does not have. */
  async open(opening: Opening, by: string): Promise<Incident> {
    const { store, clock, escalation } = this.options;
    const known = escalation ? Object.keys(escalation.severities) : ['sev1', 'sev2', 'sev3', 'sev4'];
    if (!known.includes(opening.severity))
      throw new RunbackError('usage', `There is no severity ${opening.severity}`, {
        why: `There are: ${known.join(', ')}.`,
        state: 'Nothing was opened.',
        next: 'runback escalation show',
      });
    const policy = escalation === undefined ? undefined : await this.#freeze(escalation);
    const id = newId('inc', clock);
    const { title, severity } = opening;
    await store.agenda('incidents').add(clock.now(), id);
    await store.document<OpenIncident>('open-incidents', id).update(() => ({ id, title, severity, openedAt: clock.now().toISOString() }));
    const writer = await store.journal('incidents', id).open({ by, holder: id, purpose: 'opening an incident' });
    try {
      await writer.append({ by, type: 'incident.opened', data: { ...opening, ...(policy === undefined ? {} : { policy }) } });
    } finally {
      await writer.close();
    }
    return await this.#lookAfter(id, `The incident is open as ${id}`);
  }

  /** The incident as its journal has it. Throws `not-found`, `journal-damaged`. */
  async read(id: string): Promise<Incident> {
    const entries: JournalEntry[] = [];
    for await (const entry of this.options.store.journal('incidents', id).read()) entries.push(entry);
    return foldIncident(id, entries);
  }

  /** Incidents as their journals have them, in the order of their ids, and those whose journal cannot be read. What never began is left out. */
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

  /** Incidents that are open, oldest first, by their index: titles and severities as of the last change. */
  async listOpen(): Promise<readonly OpenIncident[]> {
    const { store } = this.options;
    const listed = await Promise.all(
      (await store.list('open-incidents')).map(async (id) => {
        const index = store.document<OpenIncident>('open-incidents', id);
        return await index.read().catch(async (error: unknown) => await this.#listedByJournal(id, error));
      }),
    );
    return listed.filter((one) => one !== undefined);
  }

  /** A line of the index that cannot be read: its journal says the same, and where that cannot be read either, that it is there. */
  async #listedByJournal(id: string, error: unknown): Promise<OpenIncident> {
    if (!isRunbackError(error)) throw error;
    const incident = await this.read(id).catch(() => undefined);
    if (incident === undefined) return { id, title: `${id} (cannot be read)`, severity: 'sev1', openedAt: '' };
    const { title, severity, openedAt } = incident;
    return { id, title, severity, openedAt };
  }

  /** Ids of all incidents ever, oldest first. */
  async list(): Promise<readonly string[]> {
    return await this.options.store.journals('incidents');
  }

  /** The escalation policy an incident was opened with (guarantee G21). Where that is lost, the one of today: better those than nobody. */
  async policyOf(incident: Incident): Promise<Escalation | undefined> {
    const { policy: digest } = incident;
    if (digest === undefined) return undefined;
    const known = this.#policies.get(digest);
    if (known) return known;
    const stored = await unlessDamaged(this.options.store.document<Escalation>('policies', digest));
    const file = stored && storedEscalation(stored);
    if (file) this.#policies.set(digest, file);
    return file ?? this.options.escalation;
  }

  /**
   * Lets a person or program change an incident: one at a time, then looks at what follows. `change` is told what the incident is now. An error
   * after something was written says that it was.
   */
  async change(id: string, by: string, change: (incident: Incident, append: Append) => Promise<void>): Promise<Incident> {
    await this.options.store.agenda('incidents').add(this.options.clock.now(), id);
    let written = 0;
    try {
      await this.#locked(id, by, async (incident, append) => {
        const counting: Append = async (...entry) => {
          const after = await append(...entry);
          written += 1;
          return after;
        };
        await change(incident, counting);
      });
    } catch (error) {
      throw written === 0 ? error : onRecord(error, `A part of it is on record in ${id}`);
    }
    return await this.#lookAfter(id, written === 0 ? `Nothing was to be changed in ${id}` : `It is on record in ${id}`);
  }

  /** A look at what follows from something that stays written, whatever comes of the look. */
  async #lookAfter(id: string, state: string): Promise<Incident> {
    try {
      return await this.look(id);
    } catch (error) {
      throw onRecord(error, `${state}. Whom to tell because of it could not be worked out`);
    }
  }

  /** Does what is due for one incident and says when to look again. Safe to repeat, in several processes. Waits for others for a while. */
  async look(id: string, { patienceMs = BUSY_MS }: { readonly patienceMs?: number } = {}): Promise<Incident> {
    const { store, clock } = this.options;
    const agenda = store.agenda('incidents');
    let next: Date | undefined;
    const incident = await this.#locked(
      id,
      ROBOT,
      async (now, append) => {
        await this.#settle(now, append);
        next = await this.#work(append.incident(), append);
        // While nobody else may look: a page that another look has settled and taken out meanwhile would be sent again.
        await this.#mail(append.incident());
      },
      patienceMs,
    );
    const index = store.document<OpenIncident>('open-incidents', id);
    if (isOpen(incident)) await this.#index(incident);
    else await index.delete();
    if (next !== undefined && next > clock.now()) await agenda.add(next, id);
    return incident;
  }

  /**
   * Looks at every incident that is due. One that cannot be looked at holds up no other: it is told, and tried again in a minute. Nor does one
   * that another process is at.
   */
  async tick(limit = 500): Promise<Tick> {
    const { store, clock } = this.options;
    const agenda = store.agenda('incidents');
    const back = await this.#watch.wentBack();
    if (back !== undefined) for (const id of await store.list('open-incidents')) await agenda.add(clock.now(), id);
    const due = await agenda.due(clock.now(), { limit });
    const byId = new Map<string, (typeof due)[number][]>();
    for (const entry of due) byId.set(entry.id, [...(byId.get(entry.id) ?? []), entry]);
    const problems: { readonly id: string; readonly error: unknown }[] = [];
    const busy: { readonly id: string; readonly error: unknown }[] = [];
    for (const [id, entries] of byId) {
      try {
        await this.look(id, { patienceMs: 0 });
      } catch (error) {
        // Opened by a process that died before its first line: there is no incident.
        if (isRunbackError(error, 'not-found')) await store.document('open-incidents', id).delete();
        else if (isRunbackError(error, 'locked')) {
          busy.push({ id, error });
          await agenda.add(new Date(clock.now().getTime() + BUSY_AGAIN_MS), id);
        } else {
          problems.push({ id, error });
          await agenda.add(new Date(clock.now().getTime() + AGAIN_MS), id);
        }
      }
      for (const entry of entries) await agenda.remove(entry);
    }
    return { looked: byId.size - busy.length, problems, busy, ...(back === undefined ? {} : { clockBackMs: back }) };
  }

  /** Whether a page that waits in the outbox still has to be sent. Throws where its incident cannot be read. */
  readonly wanted = async (page: Page): Promise<boolean> => {
    if (page.kind === 'test' || page.kind === 'bundle') return true;
    const incident = await this.#readIfThere(page.incident.id);
    return incident !== undefined && stillSays(incident, page);
  };

  /** Keys of the pages that have to be over before this one is sent: see {@link pagesBefore}. */
  readonly after = async (page: Page): Promise<readonly string[]> => {
    if (page.kind === 'test' || page.kind === 'bundle') return [];
    const incident = await this.#readIfThere(page.incident.id);
    return incident === undefined ? [] : pagesBefore(incident, page.key);
  };

  /** To be called where the outbox cannot read what it kept of a page: the incident is looked at, and the page put in again. */
  readonly damaged = async (key: string): Promise<void> => {
    const [id = key] = key.split('.');
    if (await this.options.store.journal('incidents', id).exists()) await this.options.store.agenda('incidents').add(this.options.clock.now(), id);
  };

  /**
   * To be called before the outbox writes down how a page ended, and once more when it has: the incident will be looked at. The first call holds
   * where the process dies between the two; the second where somebody looks between them.
   */
  readonly pageSettles = async ({ page }: PageRecord): Promise<void> => {
    if (page.kind !== 'test' && page.kind !== 'bundle') await this.options.store.agenda('incidents').add(this.options.clock.now(), page.incident.id);
  };

  async #readIfThere(id: string): Promise<Incident | undefined> {
    return await this.read(id).catch((error: unknown) => {
      if (isRunbackError(error, 'not-found')) return undefined;
      throw error;
    });
  }

  async #work(incident: Incident, append: Appender): Promise<Date | undefined> {
    let now = incident;
    if (Date.parse(now.latestAt) > this.options.clock.now().getTime() + CLOCK_TOLERANCE_MS)
      now = await append('clock.set-back', { from: now.latestAt }, ROBOT);
    const file = await this.policyOf(now);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const time = this.options.clock.now();
      const due = whatIsDue(now, file, time, await this.#runActivity(now));
      if (due.release !== undefined) {
        now = await append('incident.released', { because: due.release, source: 'daemon' }, ROBOT);
        continue;
      }
      const before = now;
      if (file) {
        for (const act of due.acts) now = await record(append, now, file, act);
        for (const { kind, seq } of due.owed)
          now = await append('messages.sent', { kind, for: seq, pages: messagePages(now, file, kind, seq) }, ROBOT);
        if (due.update)
          now = await append('messages.sent', { kind: 'update-due', pages: messagePages(now, file, 'update-due', time.getTime()) }, ROBOT);
        for (const { vendor } of due.followUps)
          now = await append('messages.sent', { kind: 'follow-up', vendor, pages: messagePages(now, file, 'follow-up', time.getTime()) }, ROBOT);
      }
      if (before === now) return due.next;
    }
    throw new RunbackError('bug', `${incident.id} has more due at once than can be`, { state: 'What was decided is on record.' });
  }

  /** Writes down how pages have ended, and takes each out of the outbox. */
  async #settle(incident: Incident, append: Appender): Promise<void> {
    const { outbox } = this.options;
    if (!outbox) return;
    // Written down by a process that died before it could take it out.
    if (incident.lastSettled !== undefined) await outbox.forget(incident.lastSettled);
    for (const { key } of incident.pages.filter(({ state }) => state === 'open')) {
      const record = await outbox.read(key).catch(orUndefined);
      // One that cannot be read is put in again below, by what the journal knows of it.
      if (!record || record.state === 'queued') continue;
      const last = record.attempts.at(-1);
      await append(
        'page.settled',
        {
          key,
          state: record.state,
          attempts: record.attempts.length,
          ...(last?.why === undefined ? {} : { why: last.why }),
          ...(last?.needs === undefined ? {} : { needs: last.needs }),
          ...(record.bundle === undefined ? {} : { bundle: record.bundle }),
          ...(last?.receipt === undefined ? {} : { receipt: last.receipt }),
        },
        ROBOT,
      );
      await outbox.forget(key);
    }
  }

  /** Puts every page that is open into the outbox, also those of a process that died before it could. */
  async #mail(incident: Incident): Promise<void> {
    const { outbox, links } = this.options;
    const file = await this.policyOf(incident);
    if (!outbox || !file) return;
    for (const line of incident.pages)
      if (line.state === 'open' && line.kind !== 'bundle' && line.kind !== 'test')
        await outbox.put(pageOf(incident, file, line.kind, line, line.at, links));
  }

  async #index({ id, title, severity, openedAt }: Incident): Promise<void> {
    const index = this.options.store.document<OpenIncident>('open-incidents', id);
    const present = await unlessDamaged(index);
    if (present?.title !== title || present.severity !== severity) await index.update(() => ({ id, title, severity, openedAt }));
  }

  async #freeze(file: Escalation): Promise<string> {
    const digest = sha256(canonicalJson(file)).slice(0, 40);
    const document = this.options.store.document<Escalation>('policies', digest);
    if ((await unlessDamaged(document)) === undefined) await document.update(() => file);
    return digest;
  }

  /** The last sign of work in linked runs; asked only where an acknowledgement might lapse. */
  async #runActivity(incident: Incident): Promise<string | undefined> {
    if (incident.status !== 'acknowledged') return undefined;
    let last: string | undefined;
    for (const { id } of incident.links.filter(({ kind }) => kind === 'run').slice(-3)) {
      const journal = this.options.store.journal('runs', id);
      if (!(await journal.exists())) continue;
      for await (const { at } of journal.read()) if (last === undefined || at > last) last = at;
    }
    return last;
  }

  /** Works on an incident as its only writer, waiting for others. */
  async #locked(id: string, by: string, work: (incident: Incident, append: Appender) => Promise<void>, patienceMs = BUSY_MS): Promise<Incident> {
    const { store, clock } = this.options;
    const journal = store.journal('incidents', id);
    if (!(await journal.exists()))
      throw new RunbackError('not-found', `There is no incident ${id}`, { state: 'Nothing was changed.', next: 'runback incident list' });
    const giveUpAt = clock.monotonicMs() + patienceMs;
    for (;;) {
      const writer = await journal.open({ by, holder: id, purpose: 'an incident' }).catch((error: unknown) => {
        if (isRunbackError(error, 'locked') && clock.monotonicMs() < giveUpAt) return undefined;
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

/** A document that can be made again from elsewhere: one that is damaged is taken away, so that it can. */
async function unlessDamaged<T>(document: Document<T>): Promise<T | undefined> {
  return await document.read().catch(async (error: unknown) => {
    if (!isRunbackError(error, 'document-damaged')) throw error;
    await document.delete();
    return undefined;
  });
}

function orUndefined(error: unknown): undefined {
  if (!isRunbackError(error, 'document-damaged')) throw error;
}

/** The error of something that came after a change, saying what is so: what it says itself is about its own part. */
function onRecord(error: unknown, state: string): unknown {
  if (!isRunbackError(error)) return error;
  return new RunbackError(error.code, error.message, {
    ...(error.why === undefined ? {} : { why: error.why }),
    state: `${state}.`,
    next: 'The daemon tries again by itself; without one: runback daemon --once',
    cause: error,
  });
}

/** Writes down an act with the pages it causes. */
async function record(append: Append, incident: Incident, file: Escalation, act: EscalationAct): Promise<Incident> {
  const { pages, unreachable } = pagesOf(incident, file, act);
  if (act.kind === 'contact') {
    const { rung, target, step, because } = act;
    const [page] = pages;
    const why = unreachable[0]?.why;
    const data = { rung, target, step, because, ...(page ? { page } : {}), ...(why === undefined ? {} : { unreachable: why }) };
    return await append('contact.fired', data, ROBOT);
  }
  const { index, level, round, exhausted, targets, grants, vendors, because } = act;
  const optional = {
    ...(level === undefined ? {} : { level }),
    ...(grants === undefined ? {} : { grants }),
    ...(because === undefined ? {} : { because }),
  };
  return await append('rung.fired', { index, round, exhausted, targets, vendors, pages, unreachable, ...optional }, ROBOT);
}
