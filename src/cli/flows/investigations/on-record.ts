import type { Incident } from '../../../incidents/index.js';
import type { Investigation, KeptGroup } from '../../../investigations/index.js';
import { isRunbackError, type RunbackError } from '../../../lib/index.js';
import { daemonRuns, deliverNow, type IncidentSession } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { incidentBlock, pagingText } from '../../views/incident.js';
import { visible } from '../../views/text/visible.js';
import { severities } from '../runs/respond.js';
import { incidentFacts } from './incident-facts.js';

/** Where what a person finds out and does is put on record. Nothing of it stops a repair. */
export interface OnRecord {
  /** The groups that a person took for damage. Gives the id of the incident; undefined where it could not be kept. */
  damage(investigation: Investigation, groups: readonly KeptGroup[]): Promise<string | undefined>;
  planned(plan: string): Promise<void>;
  /** The damage is repaired, and what wrote it is paused. */
  mitigated(what: string): Promise<void>;
  /** Where things stand, for others. */
  note(text: string): Promise<void>;
}

/**
 * Keeps it in an incident: `open` where one is being worked on, else in one that is opened once a person has said what
 * is damage. That pages whom its severity names, and is acknowledged by the person who is at work on it.
 */
export function inIncident(context: CommandContext, incidentSession: IncidentSession, session: Session, open?: Incident): OnRecord {
  const { live, style } = context;
  const { incidents, escalation } = incidentSession;
  const actor = { by: session.by, source: 'respond' };
  let id = open?.id;
  const quietly = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isRunbackError(error) || error.code === 'interrupted') throw error;
      live.note(notKept(error, id));
      return undefined;
    }
  };
  const linked = async (incident: string, kind: 'investigation' | 'plan' | 'snapshot', one: string): Promise<void> => {
    const { link } = await import('../../../incidents/index.js');
    await link(incidents, incident, kind, one, actor);
  };
  return {
    damage: async (investigation, groups) =>
      await quietly(async () => {
        const { header } = investigation;
        const { environment } = session.platformConfig(header.platform);
        const known = severities(escalation).map(([name]) => name);
        const { severity, ...facts } = incidentFacts(investigation, groups, { environment, severities: known });
        const { acknowledge, note } = await import('../../../incidents/index.js');
        if (id === undefined) {
          const opening = { ...facts, severity, platforms: [header.platform], source: 'respond', detectedAt: context.clock.now().toISOString() };
          const opened = await incidents.open(opening, session.by);
          ({ id } = opened);
          const told = await deliverNow(incidentSession, session, opened);
          const mine = await deliverNow(incidentSession, session, await acknowledge(incidents, told.id, actor));
          live.stop();
          live.print(`\n${incidentBlock(mine, style)}`);
          live.print(pagingText(mine, await daemonRuns(session), escalation !== undefined, style));
          const other = known.find((one) => one !== severity);
          if (other !== undefined) live.print(`If it is worse or milder:\n  runback incident triage ${id} --severity ${other}`);
        } else await note(incidents, id, `${facts.impact}. ${facts.summary}`, true, actor, `groups:${header.id}:${groups.map(({ n }) => n).join()}`);
        await linked(id, 'investigation', header.id);
        for (const { snapshot } of [header.base, header.damaged]) await linked(id, 'snapshot', snapshot);
        return id;
      }),
    planned: async (plan) =>
      await quietly(async () => {
        if (id !== undefined) await linked(id, 'plan', plan);
      }),
    mitigated: async (what) =>
      await quietly(async () => {
        const { mitigate } = await import('../../../incidents/index.js');
        if (id !== undefined) await deliverNow(incidentSession, session, await mitigate(incidents, id, what, actor));
      }),
    note: async (text) =>
      await quietly(async () => {
        const { note } = await import('../../../incidents/index.js');
        if (id !== undefined) await note(incidents, id, text, true, actor);
      }),
  };
}

function notKept({ message, why }: RunbackError, id: string | undefined): string {
  const what = id === undefined ? 'No incident could be opened, so no one was paged' : `Not on record in ${id}`;
  return visible(`${what}: ${[message, why].filter((part) => part !== undefined).join('. ')}`);
}
