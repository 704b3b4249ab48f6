import { defined } from '../../../lib/index.js';
import { monitorsView } from '../../flows/monitors/standings.js';
import { requireWatching } from '../../flows/monitors/watching.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { monitorList } from '../../views/monitors/list.js';

/** `runback monitor list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'What is measured, how often, and what it costs in calls', run: list };

const DAY_MS = 86_400_000;

async function list(context: CommandContext): Promise<Outcome> {
  const { store, workspace, clock } = await context.session();
  const watching = await requireWatching(workspace);
  const { sourcesOf } = await import('../../../monitors/index.js');
  const data = watching.monitors.flatMap((settings) =>
    sourcesOf(settings).map(({ series, through }) => ({
      monitor: settings.name,
      kind: settings.kind,
      of: series.of,
      everyMs: settings.everyMs,
      callsPerDay: through === undefined ? 0 : Math.ceil(DAY_MS / settings.everyMs) * through.cost,
      platforms: settings.platforms,
      ...defined({ through: through?.platform }),
    })),
  );
  const { budgets } = await monitorsView(store, watching, workspace.config, clock.now(), { charts: false });
  const totals = budgets.map(({ platform, limit }) => ({
    platform,
    calls: data.reduce((sum, { through, callsPerDay }) => sum + (through === platform ? callsPerDay : 0), 0),
    limit,
  }));
  return { data, text: (style) => monitorList(data, totals, style) };
}
