import { isRunbackError } from '../../lib/index.js';
import type { RestoreSummary } from '../../restores/index.js';
import type { CommandSpec, Outcome } from '../command.js';
import type { CommandContext } from '../context.js';
import { withRoom } from '../incidents.js';
import type { Session } from '../session.js';
import { nextOf } from '../views/run.js';
import { statusText, type WorkspaceStatus } from '../views/status.js';

/** Incidents that are shown; the rest is counted. */
const MOST = 20;

async function status(context: CommandContext): Promise<Outcome> {
  const found = await withRoom(context, async ({ desk, outbox }, session): Promise<WorkspaceStatus> => {
    const { whatIsDue } = await import('../../incidents/index.js');
    const listed = [...(await desk.listOpen())].sort((a, b) => a.severity.localeCompare(b.severity) || b.openedAt.localeCompare(a.openedAt));
    const { incidents, unreadable } = await desk.readAll(listed.slice(0, MOST).map(({ id }) => id));
    const next: WorkspaceStatus['next'][number][] = [];
    for (const incident of incidents) {
      const due = whatIsDue(incident, await desk.policyOf(incident), context.clock.now());
      if (due.next !== undefined)
        next.push({
          incident: incident.id,
          title: incident.title,
          at: due.next.toISOString(),
          ...(due.quietUntil === undefined ? {} : { quietUntil: due.quietUntil }),
        });
    }
    const { listRuns } = await import('../../runbooks/index.js');
    const runs = await listRuns(session.store);
    const syncs = await session.store.lockHolder('syncs');
    return {
      incidents,
      damagedIncidents: unreadable,
      more: Math.max(0, listed.length - MOST),
      deadLetters: (await outbox?.deadLetters()) ?? [],
      next: next.sort((a, b) => a.at.localeCompare(b.at)),
      daemon: await session.store.lockHolder('daemon'),
      runs: runs.runs.filter((run) => nextOf(run) !== undefined),
      restores: await openRestores(session),
      pauses: await (await session.syncs()).pauses(),
      damagedRuns: runs.damaged,
      locks: syncs === undefined ? [] : [syncs],
    };
  });
  return { data: found, text: (style) => statusText(found, style) };
}

/** Restores that did not reach their end. A journal that cannot be read is not one of them; `restore resume` says why. */
async function openRestores({ store }: Session): Promise<readonly RestoreSummary[]> {
  const { readRestore } = await import('../../restores/index.js');
  const open: RestoreSummary[] = [];
  for (const id of await store.journals('restores')) {
    try {
      const summary = await readRestore(store, id);
      if (summary.state !== 'done' && summary.state !== 'undone') open.push(summary);
    } catch (error) {
      if (!isRunbackError(error)) throw error;
    }
  }
  return open;
}

export const commands: readonly CommandSpec[] = [{ summary: 'What is on fire, who has it, what is paused, what is due next', run: status }];
