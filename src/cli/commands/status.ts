import { isRunbackError } from '../../lib/index.js';
import type { RestoreSummary } from '../../restores/index.js';
import type { CommandSpec, Outcome } from '../command.js';
import type { CommandContext } from '../context.js';
import type { Session } from '../session.js';
import { time } from '../views/format.js';
import { restoreText } from '../views/restore.js';
import { nextOf, runsList } from '../views/run.js';
import { pausesText } from '../views/sync.js';
import { visible } from '../views/visible.js';

async function status({ session }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const { listRuns } = await import('../../runbooks/index.js');
  const listed = await listRuns(opened.store);
  const runs = listed.runs.filter((run) => nextOf(run) !== undefined);
  const restores = await openRestores(opened);
  const pauses = await (await opened.syncs()).pauses();
  const syncLock = await opened.store.lockHolder('syncs');
  const calm = runs.length + restores.length + pauses.length + listed.damaged.length === 0;
  return {
    data: { runs, restores, pauses, damagedRuns: listed.damaged, ...(syncLock === undefined ? {} : { locks: [syncLock] }) },
    text: (style) =>
      [
        ...(calm ? [`${style.glyph.done} Nothing is open: no run, no restore, no paused sync.`] : []),
        ...(runs.length === 0
          ? []
          : [`${style.chalk.bold('Open runs')}\n${runsList(runs, style)}\n${runs.map((run) => `  Go on: ${nextOf(run) ?? ''}`).join('\n')}`]),
        ...restores.map((restore) => `${style.chalk.bold('Open restore')}\n${restoreText(restore, style)}`),
        ...(pauses.length === 0 ? [] : [pausesText(pauses, style)]),
        ...listed.damaged.map((id) => `${style.glyph.failed} ${id}: its journal is damaged. See: runback runbook evidence ${id}`),
        ...(syncLock === undefined
          ? []
          : [
              `${style.glyph.warning} ${visible(syncLock.purpose)}: held by ${visible(syncLock.by)} since ${time(syncLock.since, style)}${syncLock.alive ? '' : ' (that process is gone)'}`,
            ]),
      ].join('\n\n'),
  };
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

export const commands: readonly CommandSpec[] = [{ summary: 'What is open now: runs, restores, paused syncs, locks', run: status }];
