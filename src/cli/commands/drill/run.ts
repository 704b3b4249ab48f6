import { join, resolve } from 'node:path';

import type { DrillResult } from '../../../drills/index.js';
import { defined, EXIT, fromFileSystem, makeFolders, parseDuration, RunbackError } from '../../../lib/index.js';
import { tellOfFailures } from '../../flows/drills/drill-schedule.js';
import {
  type DrillPlace,
  drillPlace,
  findDrill,
  type PlannedDrill,
  removeLeftDrills,
  runbookOf,
  runDrills,
  type UnstagedDrill,
} from '../../flows/drills/drills.js';
import { endLeftDrills, gameDay } from '../../flows/drills/game-day.js';
import { surpriseDrill } from '../../flows/drills/guided-drill.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { writeInPlace } from '../../shell/new-file.js';
import { drillLine, drillsText, scorecardText } from '../../views/drill.js';

/** Drills at a time unless said: what two cores can do. */
const JOBS = 2;
/** How long a game day waits for somebody to answer, unless said. */
const WAIT = '30m';
const LONGEST_WAIT = '12h';

/** `runback drill run` */
export const runVerb: CommandSpec = {
  verb: 'run',
  summary: 'Stage a failure in a sandbox, roll it back, and prove that it worked',
  details:
    'Nothing but sandboxes on this machine, and platforms that are no production, is written to. Ends with status 2 where a drill did not prove what it is there for.',
  args: [{ name: 'drill', description: 'ids of drills, or their beginnings', variadic: true, optional: true }],
  options: [
    { flags: '--all', description: 'every drill there is' },
    { flags: '--guided', description: 'a person at this terminal rolls back, and is timed at each step' },
    { flags: '--surprise', description: 'guided, with a failure that you are not told of: finding it is part of the drill' },
    { flags: '--seed <n>', description: 'another account and other victims than those of the drill' },
    { flags: '--jobs <n>', description: `how many at a time (default: ${JOBS})` },
    { flags: '--report <dir>', description: 'folder for drills.html, drills.json and junit.xml', kind: 'file' },
    { flags: '--people', description: 'a game day: page whoever is on call, as a drill, and measure who answers and what is missing' },
    { flags: '--severity <severity>', description: 'with --people: whose escalation policy is followed (default: sev2)' },
    { flags: '--wait <duration>', description: `with --people: how long to wait for someone to answer (default: ${WAIT})` },
    { flags: '--scheduled', description: 'as the daemon runs it: an incident (sev3) is opened for a drill that used to pass and fails' },
    { flags: '--keep', description: 'keep the workspaces of the stages to look at' },
  ],
  examples: [
    'runback drill run overwritten-names',
    'runback drill run --all',
    'runback drill run --surprise',
    'runback drill run overwritten-names --people --wait 15m',
  ],
  run,
};

async function run(context: CommandContext): Promise<Outcome> {
  const { input, live, style, event } = context;
  const place = await drillPlace(context);
  if (place.session !== undefined) await endLeftDrills(context, place.session);
  const planned = await plannedDrills(context, place);
  await removeLeftDrills(context);
  const surprise = input.flag('surprise');
  const guided = surprise || input.flag('guided');
  if (guided && (planned.length !== 1 || input.flag('people')))
    throw new RunbackError('usage', 'A guided drill is one drill, staged in one place, and no game day', { state: 'Nothing was started.' });
  const seed = input.integer('seed', 0) ?? (surprise ? Date.now() % 1_000_000 : undefined);
  if (input.flag('people')) return await people(context, place, planned, seed);
  const alone = planned.length === 1;
  const ended = { drills: 0 };
  if (!alone) live.start(`Running ${planned.length} drills`);
  const { results, unstaged } = await runDrills(context, place, planned, {
    jobs: input.integer('jobs', 1) ?? JOBS,
    keep: input.flag('keep'),
    alone,
    ...(guided ? { guided: { surprise } } : {}),
    ...(seed === undefined ? {} : { seed }),
    done: (result) => {
      event({ type: 'drill', drill: result.drill, ...('passed' in result ? { passed: result.passed } : { error: result.error.message }) });
      live.print(drillLine(result, style));
      ended.drills += 1;
      if (!alone) live.progress({ task: 'Running drills', done: ended.drills, total: planned.length, unit: 'drills' });
    },
  });
  live.stop();
  const incidents = input.flag('scheduled') && place.session !== undefined ? await tellOfFailures(context, results, unstaged) : [];
  const [refused] = unstaged;
  if (alone && refused !== undefined) throw refused.error;
  await writeReports(context, results, unstaged);
  const passed = unstaged.length === 0 && results.every((result) => result.passed);
  const [only] = results;
  return {
    data: {
      passed,
      results,
      incidents,
      unstaged: unstaged.map(({ drill, error }) => ({ drill, code: error.code, message: error.message, why: error.why })),
    },
    text: (out) =>
      results.length === 1 && unstaged.length === 0 && only !== undefined ? scorecardText(only, out) : drillsText(results, unstaged, out),
    exit: passed ? EXIT.done : EXIT.differences,
  };
}

