import type { FiredRung, TakenContact } from '../../escalation/index.js';
import { defined, RunbackError } from '../../lib/index.js';
import type { JournalEntry } from '../../store/index.js';
import {
  type Incident,
  type IncidentEvents,
  type IncidentEventType,
  type IncidentGrant,
  type PageLine,
  type PlannedPage,
  ROBOT,
  type VendorCase,
} from '../types.js';
import { timelineText } from './timeline.js';

type Entry = {
  [T in IncidentEventType]: Omit<JournalEntry, 'type' | 'data'> & { readonly type: T; readonly data: IncidentEvents[T] };
}[IncidentEventType];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The incident after all entries of its journal. Entries of other types are passed over. Throws `not-found`,
 * `journal-damaged`.
 */
export function foldIncident(id: string, entries: readonly JournalEntry[]): Incident {
  let incident: Incident | undefined;
  for (const entry of entries) incident = stepIncident(id, incident, entry);
  if (!incident && !entries.every(isRepair))
    throw new RunbackError('journal-damaged', `The journal of ${id} does not begin with an opening`, { state: 'Nothing was changed.' });
  if (!incident)
    throw new RunbackError('not-found', `There is no incident ${id}`, {
      why: 'The command that opened it was stopped before the first line of its journal was complete.',
      state: 'Nothing was changed.',
      next: 'runback incident list',
    });
  return incident;
}

/** The store cut off a line that was never complete: of a first line, nothing is left. */
export const isRepair = ({ type }: Pick<JournalEntry, 'type'>): boolean => type === 'journal.repaired';

/** The incident after one more entry; undefined as long as it was not opened. */
export function stepIncident(id: string, before: Incident | undefined, line: JournalEntry): Incident | undefined {
  const entry = line as unknown as Entry;
  if (!before) return entry.type === 'incident.opened' ? opened(id, entry.at, entry.by, entry.data, line) : undefined;
  const text = timelineText(entry.type, entry.data, before.pages);
  const person = entry.by !== ROBOT;
  const after: Mutable<Incident> = {
    ...before,
    lastHash: line.hash,
    latestAt: entry.at > before.latestAt ? entry.at : before.latestAt,
    ...(person ? { lastActivityAt: entry.at } : {}),
    ...(text === undefined ? {} : { timeline: [...before.timeline, timelineEntry(line, text)] }),
  };
  apply(after, entry);
  return after;
}

function opened(id: string, at: string, by: string, data: IncidentEvents['incident.opened'], line: JournalEntry): Incident {
  return {
    id,
    title: data.title,
    severity: data.severity,
    status: 'open',
    ...defined({ summary: data.summary, impact: data.impact }),
    platforms: data.platforms,
    source: data.source,
    ...defined({ drill: data.drill, found: data.found }),
    openedAt: at,
    openedBy: by,
    ...defined({ beganAt: data.beganAt, detectedAt: data.detectedAt, policy: data.policy }),
    ladder: { n: 1, since: at, hurried: false, fired: [] },
    pages: [],
    owed: [],
    grants: [],
    links: [],
    vendors: [],
    lastUpdateAt: at,
    lastActivityAt: at,
    latestAt: at,
    absorbed: [],
    noteKeys: [],
    timeline: [timelineEntry(line, timelineText('incident.opened', data) ?? '')],
    lastHash: line.hash,
  };
}

