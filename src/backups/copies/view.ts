import { type Clock, defined, parseDuration } from '../../lib/index.js';
import { lockIn } from '../../snapshots/index.js';
import type { Store } from '../../store/index.js';
import type { JobConfig } from '../../workspace/index.js';
import { PRUNE_LOCK } from '../prune/prune.js';
import { type CopyState, copyStateOf } from './state.js';

/** How long a copy may fail for a job without a target before people are told. */
const FAILS_MS = 24 * 3_600_000;

/** How far a copy of the snapshots of a job is, as it was seen last. Times are ISO 8601, UTC. */
export interface CopyView {
  readonly copy: string;
  /** When it was last looked at; absent where it never was. */
  readonly at?: string;
  /** The newest good snapshot of the job there, and its age in milliseconds. */
  readonly newest?: { readonly snapshot: string; readonly startedAt: string; readonly ageMs: number };
  /** It has nothing as young as the target of the job asks for; without a target: it has failed for more than a day. */
  readonly late: boolean;
  readonly failing?: NonNullable<CopyState['failing']>;
  /** A process is at work there. */
  readonly running?: { readonly since: string; readonly by: string };
}

/** How far the copies are for a job, which is known since then. Asks no storage. */
export async function copyViews(
  job: Pick<JobConfig, 'name' | 'target'>,
  since: string,
  copies: readonly string[],
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Promise<readonly CopyView[]> {
  const now = clock.now();
  return await Promise.all(
    copies.map(async (copy): Promise<CopyView> => {
      const [state, holder] = await Promise.all([copyStateOf(store, copy).read(), store.lockHolder(lockIn(copy, PRUNE_LOCK))]);
      const found = state?.newest[job.name];
      const newest = found && { ...found, ageMs: Math.max(0, now.getTime() - Date.parse(found.startedAt)) };
      const running = holder === undefined || holder.life === 'dead' ? undefined : { since: holder.since, by: holder.by };
      return { copy, late: isCopyLate(job, since, state, now), ...defined({ at: state?.at, newest, failing: state?.failing, running }) };
    }),
  );
}

/** Whether people should know of a copy. `since`: when the job was first seen. One that was never copied to is not late: the first run of a job is yet to come. Pure. */
export function isCopyLate({ name, target }: Pick<JobConfig, 'name' | 'target'>, since: string, state: CopyState | undefined, now: Date): boolean {
  if (state === undefined) return false;
  const begun = state.firstSeen > since ? state.firstSeen : since;
  const [from, most] = target === undefined ? [state.failing?.since, FAILS_MS] : [state.newest[name]?.startedAt ?? begun, parseDuration(target)];
  return from !== undefined && now.getTime() - Date.parse(from) > most;
}
