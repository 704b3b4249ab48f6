import { isRunbackError } from '../../../lib/index.js';
import type { PauseRecord } from '../../../syncs/index.js';
import type { Session } from '../../session/session.js';
import { visible } from '../../views/text/visible.js';

/** How far a repair had come when something went wrong. */
export interface Reached {
  /** Everything of the plan was sent, and only the comparison is open. */
  readonly applied: boolean;
}

/**
 * What a person has to know where a repair ends on its way and its own error does not say it: which syncs are paused and how
 * they are resumed, whether anything was written, and the command that continues. Never throws: it is told besides an
 * error.
 */
export async function whereItStands(
  opened: Session,
  { plan, names, continues }: { readonly plan: string; readonly names: readonly string[]; readonly continues: string },
  error: unknown,
  { applied }: Reached,
): Promise<readonly string[]> {
  const held = await heldSyncs(opened, names).catch(() => undefined);
  return [held === undefined ? '' : pausedText(held), continueText({ plan, continues }, error, applied)].filter((text) => text !== '');
}

/** Syncs that stand still for repairs, with the ids of all pauses that keep them so. */
interface HeldSyncs {
  readonly syncs: readonly string[];
  readonly pauses: readonly string[];
}

/**
 * Those of some syncs that repairs have paused and that still are; undefined where none is. An earlier attempt that was
 * stopped holds the same ones by a pause of its own: they run again only once that is ended, too. The pause of a run ends
 * with the run.
 */
export async function heldSyncs(opened: Session, names: readonly string[]): Promise<HeldSyncs | undefined> {
  const open = await (await opened.syncs()).pauses();
  const heldIn = ({ entries }: PauseRecord): readonly string[] =>
    entries.filter((entry) => isHeld(entry) && names.includes(entry.sync)).map(({ sync }) => sync);
  const syncs = [...new Set(open.filter(({ holder }) => holder.startsWith(HOLDER)).flatMap(heldIn))];
  const pauses = open.filter((pause) => !pause.holder.startsWith('run-') && heldIn(pause).some((sync) => syncs.includes(sync)));
  return syncs.length === 0 ? undefined : { syncs, pauses: pauses.map(({ id }) => id) };
}

/** What the names begin with under which repairs pause. */
const HOLDER = 'plan:';

/** The name under which a repair pauses syncs: a second attempt continues the same pause. */
export const pauseHolder = (plan: string): string => `${HOLDER}${plan}`;

/** Not stopped by us: one that could not be paused, or was resumed since. */
function isHeld({ state }: { readonly state: string }): boolean {
  return state === 'paused' || state === 'pausing';
}

/** Which syncs are held, and the commands by which they run again, each on a line of its own. */
export function pausedText({ syncs, pauses }: HeldSyncs): string {
  const commands = pauses.map((pause) => `\n  runback sync resume ${pause}`);
  return `Paused: ${syncs.map(visible).join(', ')}. Once the cause is corrected:${commands.join('')}`;
}

/** That an incident is not ended by a repair that is not made. */
export function staysOpen(incident: string | undefined): readonly string[] {
  return incident === undefined ? [] : [`Incident ${incident} stays open. Continue it: runback respond`];
}

/** A restore that was started names itself in its error, with the command that continues it. */
function continueText({ plan, continues }: { readonly plan: string; readonly continues: string }, error: unknown, applied: boolean): string {
  if (applied) return `The values were written, but not compared with the plan to the end:\n  runback restore verify ${plan}`;
  if (isRunbackError(error) && typeof error.data['restore'] === 'string') return '';
  return `The plan stays. Continue with it while nothing else writes:\n  ${continues}`;
}
