import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { DrillResult } from '../../../drills/index.js';
import { EXIT, fromFileSystem, RunbackError } from '../../../lib/index.js';
import { tellOfFailures } from '../../flows/drill-schedule.js';
import { type DrillPlace, drillPlace, findDrill, type PlannedDrill, runbookOf, runDrills, type UnstagedDrill } from '../../flows/drills.js';
import { surpriseDrill } from '../../flows/guided-drill.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { drillLine, drillsText, scorecardText } from '../../views/drill.js';

/** Drills at a time unless said: what two cores can do. */
const JOBS = 2;

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
    { flags: '--scheduled', description: 'as the daemon runs it: an incident (sev3) is opened for a drill that used to pass and fails' },
    { flags: '--keep', description: 'keep the workspaces of the stages to look at' },
  ],
  examples: ['runback drill run overwritten-names', 'runback drill run --all', 'runback drill run --surprise'],
  run,
};

async function run(context: CommandContext): Promise<Outcome> {
  const { input, live, style, event } = context;
  const place = await drillPlace(context);
  const planned = await plannedDrills(context, place);
  const surprise = input.flag('surprise');
  const guided = surprise || input.flag('guided');
  if (guided && planned.length !== 1)
    throw new RunbackError('usage', `A guided drill is one at a time, and these are ${planned.length}`, { state: 'Nothing was started.' });
  const seed = input.integer('seed', 0) ?? (surprise ? Date.now() % 1_000_000 : undefined);
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
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'drills.html'), documentHtml(scorecardDocument(results)));
    await writeFile(join(folder, 'drills.json'), `${JSON.stringify({ version: 1, results, unstaged: failed }, undefined, 2)}\n`);
    await writeFile(join(folder, 'junit.xml'), junitXml(results, failed));
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
    const drill = await surpriseDrill(place);
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