/** `--people`: one drill, with those who are on call. */
async function people(context: CommandContext, place: DrillPlace, planned: readonly PlannedDrill[], seed: number | undefined): Promise<Outcome> {
  const { input } = context;
  const [only, ...others] = planned;
  if (only === undefined || others.length > 0 || input.flag('scheduled'))
    throw new RunbackError('usage', '--people takes one drill, staged in one place, and is not for schedules', {
      why: 'Each page goes to a real person, so that someone has to be there and agree to it.',
      state: 'Nobody was paged.',
    });
  const wait = input.text('wait') ?? WAIT;
  const waitMs = parseDuration(wait);
  if (waitMs < 1000 || waitMs > parseDuration(LONGEST_WAIT))
    throw new RunbackError('usage', `--wait takes a duration from 1s to ${LONGEST_WAIT}, not "${wait}"`, { state: 'Nobody was paged.' });
  const result = await gameDay(context, place, only, { waitMs, keep: input.flag('keep'), ...defined({ seed, severity: input.text('severity') }) });
  await writeReports(context, [result], []);
  return {
    data: { passed: result.passed, results: [result], incidents: [], unstaged: [] },
    text: (out) => scorecardText(result, out),
    exit: result.passed ? EXIT.done : EXIT.differences,
  };
}

/** Three files for pipelines and people. Those of an earlier run are replaced. */
async function writeReports(
  { input, stdio, live, style }: CommandContext,
  results: readonly DrillResult[],
  unstaged: readonly UnstagedDrill[],
): Promise<void> {
  const given = input.text('report');
  if (given === undefined) return;
  const [{ documentHtml }, { junitXml, scorecardDocument }] = await Promise.all([
    import('../../../document/index.js'),
    import('../../../drills/index.js'),
  ]);
  const folder = resolve(stdio.cwd, given);
  const failed = unstaged.map(({ drill, error }) => ({ drill, message: `${error.message}: ${error.why ?? ''}` }));
  try {
    makeFolders(folder);
    await writeInPlace(join(folder, 'drills.html'), documentHtml(scorecardDocument(results)));
    await writeInPlace(join(folder, 'drills.json'), `${JSON.stringify({ version: 1, results, unstaged: failed }, undefined, 2)}\n`);
    await writeInPlace(join(folder, 'junit.xml'), junitXml(results, failed));
  } catch (error) {
    throw fromFileSystem(error, folder);
  }
  live.print(`${style.glyph.done} ${join(folder, 'drills.html')}`);
}

async function plannedDrills(context: CommandContext, place: DrillPlace): Promise<readonly PlannedDrill[]> {
  const words = context.input.words('drill');
  const all = context.input.flag('all');
  if (context.input.flag('surprise')) {
    if (all || words.length > 0)
      throw new RunbackError('usage', '--surprise chooses a drill by itself: name none together with it', { state: 'Nothing was started.' });
    const drill = surpriseDrill(place.files);
    const { where } = drill.document;
    return [{ drill, place: { local: 'local' in where ? (where.local[0] ?? '') : '' }, runbook: await runbookOf(place, drill) }];
  }
  if (all && words.length > 0)
    throw new RunbackError('usage', '--all runs every drill: name none together with it', { state: 'Nothing was started.' });
  if (!all && words.length === 0)
    throw new RunbackError('usage', 'Which drill? Name one, or give --all', { state: 'Nothing was started.', next: 'runback drill list' });
  const drills = await Promise.all((all ? place.files.map(({ id }) => id) : words).map(async (id) => await findDrill(place, id)));
  return (
    await Promise.all(
      drills.map(async (drill) => {
        const runbook = await runbookOf(place, drill);
        const { where } = drill.document;
        const places = 'local' in where ? where.local.map((local) => ({ local })) : [{ platform: where.platform }];
        return places.map((at) => ({ drill, place: at, runbook }));
      }),
    )
  ).flat();
}
