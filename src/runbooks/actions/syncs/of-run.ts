import { RunbackError } from '../../../lib/index.js';
import type { HeldSync, PauseRecord } from '../../../syncs/index.js';
import type { ActionContext } from '../action.js';

/** Open pauses of this run, whichever step and visit began them. */
export async function pausesOfRun({ run, syncs }: ActionContext): Promise<readonly PauseRecord[]> {
  return (await syncs.pauses()).filter(({ holder }) => holder.startsWith(`${run.id}/`));
}

/**
 * The pause that this step began and that nobody has ended: one for all its visits, since a sync that an earlier visit
 * paused was not "paused before".
 */
export async function pauseOfStep(context: ActionContext, id?: unknown): Promise<PauseRecord | undefined> {
  const { run, step } = context;
  return (await pausesOfRun(context)).find((one) => one.id === id || one.holder.startsWith(`${run.id}/${step.id}/`));
}

/**
 * Looks whether what this run has paused is paused still, and pauses again what something has started meanwhile: a
 * watchdog, a colleague. Gives the names of those. Throws `sync-failed` where one cannot be asked or does not stop:
 * nothing may be written then.
 */
export async function pauseAgain(context: ActionContext): Promise<readonly string[]> {
  const again: string[] = [];
  for (const { id, holder, reason } of await pausesOfRun(context)) {
    const held = await context.syncs.held(id, context.options);
    refuseUnknown(held);
    const running = held.filter(({ status }) => status?.state === 'running').map(({ sync }) => sync);
    if (running.length === 0) continue;
    again.push(...running);
    await context.note(
      `${running.join(', ')} was running again although this run had paused it; paused again`,
      `${context.step.key}/paused-again/${id}`,
    );
    await context.syncs.pause({ by: context.by, holder, reason, names: running }, context.options);
  }
  return again;
}

/**
 * Automations that react to what is about to be written, and are not paused: whom a person accepts. Throws `automations-running`
 * where nobody does, `not-authorised` where the person may not. `accept`: what to do to accept it.
 */
export async function acceptedNow(
  platform: string,
  by: string | undefined,
  context: ActionContext,
  accept = 'give the step accept_automations: NAME, and continue the run',
): Promise<{ readonly by: string; readonly automations: readonly string[] } | undefined> {
  const { requireStill } = await import('../../../syncs/index.js');
  const { syncs, workspace, run, step, options } = context;
  const still = { syncs, configs: workspace.config.syncs, platforms: [platform], acceptedBy: by === '' ? undefined : by, accept };
  const automations = await requireStill(still, options);
  if (automations.length === 0 || by === undefined) return undefined;
  await context.authorise?.('accept-automations', by, run.id);
  await context.note(`${by} accepts that ${automations.join(', ')} react to what is written now`, `${step.key}/accepted`);
  return { by, automations };
}

function refuseUnknown(held: readonly HeldSync[]): void {
  const silent = held.filter(({ status }) => status === undefined);
  if (silent.length === 0) return;
  throw new RunbackError('sync-failed', `Whether these syncs are still paused is not known: ${silent.map(({ sync }) => sync).join(', ')}`, {
    why: silent.map(({ sync, problem }) => `${sync}: ${problem ?? 'it does not answer'}`).join('\n'),
    state: 'Nothing was written now.',
    next: `Get it to answer, or remove it from runback.yml if it no longer exists. Then check: runback sync status`,
  });
}
