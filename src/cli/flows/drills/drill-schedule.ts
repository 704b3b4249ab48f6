import type { DrillResult } from '../../../drills/index.js';
import { isRunbackError, messageOf, runProgram } from '../../../lib/index.js';
import type { Lock } from '../../../store/index.js';
import { deliverNow } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { DaemonRun } from '../../session/wiring.js';
import { withIncidents } from '../../session/with-incidents.js';
import type { CommandContext } from '../../shell/command.js';
import type { Crew } from '../crew.js';
import type { UnstagedDrill } from './drills.js';

const KIND = 'drills';
/** Between two times that the same drills are offered to other daemons. */
const OFFER_MS = 60_000;
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
 * Runs the scheduled drills when they are due, next to everything else: in a process of their own, so that no page waits
 * for them. Where the daemon ends before they do, they are due again. Of several daemons, one runs them: whoever has their lock.
 */
export function drillTicker(
  session: Session,
  { stdio, call, input, clock }: CommandContext,
  say: (line: string) => void,
  crew: Crew,
): NonNullable<DaemonRun['tickers']>[number] {
  const once = input.flag('once');
  const begin = async (drills: readonly string[]): Promise<void> => {
    const words = drills.length === 0 ? ['--all'] : drills;
    const program = [process.execPath, process.argv[1] ?? 'runback', '--workspace', session.workspace.root, '--json'];
    const environment = Object.fromEntries(Object.entries(stdio.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
    say('The scheduled drills begin.');
    const end = await runProgram([...program, 'drill', 'run', ...words, '--scheduled'], {
      cwd: session.workspace.root,
      env: environment,
      timeoutMs: LIMIT_MS,
      signal: call.signal,
    });
    say(
      end.state === 'exited'
        ? `The scheduled drills have ended with status ${end.status}.`
        : `The scheduled drills did not come to their end: ${end.state}.`,
    );
  };
  const run = async (): Promise<void> => {
    try {
      await underLock(session, async () => {
        const now = clock.now();
        const due = await dueDrills(session, now);
        if (due === undefined) return;
        await begin(due);
        const { scheduleRan } = await import('../../../drills/index.js');
        // Whatever came of it: what fails to start is not started again each second.
        await scheduleRan(session.store, now);
      });
    } catch (error) {
      say(`The scheduled drills could not be run: ${messageOf(error)}`);
    }
  };
  let underWay: Promise<void> | undefined;
  let offeredMs: number | undefined;
  const alone = async (): Promise<void> => await (underWay ??= run().finally(() => (underWay = undefined)));
  crew.does(KIND, 1, alone);
  return {
    name: KIND,
    tick: async (now) => {
      const isEarly = offeredMs !== undefined && clock.monotonicMs() - offeredMs < OFFER_MS;
      if (underWay !== undefined || isEarly || (await dueDrills(session, now)) === undefined) return { due: 0 };
      if (crew.isShared && !once) offeredMs = clock.monotonicMs();
      const over = crew.isShared && !once && (await crew.offer(KIND, 'scheduled')) ? undefined : alone();
      // Nobody is there any more to see the end of what `--once` leaves.
      if (once) await over;
      return { due: 0 };
    },
  };
}

/** The drills that are due by schedule, none named for all of them; undefined where it is not their time. */
async function dueDrills({ store }: Session, now: Date): Promise<readonly string[] | undefined> {
  const { readSchedule } = await import('../../../drills/index.js');
  const schedule = await readSchedule(store);
  return schedule === undefined || Date.parse(schedule.next) > now.getTime() ? undefined : schedule.drills;
}

/** Does it, unless another process is at it. */
async function underLock({ store, by }: Session, work: () => Promise<void>): Promise<void> {
  let lock: Lock;
  try {
    lock = await store.lock('scheduled-drills', { by, holder: `drills-${process.pid}`, purpose: 'the scheduled drills' }, { breakDead: true });
  } catch (error) {
    if (isRunbackError(error, 'locked')) return;
    throw error;
  }
  try {
    await work();
  } finally {
    await lock.release();
  }
}
