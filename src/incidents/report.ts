import type { Escalation } from '../escalation/index.js';
import type { Clock, Redactor } from '../lib/index.js';
import type { Store } from '../store/index.js';
import type { PauseRecord } from '../syncs/index.js';
import { failureLines } from './page-failures.js';
import { utc } from './report-document.js';
import { findingsOf } from './report-findings.js';
import { type OwnLines, readOwnLines } from './report-own.js';
import { Phrases } from './report-personal.js';
import { readPlanFacts } from './report-plan.js';
import { readRestoreFacts } from './report-restore.js';
import { readRunFacts } from './report-run.js';
import type { PageFacts, PausedSync, ReportData, ReportLine, ReportSpan, RestoreFacts, RunFacts } from './report-types.js';
import { addresseeOf } from './timeline.js';
import { type Incident, type LinkKind, ROBOT } from './types.js';

/** What a report is gathered with. */
export interface ReportDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** The escalation.yml of now, for incidents that were opened without one; else the one the incident was opened with counts. */
  readonly escalation?: Escalation;
  /** Hides what is known to be a secret in everything gathered. */
  readonly redactor?: Redactor;
}

/**
 * Everything a report says of an incident, as plain JSON: from its journal, the journals of the runs and restores that belong to it, the
 * plans, and the pauses. A run, plan or restore belongs where it is linked, or where a linked run names it. Reads only. What is not on
 * record is absent; a journal that cannot be read to its end is named as a problem. Holds personal data: {@link withoutPersonalData}.
 * Throws `journal-damaged` where the incident's own journal is not whole.
 */
export async function gatherReport(incident: Incident, deps: ReportDeps): Promise<ReportData> {
  const { store, clock, redactor } = deps;
  const own = await readOwnLines(store, incident.id);
  const escalation = (await frozenPolicy(store, incident.policy)) ?? deps.escalation;
  const runs = await readAll(linked(incident, 'run'), (id) => readRunFacts(store, id));
  const restoreIds = [...linked(incident, 'restore'), ...runs.flatMap((run) => run.restores)];
  const restores = await readAll(restoreIds, (id) => readRestoreFacts(store, id));
  const syncs = await pausedSyncs(incident, deps);
  const phrases = new Phrases(written(incident, runs, restores, syncs));
  const planIds = [...linked(incident, 'plan'), ...runs.flatMap((run) => run.plans), ...restores.map(({ plan }) => plan)];
  const plans = await readAll(planIds, (id) => readPlanFacts(store, id, phrases.look));
  const pages = pageFacts(incident);
  const times = timesOf(incident, pages);
  const timeline = timelineOf(incident, runs, restores, syncs);
  const severity = escalation?.severities[incident.severity];
  const facts: Omit<ReportData, 'findings' | 'valuesInText'> = {
    version: 1,
    gatheredAt: clock.now().toISOString(),
    personal: true,
    id: incident.id,
    title: incident.title,
    severity: incident.severity,
    ...(severity === undefined ? {} : { means: severity.means }),
    status: incident.status,
    ...(incident.summary === undefined ? {} : { summary: incident.summary }),
    ...(incident.impact === undefined ? {} : { impact: incident.impact }),
    platforms: incident.platforms,
    source: incident.source,
    openedBy: incident.openedBy,
    ...(incident.holder === undefined ? {} : { holder: incident.holder.person }),
    people: peopleIn(timeline, escalation),
    times,
    spans: spansOf(times, ackWithin(own, escalation)),
    plans,
    restores,
    syncs,
    runs,
    approvals: runs.flatMap(({ approvals }) => approvals),
    pages,
    vendors: incident.vendors.map(({ reminded: _reminded, ...one }) => one),
    links: incident.links,
    merged: { ...(incident.mergedInto === undefined ? {} : { into: incident.mergedInto }), absorbed: own.absorbed },
    timeline,
    lastHash: incident.lastHash,
  };
  const data: ReportData = { ...facts, findings: findingsOf(facts, own), valuesInText: phrases.found };
  return redactor === undefined ? data : redactor.value(data);
}

function linked(incident: Incident, kind: LinkKind): readonly string[] {
  return incident.links.filter((link) => link.kind === kind).map(({ id }) => id);
}

async function readAll<T>(ids: readonly string[], read: (id: string) => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (const id of new Set(ids)) if (id !== '') all.push(await read(id));
  return all;
}

