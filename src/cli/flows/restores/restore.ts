import { defined, isRunbackError, RunbackError } from '../../../lib/index.js';
import type { ApplyDeps, Plan } from '../../../restores/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';

/** What restores of a platform work with. `movedTo`: what a person gave with `--moved-to`. */
export async function restoreDeps(session: Session, platform: string, context: CommandContext, movedTo?: string): Promise<ApplyDeps> {
  return {
    // Only asked where a process died that held the platform: the rest does not pay for loading it.
    holders: async (dead) => (await import('../../../runbooks/index.js')).holdersOf(session.store)(dead),
    store: session.store,
    clock: session.clock,
    catalog: await session.catalog(),
    platform: await session.openPlatform(platform, context.call),
    config: session.workspace.config.restores,
    ...defined({ movedTo }),
  };
}

/** The plan an id, the beginning of one, or `latest` means. Throws `not-found`, `ambiguous`, `plan-tampered`. */
export async function findPlan(session: Session, wanted: string): Promise<Plan> {
  const { readPlan } = await import('../../../restores/index.js');
  const ids = await session.store.ledgers('plans');
  const id = wanted === 'latest' ? ids.at(-1) : byPrefix(wanted, ids, (plan) => plan, { what: 'plan', list: 'runback restore show' });
  if (id === undefined)
    throw new RunbackError('not-found', 'There is no plan yet', {
      state: 'Nothing was started.',
      next: 'runback restore plan --platform <name> --base <snapshot>',
    });
  return readPlan(session.store, id);
}

/** The id of a restore that an id, the beginning of one, or `latest` means. */
export async function findRestore(session: Session, wanted: string): Promise<string> {
  const ids = await session.store.journals('restores');
  const id = wanted === 'latest' ? ids.at(-1) : byPrefix(wanted, ids, (restore) => restore, { what: 'restore', list: 'runback status' });
  if (id === undefined)
    throw new RunbackError('not-found', 'There is no restore yet', { state: 'Nothing was started.', next: 'runback restore show' });
  return id;
}

/**
 * Runs something that writes to a platform. The first Ctrl-C can say how to go on, also while it is not known yet which
 * restore this becomes. `verb` is what goes on with it.
 */
export async function withResume<T>({ interrupts }: CommandContext, verb: 'resume' | 'undo', restore: string, work: () => Promise<T>): Promise<T> {
  interrupts.resumeWith(`runback restore ${verb} ${restore}`);
  try {
    return await work();
  } catch (error) {
    const id = isRunbackError(error) ? error.data['restore'] : undefined;
    if (typeof id === 'string') interrupts.resumeWith(`runback restore ${verb} ${id}`);
    throw error;
  }
}
