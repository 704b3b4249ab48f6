import { defined, isRunbackError, RunbackError } from '../../lib/index.js';
import type { Lock, LockInfo, LockOwner, Store } from '../../store/index.js';
import { foldBegun, RESTORES } from './journal.js';
import { readPlan } from './plan-file.js';

/** What became of the work of a holder whose process is gone. */
export type DeadWork =
  /** Nothing is left of it to be done, or nothing that runback could do: its lock protects nothing any more. */
  | { readonly state: 'over' }
  /** `next`: the command that takes the work to its end, and gives the lock back. `run`: the run it is a part of. */
  | { readonly state: 'unfinished'; readonly next?: string; readonly run?: string };

/** Looks at the journal of a dead holder. Throws what reading throws, but never because of the journal itself. */
export type HolderLook = (dead: Pick<LockInfo, 'holder'>) => Promise<DeadWork>;

const OVER: DeadWork = { state: 'over' };

/** Whose lock nobody can tell: only a power cut leaves such a one, and no command would go on with it. */
const UNKNOWN = 'unknown';

/** What became of restores. Of anything else that holds a lock it only knows that it did not end. */
export function restoreHolders(store: Store): HolderLook {
  return async ({ holder }) => {
    if (holder === UNKNOWN) return OVER;
    if (!holder.startsWith('restore-')) return { state: 'unfinished', ...defined({ next: endOf(holder) }) };
    return await lookAtJournal(async () => await restoreLeft(store, holder));
  };
}

/** The command that takes away, or puts back, what a test or drill left when it was killed; undefined for others. */
function endOf(holder: string): string | undefined {
  if (holder.startsWith('check-')) return `runback test cleanup ${holder}`;
  if (holder.startsWith('stage-')) return 'runback drill list   (the next drill that is run there takes away what it left)';
  return holder.startsWith('parity-') ? 'runback parity check   (puts back what it had marked)' : undefined;
}

/** A holder without a journal, or with one that is damaged, cannot be gone on with: its lock is given back. */
export async function lookAtJournal(look: () => Promise<DeadWork>): Promise<DeadWork> {
  try {
    return await look();
  } catch (error) {
    if (isRunbackError(error, 'not-found') || isRunbackError(error, 'journal-damaged')) return OVER;
    throw error;
  }
}

async function restoreLeft(store: Store, id: string): Promise<DeadWork> {
  // Without its journal, or killed before its first line was whole: it wrote nothing.
  if (!(await store.journal(RESTORES, id).exists())) return OVER;
  const state = await foldBegun(store, id);
  if (state === undefined || !isUnfinished(state.summary.state) || !(await hasPlan(store, state.created.plan))) return OVER;
  const undoing = state.summary.state === 'undoing' || state.summary.state === 'undo_failed';
  return {
    state: 'unfinished',
    next: undoing ? `runback restore undo ${id}` : `runback restore resume ${id}\nOr put back what it wrote: runback restore undo ${id}`,
    ...defined({ run: state.created.run }),
  };
}

/** Neither a resume nor an undo can begin without the plan. */
async function hasPlan(store: Store, plan: string): Promise<boolean> {
  try {
    await readPlan(store, plan);
    return true;
  } catch (error) {
    if (isRunbackError(error, 'not-found') || isRunbackError(error, 'plan-tampered') || isRunbackError(error, 'document-damaged')) return false;
    throw error;
  }
}

/** True for a restore that `resume` or `undo` has something to do for by itself. */
function isUnfinished(state: string): boolean {
  return state === 'running' || state === 'stopped' || state === 'undoing' || state === 'undo_failed';
}

/** Who takes a platform's lock, and whose locks are its own. */
export interface PlatformTaker {
  readonly owner: LockOwner;
  /** The run that the taker is a part of: going on with one is going on with the other. */
  readonly run?: string;
  readonly look: HolderLook;
}

/**
 * Takes a platform's lock (G5). Of a process that is gone (dead, or unknown from here with a lease that ran out) it is
 * taken over where its work is over, and where it is the taker's own: the restore or run itself, the run it is a part
 * of, a part of it. Otherwise throws `locked` with the command that takes that other work to its end (G30).
 */
export async function takePlatform(store: Store, name: string, { owner, run, look }: PlatformTaker): Promise<Lock> {
  let next: string | undefined;
  let ended = true;
  const breakDead = async (dead: LockInfo): Promise<boolean> => {
    next = undefined;
    ended = dead.life === 'dead';
    if (dead.holder === owner.holder || dead.holder === run) return true;
    const work = await look(dead);
    if (work.state === 'over' || work.run === owner.holder) return true;
    next = work.next ?? 'runback status';
    return false;
  };
  try {
    return await store.lock(name, owner, { breakDead, lapse: true });
  } catch (error) {
    if (!isRunbackError(error, 'locked') || next === undefined) throw error;
    throw new RunbackError('locked', error.message, {
      ...defined({ why: error.why, state: error.state }),
      next: `${ended ? '' : 'Wait until it ends. If you know that it has ended: '}Continue ${String(error.data['holder'])}: ${next}\nOr take the lock away without that: runback lock take ${name}`,
      data: error.data,
      cause: error,
    });
  }
}

/**
 * The same for work that is no restore: a test, a drill, a clean-up. What such work has left is taken over, since whoever comes next takes it
 * away; what a run or restore has left half done is not.
 */
export async function takeBeside(store: Store, name: string, owner: LockOwner, look: HolderLook = restoreHolders(store)): Promise<Lock> {
  const isHalfDone = ({ holder }: Pick<LockInfo, 'holder'>): boolean => /^(?:run|restore)-/u.test(holder);
  return await takePlatform(store, name, { owner, look: async (dead) => (isHalfDone(dead) ? await look(dead) : OVER) });
}

/** Gives a platform's lock back that a process of this holder left when its work was over already. */
export async function giveBackDead(store: Store, name: string, owner: LockOwner): Promise<void> {
  const held = await store.lockHolder(name);
  if (held === undefined || held.life === 'alive' || held.holder !== owner.holder) return;
  const lock = await store.lock(name, owner, { breakDead: (dead) => Promise.resolve(dead.holder === owner.holder), lapse: true });
  await lock.release();
}