async function frozenPolicy(store: Store, digest: string | undefined): Promise<Escalation | undefined> {
  return digest === undefined ? undefined : await store.document<Escalation>('policies', digest).read();
}

function written(incident: Incident, runs: readonly RunFacts[], restores: readonly RestoreFacts[], syncs: readonly PausedSync[]): readonly string[] {
  return [
    incident.title,
    incident.summary ?? '',
    incident.impact ?? '',
    ...incident.timeline.map(({ text }) => text),
    ...runs.flatMap(({ title, because, steps, events, approvals }) => [
      title,
      because ?? '',
      ...steps.flatMap((step) => [step.title, step.error ?? '', ...step.evidence]),
      ...events.map(({ text }) => text),
      ...approvals.map(({ note }) => note ?? ''),
    ]),
    ...restores.flatMap(({ messages, stoppedBecause }) => [...messages, stoppedBecause ?? '']),
    ...syncs.flatMap(({ reason, why }) => [reason, why ?? '']),
  ];
}

/** Pauses that linked runs made, and those that others made while the incident lasted. */
async function pausedSyncs(incident: Incident, { store, clock }: ReportDeps): Promise<readonly PausedSync[]> {
  const runs = new Set(linked(incident, 'run'));
  const start = [incident.beganAt, incident.detectedAt, incident.openedAt].filter((at) => at !== undefined).sort()[0] ?? incident.openedAt;
  const end = incident.resolvedAt ?? clock.now().toISOString();
  const syncs: PausedSync[] = [];
  for (const id of await store.list('sync-pauses')) {
    const record = await store.document<PauseRecord>('sync-pauses', id).read();
    if (record === undefined) continue;
    const run = record.holder.split('/')[0] ?? record.holder;
    if (!runs.has(run) && (run.startsWith('run-') || record.at < start || record.at > end)) continue;
    const { by, at, reason, resumedAt, resumedBy } = record;
    for (const { sync, earlier, state, why } of record.entries)
      syncs.push({
        pause: id,
        sync,
        by,
        at,
        reason,
        earlier,
        state,
        ...(why === undefined ? {} : { why }),
        ...(resumedAt === undefined ? {} : { resumedAt }),
        ...(resumedBy === undefined ? {} : { resumedBy }),
        ...(runs.has(run) ? { run } : {}),
      });
  }
  return syncs.sort((a, b) => a.at.localeCompare(b.at));
}

