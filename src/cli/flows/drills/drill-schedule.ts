import type { DrillResult } from '../../../drills/index.js';
import { messageOf, runProgram } from '../../../lib/index.js';
import { deliverNow } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { DaemonRun } from '../../session/wiring.js';
import { withIncidents } from '../../session/with-incidents.js';
import type { CommandContext } from '../../shell/command.js';
import type { UnstagedDrill } from './drills.js';

/** Longest that all scheduled drills together may take. */
const LIMIT_MS = 6 * 3_600_000;

/** Opens one incident, sev3, for each drill that used to pass and does not any more. Gives their ids. */
export async function tellOfFailures(
  context: CommandContext,
  results: readonly DrillResult[],
  unstaged: readonly UnstagedDrill[],
): Promise<readonly string[]> {
  const { raiseAlarms } = await import('../../../drills/index.js');
  return await withIncidents(context, async (incidentSession, session) => {
    const { incidents } = incidentSession;
    const startedAt = context.clock.now().toISOString();
    const ends = [
      ...results.map(({ id, drill, passed, startedAt: at, checks }) => ({ id, drill, passed, startedAt: at, wrong: wrongIn(checks) })),
      ...unstaged.map(({ drill, error }) => ({ drill, passed: false, startedAt, wrong: `${error.message}: ${error.why ?? ''}` })),
    ];
    return await raiseAlarms(session.store, ends, async (end) => {
      const { drill, wrong } = end;
      const { link } = await import('../../../incidents/index.js');
      const title = `Drill ${drill} no longer passes`;
      const open = (await incidents.listOpen()).find((one) => 'title' in one && one.title === title);
      if (open !== undefined) return open.id;
      const incident = await incidents.open(
        {
          title,
          severity: 'sev3',
          platforms: [],
          source: 'drill',
          detectedAt: context.clock.now().toISOString(),
          impact: 'The rollback that this drill rehearses may not work when it is needed.',
          summary: wrong,
        },
        session.by,
      );
      if ('id' in end && typeof end.id === 'string') await link(incidents, incident.id, 'drill', end.id, { by: session.by, source: 'drill' });
      await deliverNow(incidentSession, session, await incidents.read(incident.id));
      return incident.id;
    });
  });
}

const wrongIn = (checks: DrillResult['checks']): string =>
  checks
    .filter(({ passed }) => !passed)
    .map(({ name, found, wanted }) => `${name}: ${found} (wanted: ${wanted})`)
    .join('; ');

/**
 * Runs the scheduled drills when they are due, beside everything else: in a process of their own, so that no page waits
 * for them. Where the daemon ends meanwhile, they are due again.
 */
export function drillTicker(
  session: Session,
  { stdio, call, input }: CommandContext,
  say: (line: string) => void,
): NonNullable<DaemonRun['tickers']>[number] {
  let underWay = false;
  const start = async (drills: readonly string[]): Promise<void> => {
    const words = drills.length === 0 ? ['--all'] : drills;
    const command = [
      process.execPath,
      process.argv[1] ?? 'runback',
      '--workspace',
      session.workspace.root,
      '--json',
      'drill',
      'run',
      ...words,
      '--scheduled',
    ];
    const environment = Object.fromEntries(Object.entries(stdio.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
    const end = await runProgram(command, { cwd: session.workspace.root, env: environment, timeoutMs: LIMIT_MS, signal: call.signal });
    say(
      end.state === 'exited'
        ? `The scheduled drills have ended with status ${end.status}.`
        : `The scheduled drills did not come to their end: ${end.state}.`,
    );
  };
  return {
    name: 'drills',
    tick: async (now) => {
      if (underWay) return { due: 0 };
      const { readSchedule, scheduleRan } = await import('../../../drills/index.js');
      const schedule = await readSchedule(session.store);
      if (schedule === undefined || Date.parse(schedule.next) > now.getTime()) return { due: 0 };
      underWay = true;
      say('The scheduled drills begin.');
      const over = start(schedule.drills)
        // Whatever came of it: what fails to start is not started again each second.
        .then(async () => await scheduleRan(session.store, now))
        .catch((error: unknown) => say(`The scheduled drills could not be run: ${messageOf(error)}`))
        .finally(() => {
          underWay = false;
        });
      // Nobody is there any more to see the end of what `--once` leaves.
      if (input.flag('once')) await over;
      return { due: 0 };
    },
  };
}
