import type { Escalation } from '../escalation/index.js';
import { defined, isRunbackError, RunbackError } from '../lib/index.js';
import type { Incidents } from './incidents.js';
import { hasIt, isOpen } from './state/due.js';
import { requireSeverity } from './state/severity.js';
import { TRANSITIONS, type IncidentTransition } from './state/transition-table.js';
import type { Incident, LinkKind } from './types.js';

/** Who does something to an incident, and from where. */
export interface Actor {
  readonly by: string;
  /** `cli`, `respond`, `link`, `runbook`. */
  readonly source: string;
}

/** "I have it": paging stops. Throws `usage` where the incident is over. */
export async function acknowledge(incidents: Incidents, id: string, { by, source }: Actor): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'acknowledge');
    // A second "I have it" by the same person causes nothing.
    if (!hasIt(incident, by)) await append('incident.acknowledged', { source });
  });
}

/** Gives it back: escalation begins again. */
export async function release(incidents: Incidents, id: string, { by, source }: Actor): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'release');
    await append('incident.released', { because: 'asked', source });
  });
}

/** The next level, now. */
export async function escalate(incidents: Incidents, id: string, why: string | undefined, { by, source }: Actor): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'escalate');
    await append('incident.hurried', { source, ...defined({ why }) });
  });
}

/**
 * A line in the timeline; `update`: it tells others where things stand, so that none is due for a while. With a `key`,
 * once only.
 */
export async function note(incidents: Incidents, id: string, text: string, update: boolean, { by, source }: Actor, key?: string): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    if (key !== undefined && incident.noteKeys.includes(key)) return;
    await append('incident.noted', { text, update, source, ...defined({ key }) });
  });
}

/**
 * What is known better now. A worse severity with other rules tells the people of its first level, even where somebody
 * has it.
 */
export async function triage(
  incidents: Incidents,
  id: string,
  facts: {
    readonly severity?: string;
    readonly title?: string;
    readonly impact?: string;
    readonly platforms?: readonly string[];
    readonly beganAt?: string;
    readonly why?: string;
  },
  { by, source }: Actor,
): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'triage-same');
    const file = await incidents.policyOf(incident);
    if (facts.severity !== undefined) requireSeverity(facts.severity, file, 'Nothing was changed.');
    await append('incident.triaged', { ...facts, ...rulesAfter(incident, facts.severity, file), source });
  });
}

/** Where people are being paged, whatever ends that is said to channels: a service would go on ringing by itself. */
const quiets = ({ status }: Incident): { readonly quiets?: true } => (status === 'open' ? { quiets: true } : {});

/** Nobody is paged until then; after that, escalation begins again. */
export async function snooze(incidents: Incidents, id: string, until: Date, { by, source }: Actor): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'snooze');
    if (until <= incidents.options.clock.now())
      throw new RunbackError('usage', 'A snooze must end in the future', { why: `${until.toISOString()} is past.`, state: 'Nothing was changed.' });
    await append('incident.snoozed', { until: until.toISOString(), source, ...quiets(incident) });
  });
}

/** The damage has stopped; the incident stays open. Where nobody had it, whoever says so has it now. */
export async function mitigate(incidents: Incidents, id: string, what: string, { by, source }: Actor): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'mitigate');
    await append('incident.mitigated', { what, source, ...quiets(incident) });
  });
}

/** It is over. */
export async function resolve(incidents: Incidents, id: string, what: string, { by, source }: Actor): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'resolve');
    await append('incident.resolved', { what, source });
  });
}

export async function reopen(incidents: Incidents, id: string, why: string, { by, source }: Actor): Promise<Incident> {
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'reopen');
    await append('incident.reopened', { why, source });
  });
}

/** Two reports of one thing: `id` ends, and what is known of it is in the timeline of `into`. */
export async function merge(incidents: Incidents, id: string, into: string, { by, source }: Actor): Promise<Incident> {
  if (id === into) throw new RunbackError('usage', 'An incident cannot be merged into itself', { state: 'Nothing was changed.' });
  const from = await incidents.read(id);
  allow(from, 'merge');
  sameKind(from, await incidents.read(into));
  // First the one that stays: a crash in between leaves both open, and merging again changes only what is missing.
  const kept = await incidents.change(into, by, async (incident, append) => {
    allow(incident, 'absorb');
    if (!incident.absorbed.includes(id)) await append('incident.absorbed', { from: id, title: from.title, source });
    for (const link of from.links) await append('incident.linked', { kind: link.kind, id: link.id, source });
  });
  try {
    await incidents.change(id, by, async (incident, append) => {
      if (isOpen(incident)) await append('incident.merged', { into, source });
    });
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    const { code, message, why } = error;
    throw new RunbackError(code, message, {
      ...defined({ why }),
      state: `${into} contains its history. Whether ${id} has ended: runback incident show ${id}`,
      next: 'Merge it again: what is done is not done twice.',
      cause: error,
    });
  }
  return kept;
}