function apply(incident: Mutable<Incident>, entry: Entry): void {
  switch (entry.type) {
    case 'incident.opened':
      return;
    case 'incident.triaged': {
      const { title, severity, impact, platforms, beganAt, restarts, anew } = entry.data;
      Object.assign(incident, defined({ title, severity, impact, platforms, beganAt }));
      if (restarts) pageAgain(incident);
      if (restarts || anew === true) restart(incident, entry.at);
      return;
    }
    case 'incident.acknowledged':
      incident.status = incident.status === 'mitigated' ? 'mitigated' : 'acknowledged';
      takenBy(incident, entry);
      delete incident.snoozedUntil;
      incident.ladder = { ...incident.ladder, hurried: false };
      say(incident, 'acknowledged', entry);
      incident.lastUpdateAt = entry.at;
      return;
    case 'incident.released':
      pageAgain(incident);
      restart(incident, entry.at);
      return;
    case 'incident.snoozed':
      incident.status = 'snoozed';
      incident.snoozedUntil = entry.data.until;
      if (entry.data.quiets === true) say(incident, 'acknowledged', entry);
      return;
    case 'incident.hurried':
      pageAgain(incident);
      incident.ladder = { ...incident.ladder, hurried: true };
      return;
    case 'incident.noted':
      if (entry.data.update) incident.lastUpdateAt = entry.at;
      if (entry.data.key !== undefined) incident.noteKeys = [...incident.noteKeys, entry.data.key];
      return;
    case 'incident.linked': {
      const { kind, id } = entry.data;
      if (incident.links.some((link) => link.kind === kind && link.id === id)) return;
      incident.links = [...incident.links, { kind, id, at: entry.at, by: entry.by }];
      return;
    }
    case 'incident.mitigated':
      incident.status = 'mitigated';
      incident.mitigatedAt ??= entry.at;
      incident.lastUpdateAt = entry.at;
      delete incident.snoozedUntil;
      if (entry.data.quiets === true) {
        takenBy(incident, entry);
        say(incident, 'acknowledged', entry);
      }
      return;
    case 'incident.resolved':
      incident.status = 'resolved';
      over(incident, entry);
      return;
    case 'incident.reopened':
      pageAgain(incident);
      delete incident.resolvedAt;
      delete incident.mergedInto;
      restart(incident, entry.at);
      return;
    case 'incident.merged':
      incident.status = 'merged';
      incident.mergedInto = entry.data.into;
      over(incident, entry);
      return;
    case 'incident.absorbed':
      incident.absorbed = [...incident.absorbed, entry.data.from];
      return;
    case 'vendor.engaged':
      incident.vendors = [...incident.vendors.filter(({ vendor }) => vendor !== entry.data.vendor), vendorCase(incident, entry)];
      return;
    case 'rung.fired':
      rungFired(incident, entry);
      return;
    case 'contact.fired': {
      const { rung, target, step, page } = entry.data;
      const taken: TakenContact = { target, step, at: entry.at, state: page === undefined ? 'failed' : 'open' };
      withRung(incident, rung, (fired) => ({ ...fired, contacts: [...fired.contacts, taken] }));
      if (page) incident.pages = [...incident.pages, pageLine(incident, page, 'alert', entry.at, { rung, target, step })];
      return;
    }
    case 'messages.sent': {
      const { kind, for: cause, vendor, pages } = entry.data;
      incident.owed = incident.owed.filter(({ seq }) => seq !== cause);
      incident.pages = [
        ...incident.pages,
        ...pages.map((page) => ({ ...pageLine(incident, page, kind, entry.at), ...defined({ for: cause, vendor }) })),
      ];
      if (kind === 'update-due') incident.lastUpdateAt = entry.at;
      if (kind === 'follow-up') incident.vendors = incident.vendors.map((one) => (one.vendor === vendor ? { ...one, reminded: true } : one));
      return;
    }
    case 'page.settled':
      pageSettled(incident, entry);
      return;
    case 'clock.set-back':
      setBack(incident, entry.at);
      return;
  }
}

/** Nobody has it: people are paged, and whatever was said of its being quiet or over is overtaken. */
function pageAgain(incident: Mutable<Incident>): void {
  incident.status = 'open';
  delete incident.holder;
  delete incident.snoozedUntil;
  delete incident.lastWord;
  incident.owed = [];
}

function takenBy(incident: Mutable<Incident>, { by, at }: Entry): void {
  incident.holder = { person: by, since: at };
  incident.firstAcknowledgedAt ??= at;
}

function over(incident: Mutable<Incident>, entry: Entry): void {
  incident.resolvedAt = entry.at;
  delete incident.snoozedUntil;
  say(incident, 'resolved', entry);
}

/** The word that channels have to hear now; it overtakes every earlier one. */
function say(incident: Mutable<Incident>, kind: 'acknowledged' | 'resolved', { seq, by }: Entry): void {
  incident.lastWord = { kind, seq };
  incident.owed = [{ kind, seq, by }];
}

