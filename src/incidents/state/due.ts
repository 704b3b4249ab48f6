import { decideEscalation, type Escalation, type EscalationAct, type EscalationState } from '../../escalation/index.js';
import { defined } from '../../lib/index.js';
import type { Incident, PageLine, VendorCase } from '../types.js';

/** What has to be done for an incident now. Doing it and asking again with what it has become gives what follows. */
export interface IncidentDue {
  readonly acts: readonly EscalationAct[];
  readonly release?: 'expired' | 'snooze-ended';
  readonly owed: Incident['owed'];
  readonly update: boolean;
  readonly followUps: readonly VendorCase[];
  readonly next?: Date;
  readonly quietUntil?: string;
}

/** True where this person has it, so that saying so again changes nothing. */
export function hasIt({ status, holder }: Pick<Incident, 'status' | 'holder'>, person: string): boolean {
  return holder?.person === person && (status === 'acknowledged' || status === 'mitigated');
}

/**
 * True where a page still says what is so: not where a later state has overtaken it. A late "somebody has it" or "it is
 * over" would close an alert that is open again; a page of an earlier round would wake somebody whose turn has not
 * come.
 */
export function stillSays(incident: Incident, { key, kind }: Pick<PageLine, 'key' | 'kind'>): boolean {
  const line = incident.pages.find((one) => one.key === key);
  switch (kind) {
    case 'alert':
      return incident.status === 'open' && (line?.of === undefined || line.of.ladder === incident.ladder.n);
    case 'acknowledged':
    case 'resolved':
      return incident.lastWord !== undefined && incident.lastWord.kind === kind && incident.lastWord.seq === line?.for;
    case 'update-due':
      return reportsAreDue(incident) && (line === undefined || incident.lastUpdateAt <= line.at);
    case 'follow-up':
      return isOpen(incident) && (line?.vendor === undefined || incident.vendors.some(({ vendor, reminded }) => vendor === line.vendor && reminded));
    case 'test':
    case 'bundle':
      return true;
  }
}

/**
 * Keys of the pages on their way to the same channel that were decided on before this one: what they do there has to be
 * over first.
 */
export function pagesBefore({ pages }: Incident, key: string): readonly string[] {
  const at = pages.findIndex((page) => page.key === key);
  const channel = pages[at]?.to.channel;
  return pages.slice(0, Math.max(0, at)).flatMap((page) => (page.state === 'open' && page.to.channel === channel ? [page.key] : []));
}

/** Whoever has it says now and then where things stand. */
function reportsAreDue({ status }: Incident): boolean {
  return status === 'acknowledged' || status === 'mitigated';
}

/** True while something may still have to be done for it. */
export function isOpen(incident: Pick<Incident, 'status'>): boolean {
  return incident.status !== 'resolved' && incident.status !== 'merged';
}

/** The state that escalation decides on. */
export function escalationState(incident: Incident): EscalationState {
  const { since, hurried, fired } = incident.ladder;
  return { severity: incident.severity, since, held: incident.status !== 'open', hurried, fired };
}

/**
 * What is due for an incident at a time. Pure. `activeUntil`: the last sign of work in linked runs, which keeps an
 * acknowledgement alive.
 */
export function whatIsDue(incident: Incident, file: Escalation | undefined, now: Date, lastRunActivity?: string): IncidentDue {
  const nothing: IncidentDue = { acts: [], owed: incident.owed, update: false, followUps: [] };
  if (!file || !isOpen(incident)) return nothing;
  const severity = file.severities[incident.severity];
  const times: number[] = [];
  const dueAt = (at: number): boolean => {
    if (at <= now.getTime()) return true;
    times.push(at);
    return false;
  };
  const { status } = incident;
  let release: IncidentDue['release'];
  if (status === 'snoozed' && incident.snoozedUntil !== undefined && dueAt(Date.parse(incident.snoozedUntil))) release = 'snooze-ended';
  if (status === 'acknowledged' && severity) {
    const active = Math.max(Date.parse(incident.lastActivityAt), Date.parse(lastRunActivity ?? incident.lastActivityAt));
    if (dueAt(active + severity.ackExpiresMs)) release = 'expired';
  }
  const update =
    reportsAreDue(incident) &&
    severity?.updateEveryMs !== undefined &&
    release === undefined &&
    dueAt(Date.parse(incident.lastUpdateAt) + severity.updateEveryMs);
  const followUps = incident.vendors.filter(({ followUpAt, reminded }) => followUpAt !== undefined && !reminded && dueAt(Date.parse(followUpAt)));
  const escalation = release === undefined ? decideEscalation(file, escalationState(incident), now) : { acts: [] };
  if (escalation.next !== undefined) times.push(Date.parse(escalation.next));
  return {
    ...nothing,
    acts: escalation.acts,
    update,
    followUps,
    ...defined({ release }),
    ...(times.length === 0 ? {} : { next: new Date(Math.min(...times)) }),
    ...defined({ quietUntil: escalation.quietUntil }),
  };
}

/**
 * True where an incident has waited for someone longer than it should: what withholds the dead-man's ping and shows in
 * red.
 */
export function isOverdue(incident: Incident, file: Escalation | undefined, now: Date): boolean {
  // Nothing has happened that anybody would have to hear of.
  if (!file || !isOpen(incident) || incident.drill !== undefined) return false;
  const policy = file.policies[file.severities[incident.severity]?.policy ?? ''];
  const rungs = policy ? policy.levels.length * (1 + policy.repeat) : 0;
  const exhausted = incident.status === 'open' && policy !== undefined && incident.ladder.fired.some(({ index }) => index >= rungs);
  const due = whatIsDue(incident, file, now);
  return exhausted || due.acts.length > 0 || due.update || due.followUps.length > 0 || due.owed.length > 0;
}
