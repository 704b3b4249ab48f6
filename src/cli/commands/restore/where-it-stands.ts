import { isRunbackError } from '../../../lib/index.js';
import type { Session } from '../../session/session.js';
import { visible } from '../../views/text/visible.js';

/** How far a repair had come when something went wrong. */
export interface Reached {
  /** Everything of the plan was sent, and only the comparison is open. */
  readonly applied: boolean;
}

/**
 * What a person has to know where a repair ends on its way and its own error does not say it: which syncs are paused by it and
 * how they are resumed, whether anything was written, and the command that continues. Never throws: it is told besides an
 * error.
 */
export async function whereItStands(opened: Session, plan: string, error: unknown, { applied }: Reached): Promise<readonly string[]> {
  const pauses = await opened
    .syncs()
    .then(async (syncs) => await syncs.pauses())
    .catch(() => []);
  const paused = pauses.filter(({ holder }) => holder === pauseHolder(plan)).map(({ id, entries }) => pausedText(entries.filter(isHeld), id));
  return [...paused.filter((text) => text !== ''), continueText(plan, error, applied)].filter((text) => text !== '');
}

/** The name under which a repair pauses syncs: a second attempt continues the same pause. */
export const pauseHolder = (plan: string): string => `plan:${plan}`;

/** Not stopped by us: one that could not be paused, or was resumed since. */
function isHeld({ state }: { readonly state: string }): boolean {
  return state === 'paused' || state === 'pausing';
}

/** Which syncs a pause holds, and how they are resumed; empty of none. */
export function pausedText(entries: readonly { readonly sync: string }[], pause: string): string {
  if (entries.length === 0) return '';
  return `Paused: ${entries.map(({ sync }) => visible(sync)).join(', ')}. Once the cause is corrected: runback sync resume ${pause}`;
}

/** A restore that was started names itself in its error, with the command that continues it. */
function continueText(plan: string, error: unknown, applied: boolean): string {
  if (applied) return `The values were written, but not compared with the plan to the end. Compare them: runback restore verify ${plan}`;
  if (isRunbackError(error) && typeof error.data['restore'] === 'string') return '';
  return `The plan stays. Continue with it while nothing else writes: runback restore apply ${plan}`;
}
