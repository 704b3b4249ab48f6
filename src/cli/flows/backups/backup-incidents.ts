import { isRunbackError } from '../../../lib/index.js';
import { deliverNow } from '../../session/incidents.js';
import { withIncidents } from '../../session/with-incidents.js';
import type { CommandContext } from '../../shell/command.js';

/** Where an incident comes from that tells of backups: no backup waits for one of its own kind. */
export const BACKUP_SOURCE = 'backup';

/** The severity of what is wrong with backups, where escalation.yml has it; else its last one. */
const SEVERITY = 'sev3';

/** What an incident about backups says. */
export interface BackupTrouble {
  /** One incident of this title is open at a time. */
  readonly title: string;
  readonly platforms: readonly string[];
  readonly impact: string;
  readonly summary: string;
  /** Noted on the incident where one is open for it already; once for each key. */
  readonly again?: { readonly text: string; readonly key: string };
}

/**
 * Opens an incident, or gives the one of that title that is open already; undefined where there is no escalation.yml, so
 * that nobody would be told.
 */
export async function openOnce(context: CommandContext, { title, platforms, impact, summary, again }: BackupTrouble): Promise<string | undefined> {
  return await withIncidents(context, async (incidentSession, session) => {
    const { incidents, escalation } = incidentSession;
    if (escalation === undefined) return undefined;
    const open = (await incidents.listOpen()).find((one) => 'title' in one && one.title === title);
    if (open !== undefined) {
      if (again !== undefined) await noteOn(context, open.id, again.text, again.key);
      return open.id;
    }
    const incident = await incidents.open(
      {
        title,
        severity: Object.hasOwn(escalation.severities, SEVERITY) ? SEVERITY : (Object.keys(escalation.severities).at(-1) ?? SEVERITY),
        platforms,
        source: BACKUP_SOURCE,
        detectedAt: context.clock.now().toISOString(),
        impact,
        summary,
      },
      session.by,
    );
    await deliverNow(incidentSession, session, await incidents.read(incident.id));
    return incident.id;
  });
}

/** Writes a line into the timeline of an incident, once for each key. An incident that is gone or cannot be read holds nothing up. */
export async function noteOn(context: CommandContext, incident: string, text: string, key: string): Promise<void> {
  await withIncidents(context, async ({ incidents }, { by }) => {
    const { note } = await import('../../../incidents/index.js');
    try {
      await note(incidents, incident, text, false, { by, source: BACKUP_SOURCE }, key);
    } catch (error) {
      if (!isRunbackError(error) || context.interrupts.signal.aborted) throw error;
      context.live.print(`${context.style.glyph.warning} Not noted on ${incident}: ${error.message}`);
    }
  });
}
