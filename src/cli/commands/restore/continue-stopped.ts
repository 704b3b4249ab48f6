import { defined } from '../../../lib/index.js';
import type { RestoreSummary } from '../../../restores/index.js';
import type { OnRecord } from '../../flows/investigations/on-record.js';
import { sideOfSet } from '../../flows/restores/plan-sets.js';
import { findPlan } from '../../flows/restores/restore.js';
import { stillOn } from '../../flows/restores/while-paused.js';
import { incidentsNow, linkRestore } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, Outcome } from '../../shell/command.js';
import { count, counted } from '../../views/text/format.js';
import { visible } from '../../views/text/visible.js';
import { repairProved } from './repair-proved.js';
import { resumeHere } from './resume.js';

/**
 * The restore of one of these platforms that was stopped on its way (Ctrl-C, kill -9, a lost connection) and that the person wants to
 * continue, the newest first. A second one would end at its lock, or leave the first half-done. Undefined where there is none, or
 * where they would rather do something else. One that a run or a set of plans continues, or that someone is at work on, is not
 * offered.
 */
export async function stoppedRestore(context: CommandContext, opened: Session, platforms: readonly string[]): Promise<RestoreSummary | undefined> {
  const { openRestores } = await import('../../../restores/index.js');
  const { open } = await openRestores(opened.store);
  for (const one of [...open].reverse()) {
    const isStopped = one.state === 'running' || one.state === 'stopped';
    if (!isStopped || one.run !== undefined || !platforms.includes(one.platform)) continue;
    if ((await isAtWork(opened, one.id)) || (await sideOfSet(opened, one.plan)) !== undefined) continue;
    const asker = await context.asker(`runback restore resume ${one.id}`);
    const written = `${count(one.applied)} of ${counted(one.total, 'changes')} ${one.total === 1 ? 'is' : 'are'} written`;
    const isContinued = await asker.choose<boolean>({
      message: `A restore of ${visible(one.platform)} was stopped on its way: ${written}. What first?`,
      choices: [
        { value: true, name: 'Continue it', beside: 'pauses the syncs again, writes the rest of its plan, and proves it' },
        { value: false, name: 'Something else', beside: `it stays as it is; undo it with: runback restore undo ${one.id}` },
      ],
    });
    if (isContinued) return one;
  }
  return undefined;
}

/** A process that is not known to have ended holds the lock of that restore. */
async function isAtWork({ store }: Session, restore: string): Promise<boolean> {
  return (await store.locks()).some(({ holder, life }) => holder === restore && life !== 'dead');
}

/** Takes a stopped restore to its end, and proves it, as the repair that began it would have. */
export async function continueRepair(
  context: CommandContext,
  opened: Session,
  { id, plan: planId }: RestoreSummary,
  on: { readonly record?: OnRecord; readonly incident?: string } = {},
): Promise<Outcome> {
  const plan = await findPlan(opened, planId);
  const names = await stillOn(opened, [plan.header.platform]);
  const apply = async (): Promise<Outcome> => {
    const restored = await resumeHere(context, opened, id);
    // A process that was killed had no time for it.
    const incidents = await incidentsNow(opened, [plan.header.platform]);
    if (incidents !== undefined && incidents.length > 0) await linkRestore(opened, incidents, id, planId);
    return restored;
  };
  return await repairProved(context, opened, { plan, names, apply, continues: `runback restore resume ${id}`, ...defined(on) });
}