/** No time that counts is later than this one. */
function setBack(incident: Mutable<Incident>, at: string): void {
  const bounded = <T extends { readonly at: string }>(one: T): T => (one.at > at ? { ...one, at } : one);
  const { since, fired } = incident.ladder;
  incident.latestAt = at;
  incident.ladder = {
    ...incident.ladder,
    since: since > at ? at : since,
    fired: fired.map((rung) => ({ ...bounded(rung), contacts: rung.contacts.map(bounded) })),
  };
  if (incident.lastActivityAt > at) incident.lastActivityAt = at;
  if (incident.lastUpdateAt > at) incident.lastUpdateAt = at;
  if (incident.holder && incident.holder.since > at) incident.holder = { ...incident.holder, since: at };
}

/** Escalation begins again at its first rung. */
function restart(incident: Mutable<Incident>, at: string): void {
  incident.ladder = { n: incident.ladder.n + 1, since: at, hurried: false, fired: [] };
}

function rungFired(incident: Mutable<Incident>, entry: Extract<Entry, { type: 'rung.fired' }>): void {
  const { index, targets, pages, unreachable, grants } = entry.data;
  const contacts = [
    ...pages.map((page): TakenContact => ({ target: page.target ?? 0, step: page.step ?? 0, at: entry.at, state: 'open' })),
    ...unreachable.map(({ target, step }): TakenContact => ({ target, step, at: entry.at, state: 'failed' })),
  ];
  const rung: FiredRung = { index, at: entry.at, targets, contacts };
  incident.ladder = { ...incident.ladder, hurried: false, fired: [...incident.ladder.fired, rung] };
  incident.pages = [
    ...incident.pages,
    ...pages.map((page) => pageLine(incident, page, 'alert', entry.at, { rung: index, target: page.target ?? 0, step: page.step ?? 0 })),
  ];
  if (grants === undefined) return;
  const people = new Set(targets.flatMap(({ person }) => (person === undefined ? [] : [person])));
  const fresh = [...people].filter((person) => !incident.grants.some((grant) => grant.person === person && grant.role === grants));
  incident.grants = [...incident.grants, ...fresh.map((person): IncidentGrant => ({ role: grants, person, since: entry.at }))];
}

function pageSettled(incident: Mutable<Incident>, entry: Extract<Entry, { type: 'page.settled' }>): void {
  const { key, state, attempts, why, needs, bundle } = entry.data;
  incident.lastSettled = key;
  const page = incident.pages.find((one) => one.key === key);
  incident.pages = incident.pages.map((one) =>
    one.key === key ? { ...one, state, settledAt: entry.at, attempts, ...defined({ why, needs, bundle }) } : one,
  );
  const of = page?.of;
  if (of?.ladder !== incident.ladder.n) return;
  const settled = (taken: TakenContact): TakenContact =>
    taken.target === of.target && taken.step === of.step ? { ...taken, state: state === 'failed' ? 'failed' : 'accepted' } : taken;
  withRung(incident, of.rung, (fired) => ({ ...fired, contacts: fired.contacts.map(settled) }));
}

function withRung(incident: Mutable<Incident>, index: number, change: (rung: FiredRung) => FiredRung): void {
  incident.ladder = { ...incident.ladder, fired: incident.ladder.fired.map((rung) => (rung.index === index ? change(rung) : rung)) };
}

function pageLine(
  incident: Incident,
  page: PlannedPage,
  kind: PageLine['kind'],
  at: string,
  of?: { readonly rung: number; readonly target: number; readonly step: number },
): PageLine {
  return { key: page.key, kind, to: page.to, at, state: 'open', ...(of ? { of: { ladder: incident.ladder.n, ...of } } : {}) };
}

function vendorCase(incident: Incident, entry: Extract<Entry, { type: 'vendor.engaged' }>): VendorCase {
  const earlier = incident.vendors.find(({ vendor }) => vendor === entry.data.vendor);
  const { vendor, number = earlier?.number, followUpAt } = entry.data;
  return { vendor, at: earlier?.at ?? entry.at, by: entry.by, reminded: false, ...defined({ number, followUpAt }) };
}

function timelineEntry({ seq, at, by, type, data }: JournalEntry, text: string): Incident['timeline'][number] {
  const source = typeof data['source'] === 'string' ? data['source'] : 'runback';
  const linked = data as Partial<IncidentEvents['incident.linked']>;
  const link = type === 'incident.linked' && linked.kind !== undefined && linked.id !== undefined ? { kind: linked.kind, id: linked.id } : undefined;
  const page = type === 'page.settled' && typeof data['key'] === 'string' ? { page: data['key'] } : {};
  return { seq, at, by, source, type, text, ...defined({ link }), ...page };
}
