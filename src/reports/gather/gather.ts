import type { Escalation } from '../../escalation/index.js';
import { type Incident, ROBOT } from '../../incidents/index.js';
import { defined, titleOf } from '../../lib/index.js';
import type { Clock, Redactor } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import { Phrases } from '../incident/personal.js';
import type { PageFacts, ReportData, ReportLine } from '../types.js';
import { type PlanRead, type RepairFacts, repairOf } from './counts.js';
import { decisionsOf } from './decisions.js';
import { findingsOf } from './findings.js';
import { besideRestores, linked, pausedSyncs } from './linked.js';
import { type RecordRef, type Looks, named, namedRecords } from './names.js';
import { readOwnLines } from './own.js';
import { readPlanFacts } from './plan.js';
import { readRestoreFacts, withObjects } from './restore.js';
import { readRunFacts } from './run.js';
import { timelineOf } from './timeline.js';
import { ackWithin, spansOf, timesOf, tookOf } from './times.js';
import { written } from './written.js';

/** What a report is gathered with. */
export interface ReportDeps {
  readonly store: Store;
  readonly clock: Clock;
  /**
   * The escalation.yml of now, for incidents that were opened without one; else the one the incident was opened with
   * counts.
   */
  readonly escalation?: Escalation;
  /** Hides what is known to be a secret in everything gathered. */
  readonly redactor?: Redactor;
  /** How people know the records of a plan; without it they are shown by their keys. */
  readonly looks?: (plan: string, records: readonly RecordRef[]) => Promise<Looks>;
}

/**
 * Everything a report says of an incident, as plain JSON: from its journal, the journals of the runs and restores that
 * belong to it, the plans, and the pauses. A run, plan, restore or pause belongs where it is linked, where a linked run
 * names it, or where it names the incident itself. Reads only. What is not on record is absent; a journal that cannot
 * be read to its end is named as a problem. Holds personal data: {@link withoutPersonalData}. Throws `journal-damaged`
 * where the incident's own journal is not whole.
 */
export async function gatherReport(incident: Incident, deps: ReportDeps): Promise<ReportData> {
  const { store, clock, redactor } = deps;
  const own = await readOwnLines(store, incident.id);
  const escalation = (await frozenPolicy(store, incident.policy)) ?? deps.escalation;
  const runs = await readAll(linked(incident, 'run'), (id) => readRunFacts(store, id));
  const restoreIds = [...linked(incident, 'restore'), ...runs.flatMap((run) => run.restores), ...(await besideRestores(incident, deps))];
  // Ids sort by when they began, whatever the clock was.
  const works = await readAll([...restoreIds].sort(), (id) => readRestoreFacts(store, id));
  const syncs = await pausedSyncs(incident, deps);
  const phrases = new Phrases(
    written(
      incident,
      runs,
      works.map(({ facts }) => facts),
      syncs,
    ),
  );
  const planIds = [...linked(incident, 'plan'), ...runs.flatMap((run) => run.plans), ...works.map(({ work }) => work.plan)];
  const read = await readAll(planIds, (id) => readPlanFacts(store, id, phrases.look));
  const repair = await namedRecords(
    repairOf(
      read,
      works.map(({ work }) => work),
      runs,
    ),
    deps.looks,
  );
  const { plans, ...counts } = repair;
  for (const look of named(repair)) for (const text of [look.name, look.address]) phrases.look(text);
  const restores = works.map((one) => withObjects(one, objectsIn(read, one.work.plan)));
  const pages = pageFacts(incident);
  const times = timesOf(incident, pages);
  const timeline = timelineOf(incident, runs, restores, syncs);
  const decisions = decisionsOf(incident, runs, plans, works, syncs);
  const severity = escalation?.severities[incident.severity];
  const facts: Omit<ReportData, 'findings' | 'valuesInText'> = {
    version: 1,
    gatheredAt: clock.now().toISOString(),
    personal: true,
    id: incident.id,
    title: titleOf(incident),
    ...(incident.drill === undefined ? {} : { drill: incident.drill }),
    headline: { ...withoutPlans(counts), incomplete: counts.incomplete || works.some((one) => one.facts.problem !== undefined), ...tookOf(times) },
    severity: incident.severity,
    ...(severity === undefined ? {} : { means: severity.means }),
    status: incident.status,
    ...defined({ summary: incident.summary, impact: incident.impact }),
    platforms: incident.platforms,
    source: incident.source,
    openedBy: incident.openedBy,
    ...(incident.holder === undefined ? {} : { holder: incident.holder.person }),
    people: peopleIn(timeline, decisions, escalation),
    times,
    spans: spansOf(times, ackWithin(own, escalation)),
    plans,
    restores,
    syncs,
    runs,
    approvals: runs.flatMap(({ approvals }) => approvals),
    decisions,
    pages,
    vendors: incident.vendors.map(({ reminded: _reminded, ...one }) => one),
    links: incident.links,
    merged: { ...defined({ into: incident.mergedInto }), absorbed: own.absorbed },
    timeline,
    lastHash: incident.lastHash,
  };
  const data: ReportData = { ...facts, findings: findingsOf(facts, own), valuesInText: phrases.found };
  return redactor === undefined ? data : redactor.value(data);
}

/** Object types by the number of the change, as a plan has them. */
function objectsIn(plans: readonly PlanRead[], plan: string): ReadonlyMap<string, string> {
  const changes = plans.find(({ facts }) => facts.id === plan)?.cells.changes ?? [];
  return new Map(changes.map(({ n, object }) => [n, object]));
}

/** Which plan a record that is left was found in is for finding its name only. */
function withoutPlans<T extends Pick<RepairFacts, 'examples'>>(counts: T): T {
  return { ...counts, examples: counts.examples.map(({ plan: _plan, ...one }) => one) };
}

async function readAll<T>(ids: readonly string[], read: (id: string) => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (const id of new Set(ids)) if (id !== '') all.push(await read(id));
  return all;
}

async function frozenPolicy(store: Store, digest: string | undefined): Promise<Escalation | undefined> {
  return digest === undefined ? undefined : await store.document<Escalation>('policies', digest).read();
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
    ...defined({ person: to.person, settledAt, attempts, why, needs, bundle }),
  }));
}

function peopleIn(timeline: readonly ReportLine[], decisions: ReportData['decisions'], escalation: Escalation | undefined): ReportData['people'] {
  const ids = [...new Set([...timeline, ...decisions].map(({ by }) => by))].filter((by) => by !== ROBOT);
  return ids.map((id) => {
    const name = escalation !== undefined && Object.hasOwn(escalation.people, id) ? escalation.people[id]?.name : undefined;
    return { id, ...defined({ name }) };
  });
}