function pageFacts({ pages }: Incident): readonly PageFacts[] {
  return pages.map(({ key, kind, to, at, state, settledAt, attempts, why, needs, bundle }) => ({
    key,
    kind,
    at,
    state,
    medium: to.medium,
    channel: to.channel,
    to: to.name ?? to.person ?? to.channel,
    ...(to.person === undefined ? {} : { person: to.person }),
    ...(settledAt === undefined ? {} : { settledAt }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(why === undefined ? {} : { why }),
    ...(needs === undefined ? {} : { needs }),
    ...(bundle === undefined ? {} : { bundle }),
  }));
}

function timesOf(incident: Incident, pages: readonly PageFacts[]): ReportData['times'] {
  const accepted = pages.filter(({ kind, state }) => kind === 'alert' && state === 'accepted').map(({ settledAt }) => settledAt);
  const firstAccepted = accepted.filter((at) => at !== undefined).sort()[0];
  const { beganAt, detectedAt, openedAt, firstAcknowledgedAt, mitigatedAt, resolvedAt, mergedInto } = incident;
  return {
    ...(beganAt === undefined ? {} : { began: beganAt }),
    ...(detectedAt === undefined ? {} : { detected: detectedAt }),
    opened: openedAt,
    ...(firstAccepted === undefined ? {} : { firstAccepted }),
    ...(firstAcknowledgedAt === undefined ? {} : { firstAcknowledged: firstAcknowledgedAt }),
    ...(mitigatedAt === undefined ? {} : { mitigated: mitigatedAt }),
    ...(resolvedAt === undefined || mergedInto !== undefined ? {} : { resolved: resolvedAt }),
  };
}

function spansOf(times: ReportData['times'], ackWithinMs: number | undefined): readonly ReportSpan[] {
  const span = (name: string, from: string | undefined, to: string | undefined, withinMs?: number): ReportSpan => {
    const ms = from === undefined || to === undefined ? Number.NaN : Date.parse(to) - Date.parse(from);
    return {
      name,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(Number.isNaN(ms) ? {} : { ms }),
      ...(withinMs === undefined ? {} : { withinMs }),
    };
  };
  const { began, detected, opened, firstAccepted, firstAcknowledged, mitigated, resolved } = times;
  return [
    span('Began to detected', began, detected),
    span('Detected to opened', detected, opened),
    span('Opened to first page accepted', opened, firstAccepted),
    span('Opened to first acknowledgement', opened, firstAcknowledged, ackWithinMs),
    span('Opened to mitigated', opened, mitigated),
    span('Opened to resolved', opened, resolved),
  ];
}

/** What the first level asks for; unknown where another severity applied at the acknowledgement than at the opening. */
function ackWithin({ openedAs, acknowledgedAs }: OwnLines, escalation: Escalation | undefined): number | undefined {
  if (openedAs === undefined || (acknowledgedAs !== undefined && acknowledgedAs !== openedAs)) return undefined;
  return escalation?.policies[escalation.severities[openedAs]?.policy ?? '']?.levels[0]?.ackWithinMs;
}

function timelineOf(
  incident: Incident,
  runs: readonly RunFacts[],
  restores: readonly RestoreFacts[],
  syncs: readonly PausedSync[],
): readonly ReportLine[] {
  const lines: ReportLine[] = withoutFailures(incident).map(({ at, by, source, text, link }) => ({
    at,
    by,
    source,
    text: readable(incident, text),
    ...(link === undefined ? {} : { evidence: link }),
  }));
  for (const { id, events } of runs)
    for (const { at, by, text } of events) lines.push({ at, by, text, source: 'run', evidence: { kind: 'run', id } });
  for (const { id, by, plan, startedAt, finishedAt, undoneAt } of restores) {
    const add = (at: string | undefined, text: string): void => {
      if (at !== undefined && at !== '') lines.push({ at, by, text, source: 'restore', evidence: { kind: 'restore', id } });
    };
    add(startedAt, `Restore of ${plan} began`);
    add(finishedAt, `Restore of ${plan} ended`);
    add(undoneAt, `Restore of ${plan} was undone`);
  }
  for (const { pause, sync, by, at, earlier, state, resumedAt, resumedBy } of syncs) {
    const evidence = { kind: 'pause', id: pause } as const;
    if (earlier === 'running') lines.push({ at, by, source: 'syncs', text: `Sync ${sync} paused`, evidence });
    if (resumedAt !== undefined && state === 'resumed')
      lines.push({ at: resumedAt, by: resumedBy ?? by, source: 'syncs', text: `Sync ${sync} started again`, evidence });
  }
  return lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** The timeline, with pages that failed together as one line: twenty of one cause say no more than one. */
function withoutFailures({ timeline, pages }: Incident): Incident['timeline'] {
  const lines: Incident['timeline'][number][] = [];
  for (const entry of timeline) {
    const last = lines.at(-1);
    if (entry.type !== 'page.settled' || last?.type !== 'page.settled') {
      lines.push(entry);
      continue;
    }
    const from = lines.length === 1 ? '' : last.at;
    const failed = pages.filter(
      ({ state, settledAt }) => state === 'failed' && settledAt !== undefined && settledAt >= from && settledAt <= entry.at,
    );
    const cause = failureLines(
      failed.map(({ to, why, needs }) => ({ channel: to.channel, why, needs })),
      true,
    );
    lines[lines.length - 1] = { ...last, text: `${cause.join('. ')}.` };
  }
  return lines;
}

/** For people: whom a page was for instead of its key, and times as everywhere in the report. */
function readable({ pages }: Incident, text: string): string {
  const page = text.startsWith('Page ') ? pages.find(({ key }) => text.startsWith(`Page ${key} `)) : undefined;
  const words = page === undefined ? text : `Page to ${addresseeOf(page)} ${text.slice(`Page ${page.key} `.length)}`;
  return words.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z/gu, utc);
}

function peopleIn(timeline: readonly ReportLine[], escalation: Escalation | undefined): ReportData['people'] {
  const ids = [...new Set(timeline.map(({ by }) => by))].filter((by) => by !== ROBOT);
  return ids.map((id) => {
    const name = escalation !== undefined && Object.hasOwn(escalation.people, id) ? escalation.people[id]?.name : undefined;
    return { id, ...(name === undefined ? {} : { name }) };
  });
}
