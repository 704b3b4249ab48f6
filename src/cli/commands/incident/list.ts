import { EXIT } from '../../../lib/index.js';
import { withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { incidentBlock } from '../../views/incident.js';
import { damagedIncident } from '../../views/status.js';

/** `runback incident list` */
export const listVerb: CommandSpec = {
  verb: 'list',
  summary: 'Incidents that are open, the worst first',
  options: [{ flags: '--all', description: 'the ended ones too' }],
  run: list,
};

async function list(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async ({ incidents }) => {
    const ids = context.input.flag('all') ? await incidents.list() : (await incidents.listOpen()).map(({ id }) => id);
    const most = 200;
    const read = await incidents.readAll(ids.slice(-most));
    const sorted = [...read.incidents].sort((a, b) =>
      a.severity === b.severity ? b.openedAt.localeCompare(a.openedAt) : a.severity.localeCompare(b.severity),
    );
    return {
      data: { incidents: sorted, unreadable: read.unreadable, left_out: Math.max(0, ids.length - most) },
      text: (style) =>
        sorted.length + read.unreadable.length === 0
          ? `${style.glyph.done} No incident ${context.input.flag('all') ? 'yet' : 'is open'}.`
          : [
              ...sorted.map((one) => incidentBlock(one, style)),
              ...read.unreadable.map((id) => damagedIncident(id, style)),
              ...(ids.length > most ? [`... and ${ids.length - most} more`] : []),
            ].join('\n'),
      ...(read.unreadable.length === 0 ? {} : { exit: EXIT.partial }),
    };
  });
}
