import type { CallOptions } from '../../../lib/index.js';
import { defined } from '../../../lib/index.js';
import { incidentsNow } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';

/** Names of the syncs that write to any of these platforms. */
export function syncsOn({ workspace }: Pick<Session, 'workspace'>, platforms: readonly string[]): readonly string[] {
  return Object.values(workspace.config.syncs)
    .filter((sync) => sync.writes_to.some((platform) => platforms.includes(platform)))
    .map((sync) => sync.name);
}

/** Names of the syncs that stand still for a restore: also those that react to what it writes. */
export async function stillOn({ workspace }: Pick<Session, 'workspace'>, platforms: readonly string[]): Promise<readonly string[]> {
  const { stillFor } = await import('../../../syncs/index.js');
  return stillFor(workspace.config.syncs, platforms);
}

/**
 * Does some work while the syncs that write to these platforms are paused, then puts each back to the state it was in,
 * whatever came of the work.
 */
export async function whilePaused<T>(
  session: Session,
  platforms: readonly string[],
  holder: string,
  call: CallOptions,
  work: () => Promise<T>,
): Promise<T> {
  const syncs = await session.syncs();
  const names = syncsOn(session, platforms);
  if (names.length === 0) return work();
  try {
    const incidents = await incidentsNow(session, platforms);
    await syncs.pause({ names, by: session.by, holder, reason: 'taking a snapshot', ...defined({ incidents }) }, call);
    return await work();
  } finally {
    // Not cut short by Ctrl-C, nor by one sync that could not be paused: a sync that stays paused by accident is damage
    // too.
    for (const pause of (await syncs.pauses()).filter((one) => one.holder === holder))
      await syncs.resume(pause.id, { by: session.by }, call.reporter === undefined ? {} : { reporter: call.reporter });
  }
}