/** Ties a run, plan, restore, snapshot, drill or investigation to it. */
export async function link(
  incidents: Incidents,
  id: string,
  kind: LinkKind,
  linked: string,
  { by, source }: Actor,
  what?: string,
): Promise<Incident> {
  const incident = await incidents.change(id, by, async (now, append) => {
    if (kind !== 'drill') notInDrill(now, `no ${kind} belongs to it`);
    if (!now.links.some((one) => one.kind === kind && one.id === linked))
      await append('incident.linked', { kind, id: linked, source, ...defined({ what }) });
  });
  if (kind === 'run') await incidents.options.store.document<{ readonly incident: string }>('run-incidents', linked).update(() => ({ incident: id }));
  return incident;
}

/** The incident that a run works on, if it was tied to one. */
export async function incidentOfRun(incidents: Incidents, run: string): Promise<string | undefined> {
  return (await incidents.options.store.document<{ readonly incident: string }>('run-incidents', run).read())?.incident;
}

/** Records a case at a vendor's support and when to ask again. */
export async function engageVendor(
  incidents: Incidents,
  id: string,
  vendor: string,
  facts: { readonly number?: string; readonly followUpAt?: Date },
  { by, source }: Actor,
): Promise<Incident> {
  const { number, followUpAt } = facts;
  return await incidents.change(id, by, async (incident, append) => {
    allow(incident, 'engage-vendor');
    notInDrill(incident, 'no vendor is asked for help');
    await append('vendor.engaged', {
      vendor,
      source,
      ...defined({ number }),
      ...(followUpAt === undefined ? {} : { followUpAt: followUpAt.toISOString() }),
    });
  });
}

/** Throws `usage` where one is a drill and the other real: a drill hides nothing real, and nothing real ends with it. */
function sameKind(from: Incident, into: Incident): void {
  if ((from.drill === undefined) === (into.drill === undefined)) return;
  const drill = from.drill === undefined ? into : from;
  throw new RunbackError('usage', 'A drill and a real incident cannot be merged', { why: `${drill.id} is a drill.`, state: 'Nothing was changed.' });
}

/** Throws `usage` for a drill, with what is not done in one. */
function notInDrill({ id, drill }: Incident, what: string): void {
  if (drill === undefined) return;
  throw new RunbackError('usage', `${id} is a drill: ${what}`, { state: 'Nothing was changed.' });
}

/** Throws `usage` where the table has no such act in this state. */
function allow(incident: Incident, act: IncidentTransition): void {
  if (TRANSITIONS[act][incident.status] !== 'refused') return;
  if (isOpen(incident))
    throw new RunbackError('usage', `${incident.id} is open`, { state: 'Nothing was changed.', next: `runback incident show ${incident.id}` });
  throw new RunbackError('usage', `${incident.id} is ${incident.status}${incident.mergedInto === undefined ? '' : ` into ${incident.mergedInto}`}`, {
    why: 'Only an open incident can be changed.',
    state: 'Nothing was changed.',
    next: incident.mergedInto === undefined ? `runback incident reopen ${incident.id} --why "…"` : `runback incident show ${incident.mergedInto}`,
  });
}

/**
 * What another severity changes. sev1 is worse than sev2. People are told again only where other rules apply and it got
 * worse, or where nobody has it and another policy names other people. Its levels count from the first one in any case.
 */
function rulesAfter(
  { severity: from, status }: Incident,
  to: string | undefined,
  file: Escalation | undefined,
): { readonly restarts: boolean; readonly anew?: true } {
  const [before, after] = [file?.severities[from], to === undefined ? undefined : file?.severities[to]];
  if (to === undefined || after === undefined) return { restarts: false };
  const otherPolicy = before?.policy !== after.policy;
  const isWorse = to < from && (otherPolicy || before.quietHours !== after.quietHours);
  const restarts = isWorse || (otherPolicy && status === 'open');
  return { restarts, ...(otherPolicy && !restarts ? { anew: true } : {}) };
}
