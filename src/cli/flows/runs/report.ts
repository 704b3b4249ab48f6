import type { Escalation } from '../../../escalation/index.js';
import type { Incident } from '../../../incidents/index.js';
import { defined, isRunbackError } from '../../../lib/index.js';
import type { ReportData, ReportDeps } from '../../../reports/index.js';
import type { Session } from '../../session/session.js';
import type { Style } from '../../views/text/style.js';
import { wrap } from '../../views/text/width.js';
import { looksOfPlan } from '../restores/looks.js';

/** What reports are gathered with in a workspace: records are shown as plans show them. */
export function reportDeps(session: Session, escalation: Escalation | undefined): ReportDeps {
  return {
    store: session.store,
    clock: session.clock,
    redactor: session.redactor,
    looks: async (plan, records) => await looksOfPlan(session, plan, records),
    ...defined({ escalation }),
  };
}

type Headline = ReportData['headline'];

/** The headline of an incident's report; undefined where what is on record cannot be read, which ends nothing. */
export async function headlineOf(session: Session, incident: Incident): Promise<Headline | undefined> {
  const { gatherReport, withoutPersonalData } = await import('../../../reports/index.js');
  try {
    return withoutPersonalData(await gatherReport(incident, reportDeps(session, undefined))).headline;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return undefined;
  }
}

/** The headline as lines of the screen. */
export function headlineText(lines: readonly string[], style: Style): string {
  return lines.flatMap((line) => wrap(line, style.width - 2)).join('\n  ');
}
