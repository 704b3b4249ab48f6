import { formatDuration } from '../../../lib/index.js';
import { requireWatching } from '../../flows/monitors/watching.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { count, table } from '../../views/text/format.js';

/** `runback monitor list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'What is measured, how often, and what it costs in calls', run: list };

const DAY_MS = 86_400_000;

async function list(context: CommandContext): Promise<Outcome> {
  const session = await context.session();
  const watching = await requireWatching(session.workspace);
  const { sourcesOf } = await import('../../../monitors/index.js');
  const data = watching.monitors.flatMap((settings) =>
    sourcesOf(settings).map(({ series, through }) => ({
      monitor: settings.name,
      kind: settings.kind,
      of: series.of,
      everyMs: settings.everyMs,
      callsPerDay: through === undefined ? 0 : Math.ceil(DAY_MS / settings.everyMs) * through.cost,
      platforms: settings.platforms,
    })),
  );
  return {
    data,
    text: (style) =>
      table(
        [{ title: 'monitor', whole: true }, { title: 'of' }, { title: 'every' }, { title: 'calls a day', align: 'right' }],
        data.map(({ monitor, of, everyMs, callsPerDay }) => [monitor, of, formatDuration(everyMs), count(callsPerDay)]),
        style,
      ),
  };
}
