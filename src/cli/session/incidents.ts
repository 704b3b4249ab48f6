import type { ChannelConfig, Escalation } from '../../escalation/index.js';
import type { Incident, Incidents, OpenIncident, PageLinks } from '../../incidents/index.js';
import { isRunbackError, RunbackError, titleOf } from '../../lib/index.js';
import type { Channel, Outbox } from '../../notify/index.js';
import { visible } from '../views/text/visible.js';
import type { Place } from './place.js';

/** escalation.yml of a workspace, checked; undefined where there is none. Throws `file-invalid`, `secret-literal`. */
export async function readEscalation({ workspace }: Pick<Place, 'workspace'>): Promise<Escalation | undefined> {
  const { loadEscalation } = await import('../flows/escalation-file.js');
  try {
    return (await loadEscalation(workspace.root)).escalation;
  } catch (error) {
    if (isRunbackError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Everything that incidents need in one process. */
export interface IncidentSession {
  readonly incidents: Incidents;
  readonly outbox: Outbox | undefined;
  readonly escalation: Escalation | undefined;
  /** Why `escalation` is not what escalation.yml says now. */
  readonly trouble?: RunbackError;
  /** Stops what is under way. Never throws. */
  close(): Promise<void>;
}

/** The rules that the newest open incident was opened with; undefined where none has any. */
async function rulesOfIncidents({ store, clock }: Place): Promise<Escalation | undefined> {
  const { Incidents } = await import('../../incidents/index.js');
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const { incidents: read } = await incidents.readAll((await incidents.listOpen()).slice(-20).map(({ id }) => id));
  for (const incident of read.toReversed()) {
    const file = await incidents.policyOf(incident).catch(() => undefined);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** What incidents are opened with, beside the session. */
export interface IncidentSessionOptions {
  /** Who works: a person, or `daemon`. */
  readonly by: string;
  /** Links in pages; without it, those to the status page of the daemon that runs, if one does. */
  readonly links?: PageLinks;
}

/**
 * Opens the incidents of a workspace: their journals, outbox and channels. Whom to tell follows the policy an incident
 * was opened with; how a channel is reached follows the file of today, whose credentials are looked up when a page is
 * sent. A file that cannot be used, or is gone, stops nothing: the last one that could be used counts, and `trouble`
 * says why.
 */
export async function openIncidentSession(session: Place, options: IncidentSessionOptions): Promise<IncidentSession> {
  const { currentEscalation } = await import('./known-escalation.js');
  const [{ Incidents }, { escalation, trouble }] = await Promise.all([
    import('../../incidents/index.js'),
    currentEscalation(session, async () => await rulesOfIncidents(session)),
  ]);
  const why = trouble === undefined ? {} : { trouble };
  const { links = await linksOf(session) } = options;
  const { store, clock } = session;
  if (!escalation)
    return {
      incidents: new Incidents({ store, clock, escalation, outbox: undefined, links }),
      outbox: undefined,
      escalation,
      ...why,
      close: () => Promise.resolve(),
    };
  const { openChannel, openOutbox } = await import('../../notify/index.js');
  let incidents: Incidents | undefined;
  const outbox = openOutbox({
    store,
    clock,
    by: `${options.by}-${process.pid}`,
    caps: escalation.caps,
    channel: async (name) => {
      const config = escalation.channels[name];
      if (!config) throw new RunbackError('not-found', `escalation.yml no longer has the channel ${name}`, { state: 'The page was not sent.' });
      return forPurpose(config, await openChannel(config, session.channelDeps()));
    },
    wanted: async (page) => (incidents ? await incidents.wanted(page) : true),
    after: async (page) => (await incidents?.after(page)) ?? [],
    beforeSettled: async (record) => await incidents?.pageSettles(record),
    afterSettled: async (record) => await incidents?.pageSettles(record),
    damaged: async (key) => await incidents?.damaged(key),
  });
  incidents = new Incidents({ store, clock, escalation, outbox, links });
  return { incidents, outbox, escalation, ...why, close: () => outbox.close() };
}

/** A channel that takes no page of a drill unless escalation.yml says so today, whatever it said when the page was planned. */
function forPurpose({ name, drills }: ChannelConfig, channel: Channel): Channel {
  if (drills === true) return channel;
  return {
    ...channel,
    send: async (page, options) =>
      page.drill === true ? { state: 'permanent', why: `${name} is not a channel for drills` } : await channel.send(page, options),
  };
}

/** Links to the status page, where a daemon serves it. */
async function linksOf(session: Place): Promise<PageLinks> {
  if (!(await daemonRuns(session))) return {};
  const { announcedLinks } = await import('../../incidents/index.js');
  return await announcedLinks(session.store);
}

/** What is wrong with escalation.yml, what counts instead, and what to do. */
export const troubleText = ({ message, why, state, next }: RunbackError): string =>
  visible([`${message}.`, why, state, next].filter((part) => part !== undefined).join(' '));

/** True while a daemon works in this workspace. */
export async function daemonRuns({ store }: Place): Promise<boolean> {
  const { daemonsOf } = await import('../../store/index.js');
  return (await daemonsOf(store)).some(({ alive }) => alive);
}

/** How long a command waits for its pages to be taken. */
const PATIENCE_MS = 30_000;

/**
 * Sends what waits, where no daemon does it: until the pages of this incident are settled, or patience ends. Gives the
 * incident as it is then. Pages that are not through stay in the outbox.
 */
export async function deliverNow({ incidents, outbox }: IncidentSession, session: Place, incident: Incident): Promise<Incident> {
  if (!outbox || (await daemonRuns(session))) return incident;
  const end = session.clock.monotonicMs() + PATIENCE_MS;
  let now = incident;
  for (let tries = 0; tries < 20 && now.pages.some(({ state }) => state === 'open') && session.clock.monotonicMs() < end; tries += 1) {
    const before = open(now);
    await outbox.tick();
    await Promise.race([outbox.idle(), session.clock.sleep(Math.max(0, end - session.clock.monotonicMs()))]);
    try {
      now = await incidents.look(now.id);
    } catch (error) {
      // What was done is on record, and so are its pages: whoever is at it, or the next look, writes down how they
      // ended.
      if (!isRunbackError(error)) throw error;
      break;
    }
    // Waiting for a retry that is due later: that is the daemon's or the next command's.
    if (open(now) === before) break;
  }
  return now;
}

const open = (incident: Incident): string =>
  incident.pages
    .filter(({ state }) => state === 'open')
    .map(({ key }) => key)
    .join();

/** `[sev1] Wrong first names on contacts`, `[sev2] DRILL: Wrong first names on contacts`. */
export const nameOf = ({ severity, ...incident }: Pick<OpenIncident, 'severity' | 'title' | 'drill'>): string =>
  `[${severity}] ${visible(titleOf(incident))}`;

/** Every real incident that is open, as it is now. One that is damaged, or a drill, is left out: it gives nobody a role. */
export async function openIncidents({ store, clock }: Place): Promise<readonly Incident[]> {
  const { Incidents, isOpen } = await import('../../incidents/index.js');
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const { incidents: read } = await incidents.readAll((await incidents.listOpen()).map(({ id }) => id));
  return read.filter((one) => isOpen(one) && one.drill === undefined);
}

/**
 * Ids of the open incidents of these platforms; where there is none, of those that do not say yet what they are about.
 * What is done now by hand belongs to them. Undefined where they cannot be read: that holds nothing up, and then times
 * tell.
 */
export async function incidentsNow(session: Place, platforms: readonly string[]): Promise<readonly string[] | undefined> {
  try {
    const open = await openIncidents(session);
    const fitting = open.filter((one) => one.platforms.some((name) => platforms.includes(name)));
    return (fitting.length > 0 ? fitting : open.filter((one) => one.platforms.length === 0)).map(({ id }) => id);
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return undefined;
  }
}

/**
 * Ties a restore that was begun by hand, and its plan, to the incidents that were open then. What cannot be tied stops
 * nothing: the restore names them itself.
 */
export async function linkRestore(session: Place, ids: readonly string[], restore: string, plan: string): Promise<void> {
  const { Incidents, link } = await import('../../incidents/index.js');
  const { store, clock, by } = session;
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  for (const incident of ids)
    for (const [kind, id] of [['plan', plan] as const, ['restore', restore] as const])
      try {
        await link(incidents, incident, kind, id, { by, source: 'cli' }, 'started by hand');
      } catch (error) {
        if (!isRunbackError(error)) throw error;
      }
}

/**
 * The incident a run belongs to, with its incidents; undefined where it belongs to none. A damaged or missing incident
 * stops no run.
 */
export async function incidentOf(session: Place, run: string): Promise<{ readonly incident: Incident; readonly incidents: Incidents } | undefined> {
  const id = (await session.store.document<{ readonly incident: string }>('run-incidents', run).read())?.incident;
  if (id === undefined) return undefined;
  const { Incidents } = await import('../../incidents/index.js');
  const incidents = new Incidents({ store: session.store, clock: session.clock, escalation: undefined, outbox: undefined });
  try {
    return { incident: await incidents.read(id), incidents };
  } catch (error) {
    if (isRunbackError(error, 'not-found')) return undefined;
    throw error;
  }
}
