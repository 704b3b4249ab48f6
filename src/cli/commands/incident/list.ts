import type { OpenIncident } from '../../../incidents/index.js';
import { EXIT } from '../../../lib/index.js';
import { moreLine, shownAtMost } from '../../flows/page.js';
import { withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { incidentBlock } from '../../views/incident.js';
import { damagedIncident } from '../../views/status.js';

/** `runback incident list` */
export const listVerb: CommandSpec = {
  verb: 'list',
  summary: 'Incidents that are open, the worst first',
  options: [{ flags: '--all', description: 'all of them, the ended ones too' }],
  run: list,
};

async function list(context: CommandContext): Promise<Outcome> {
  const all = context.input.flag('all');
  return await withIncidents(context, async ({ incidents }) => {
    const listed = all ? (await incidents.list()).toReversed() : (await incidents.listOpen()).toSorted(byUrgency).map(({ id }) => id);
    const most = shownAtMost(context);
    const read = await incidents.readAll(listed.slice(0, most));
    const sorted = [...read.incidents].sort(byUrgency);
    const leftOut = Math.max(0, listed.length - most);
    return {
      data: { incidents: sorted, unreadable: read.unreadable, left_out: leftOut },
      text: (style) =>
        sorted.length + read.unreadable.length === 0
          ? `${style.glyph.done} No incident ${all ? 'yet' : 'is open'}.`
          : [
              ...sorted.map((one) => incidentBlock(one, style)),
              ...read.unreadable.map((id) => damagedIncident(id, style)),
              ...moreLine(leftOut, 'runback incident list --all'),
            ].join('\n'),
      ...(read.unreadable.length === 0 ? {} : { exit: EXIT.partial }),
    };
  });
}

/** The worst first, of those the newest. */
function byUrgency(a: OpenIncident, b: OpenIncident): number {
  return a.severity.localeCompare(b.severity) || b.openedAt.localeCompare(a.openedAt);
}
