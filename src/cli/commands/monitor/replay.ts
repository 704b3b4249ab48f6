import { resolve } from 'node:path';

import type { ReplayResult } from '../../../monitors/index.js';
import { loadWatching } from '../../../workspace/index.js';
import { readSilences } from '../../flows/monitors/silences.js';
import { requireWatching } from '../../flows/monitors/watching.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { replayDocument } from '../../views/monitors/replay-document.js';
import { replayText } from '../../views/monitors/replay.js';

/** `runback monitor replay` */
export const replayVerb: CommandSpec = {
  verb: 'replay',
  summary: 'What these settings would have said in the time that has passed, and what others would',
  details:
    'Goes through what was measured, hour by hour, and asks nothing. A file given with --try has monitors, calendar or alerts as in runback.yml; what it leaves out is as it is. Try until it says what you want to be told, then put it into runback.yml.',
  options: [
    { flags: '--since <duration>', description: 'how far back; 90d if not given' },
    { flags: '--try <file>', description: 'settings to go through next to those of runback.yml', kind: 'file' },
    { flags: '--html <file>', description: 'a page with a chart of each', kind: 'file' },
    { ...OVERWRITE, description: 'replace the file that --html names, if it is there' },
  ],
  examples: ['runback monitor replay --since 90d', 'runback monitor replay --try quieter.yml --html replay.html'],
  run: replayPast,
};

const HOUR_MS = 3_600_000;
const SINCE_MS = 90 * 24 * HOUR_MS;
/** Judging needs so much of the past before the first hour. */
const BEFORE_MS = 126 * 24 * HOUR_MS;

async function replayPast(context: CommandContext): Promise<Outcome> {
  const { input, clock, stdio } = context;
  const page = await outputFile(context, 'html');
  const session = await context.session();
  const { store, workspace } = session;
  const watching = await requireWatching(workspace);
  const file = input.text('try');
  const tried = file === undefined ? undefined : await loadWatching(resolve(stdio.cwd, file), workspace);
  const to = new Date(Math.floor(clock.now().getTime() / HOUR_MS) * HOUR_MS);
  const from = new Date(to.getTime() - (input.duration('since') ?? SINCE_MS));
  const { ALL, replay, SeriesDays } = await import('../../../monitors/index.js');
  context.live.start('Going through what was measured');
  const histories = await new SeriesDays(store).read(new Date(from.getTime() - BEFORE_MS).toISOString().slice(0, 10), '9999', ALL);
  const result: ReplayResult = replay([...histories.values()], watching, {
    from,
    to,
    calendar: watching.calendar,
    silences: await readSilences(store),
    ...(tried && {
      tried: [
        {
          name: file ?? '',
          settings: { monitors: tried.monitors.length === 0 ? watching.monitors : tried.monitors, alerts: tried.alerts ?? watching.alerts },
          calendar: tried.calendar.length === 0 ? watching.calendar : tried.calendar,
        },
      ],
    }),
  });
  context.live.stop();
  if (page !== undefined) {
    const { documentHtml } = await import('../../../document/index.js');
    await writeText(page, documentHtml(replayDocument(result)));
  }
  return {
    data: result,
    text: (style) => [replayText(result, style), ...(page === undefined ? [] : [`${style.glyph.done} Written: ${page.path}`])].join('\n'),
  };
}
