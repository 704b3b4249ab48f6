import { type JobAlarm, type JobProblem, jobViews, type JobView, raiseJobAlarm } from '../../backups/index.js';
import { RunbackError } from '../../lib/index.js';
import type { JobConfig } from '../../workspace/index.js';
import { deliverNow } from '../session/incidents.js';
import type { Session } from '../session/session.js';
import { withIncidents } from '../session/with-incidents.js';
import type { CommandContext } from '../shell/command.js';
import { BACKUP_SOURCE } from './backup-jobs.js';

/** An alarm that stands, and the job it is about. */
export interface StandingAlarm {
  readonly view: JobView;
  readonly alarm: JobAlarm;
}

/** The severity of a job that fails, where escalation.yml has it; else its last one. */
const SEVERITY = 'sev3';

/**
 * Tells of jobs that fail, or miss their target: by one incident each, for as long as it lasts, where escalation.yml
 * says who is to be told. Gives the alarms that stand; one without an incident was told to nobody.
 */
export async function raiseJobAlarms(context: CommandContext, session: Session, jobs: readonly JobConfig[]): Promise<readonly StandingAlarm[]> {
  const { store, clock, by } = session;
  const standing: StandingAlarm[] = [];
  for (const view of await jobViews(jobs, { store, clock, catalog: await session.catalog() })) {
    const alarm = await raiseJobAlarm({ store, clock, by }, view, async (problem) => await tell(context, view, problem));
    if (alarm !== undefined) standing.push({ view, alarm });
  }
  return standing;
}

async function tell(context: CommandContext, view: JobView, problem: JobProblem): Promise<string | undefined> {
  return await withIncidents(context, async (incidentSession, session) => {
    const { incidents, escalation } = incidentSession;
    if (escalation === undefined) return undefined;
    const title = `Backup job ${view.job} needs attention`;
    const open = (await incidents.listOpen()).find((one) => 'title' in one && one.title === title);
    if (open !== undefined) return open.id;
    const incident = await incidents.open(
      {
        title,
        severity: Object.hasOwn(escalation.severities, SEVERITY) ? SEVERITY : (Object.keys(escalation.severities).at(-1) ?? SEVERITY),
        platforms: view.platforms,
        source: BACKUP_SOURCE,
        detectedAt: context.clock.now().toISOString(),
        impact: 'A rollback would put back older data than it should, or not everything.',
        summary: alarmWords(view, problem),
      },
      session.by,
    );
    await deliverNow(incidentSession, session, await incidents.read(incident.id));
    return incident.id;
  });
}

/** What is wrong with a job, in a sentence or two. */
export function alarmWords({ job, target, newest, last, waits }: JobView, problem: JobProblem): string {
  const newestWords = newest === undefined ? 'There is none.' : `The newest one is ${newest.snapshot}, from ${newest.startedAt}.`;
  const waiting = waits === undefined ? '' : ` It waits until ${waits.incident} is closed.`;
  switch (problem) {
    case 'late':
      return `The job ${job} has no complete snapshot younger than ${target ?? ''}. ${newestWords}${waiting}`;
    case 'failed':
      return last?.error === undefined
        ? `The last run of the job ${job} was interrupted.`
        : `The last run of the job ${job} failed: ${last.error.message}.`;
    case 'gaps':
      return `The last snapshot of the job ${job} does not hold everything: runback snapshot show ${last?.snapshot ?? ''}`;
    default:
      return problem satisfies never;
  }
}

/** The error for alarms that were told to nobody; undefined where there are none. */
export function untold(alarms: readonly StandingAlarm[]): RunbackError | undefined {
  const [first, ...others] = alarms.filter(({ alarm }) => alarm.incident === undefined);
  if (first === undefined) return undefined;
  return new RunbackError(
    'backup-failing',
    `The backup job ${first.view.job} needs attention${others.length === 0 ? '' : `, and ${others.length} more`}`,
    {
      why: [first, ...others].map(({ view, alarm }) => alarmWords(view, alarm.problem)).join(' '),
      state: 'No one was told: this workspace has no escalation.yml.',
      next: 'runback backup jobs',
      data: { jobs: [first, ...others].map(({ view }) => view.job) },
    },
  );
}
