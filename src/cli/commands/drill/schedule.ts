import type { DrillSchedule } from '../../../drills/index.js';
import { parseDuration, RunbackError } from '../../../lib/index.js';
import { drillPlace, findDrill } from '../../flows/drills/drills.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { time } from '../../views/text/format.js';
import type { Style } from '../../views/text/style.js';

/** `runback drill schedule` */
export const scheduleVerb: CommandSpec = {
  verb: 'schedule',
  summary: 'Let the daemon run drills automatically, and open an incident when one begins to fail',
  args: [{ name: 'drill', description: 'ids of drills (default: all)', variadic: true, optional: true }],
  options: [
    { flags: '--every <duration>', description: 'how often, such as 30d; without it the schedule is shown' },
    { flags: '--off', description: 'no longer' },
  ],
  examples: ['runback drill schedule --every 30d', 'runback drill schedule'],
  run: schedule,
};

/** More often would be a load, not a rehearsal. */
const SHORTEST = '1h';

async function schedule(context: CommandContext): Promise<Outcome> {
  const { input, clock } = context;
  const { endSchedule, readSchedule, setSchedule } = await import('../../../drills/index.js');
  const { store, by } = await context.session();
  if (input.flag('off')) {
    await endSchedule(store);
    return outcome(undefined);
  }
  const every = input.text('every');
  if (every === undefined) return outcome(await readSchedule(store));
  if (!(parseDuration(every) >= parseDuration(SHORTEST)))
    throw new RunbackError('usage', `--every takes a duration of at least ${SHORTEST}, not "${every}"`, { state: 'Nothing was changed.' });
  const place = await drillPlace(context);
  const drills = await Promise.all(input.words('drill').map(async (word) => (await findDrill(place, word)).id));
  return outcome(await setSchedule(store, { every, drills, by }, clock.now()));
}

function outcome(schedule: DrillSchedule | undefined): Outcome {
  return { data: schedule ?? null, text: (style) => scheduleText(schedule, style) };
}

function scheduleText(schedule: DrillSchedule | undefined, style: Style): string {
  if (schedule === undefined) return 'No drill runs automatically. Let the daemon run them: runback drill schedule --every 30d';
  const which = schedule.drills.length === 0 ? 'All drills' : schedule.drills.join(', ');
  return `${which}: every ${schedule.every}, next ${time(schedule.next, style)}, while runback daemon is running.`;
}
