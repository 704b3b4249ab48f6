import { defined, isRunbackError, newId, RunbackError } from '../../../lib/index.js';
import type { ApplyDeps, PlanFilters, PlanSet, SetSync } from '../../../restores/index.js';
import type { SnapshotSummary } from '../../../snapshots/index.js';
import type { PauseRecord } from '../../../syncs/index.js';
import { incidentsNow } from '../../session/incidents.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { restoreDeps } from './restore.js';
import { stillOn, syncsOn } from './while-paused.js';

/** True where what a person typed means a set of plans and not one plan or restore. */
export function meansSet(wanted: string): boolean {
  return wanted.startsWith('set-');
}

/** The set of plans that an id or its beginning means. Throws `not-found`, `ambiguous`. */
export async function findSet(session: Session, wanted: string): Promise<PlanSet> {
  const { PLAN_SETS, readSet } = await import('../../../restores/index.js');
  const ids = await session.store.list(PLAN_SETS);
  return await readSet(
    session.store,
    byPrefix(wanted, ids, (id) => id, { what: 'set of plans', list: 'runback restore plan --set <snapshot>' }),
  );
}

/** The id of the newest set that a plan is one side of; undefined where it is none. */
export async function sideOfSet(session: Session, plan: string): Promise<string | undefined> {
  const { setWith } = await import('../../../restores/index.js');
  return (await setWith(session.store, plan))?.id;
}

/** What commands for a set work with: the platforms opened, in its order, and the syncs between them. */
export interface SetPlace {
  readonly depsOf: (platform: string) => ApplyDeps;
  readonly syncs: readonly SetSync[];
}

/** Opens the platforms of a set. */
export async function openSet(context: CommandContext, session: Session, platforms: readonly string[]): Promise<SetPlace> {
  const { live, input } = context;
  live.start(`Opening ${platforms.join(', ')}`);
  const deps = new Map<string, ApplyDeps>();
  for (const platform of platforms) deps.set(platform, await restoreDeps(session, platform, context, input.text('moved-to')));
  live.stop();
  return {
    depsOf: (platform) => {
      const found = deps.get(platform);
      if (found === undefined) throw new RunbackError('bug', `${platform} was not opened`);
      return found;
    },
    syncs: syncsOn(session, platforms).map((name) => ({ name, carries: session.workspace.config.syncs[name]?.carries ?? [] })),
  };
}

/**
 * Pauses the syncs that write to these platforms, or makes sure that they still are: one that runs again is paused again, and
 * with `since` that is told. Throws as a pause does.
 */
export async function holdSyncs(
  context: CommandContext,
  session: Session,
  platforms: readonly string[],
  holder: string,
  since: 'new' | 'planned',
): Promise<void> {
  const names = await stillOn(session, platforms);
  if (names.length === 0) return;
  const { live, call } = context;
  await session.authorise('pause-syncs');
  const syncs = await session.syncs();
  live.start('Pausing the syncs between them');
  const open = (await syncs.pauses()).find((pause) => pause.holder === holder);
  const ran = open === undefined || (await syncs.held(open.id, call)).some(({ status }) => status?.state === 'running');
  const incidents = await incidentsNow(session, platforms);
  await syncs.pause({ names, by: session.by, holder, reason: `plans for both sides (${holder})`, ...defined({ incidents }) }, call);
  live.stop();
  if (since === 'planned' && ran)
    live.note('Syncs ran since the plans were made, and are paused again. What they changed since is left alone, and told.');
}

/** Ends the pause of a holder, whatever came of it. */
async function letGo(session: Session, holder: string): Promise<void> {
  const syncs = await session.syncs();
  for (const pause of (await syncs.pauses()).filter((one) => one.holder === holder)) await syncs.resume(pause.id, { by: session.by });
}

/** The pause that a set holds now; undefined where it holds none. */
export async function pauseOf(session: Session, set: Pick<PlanSet, 'pause'>): Promise<PauseRecord | undefined> {
  return (await (await session.syncs()).pauses()).find(({ holder }) => holder === set.pause);
}

/** The id of a new set. */
export async function newSetId(session: Session): Promise<string> {
  const { PLAN_SETS } = await import('../../../restores/index.js');
  return newId('set', session.clock, await session.store.list(PLAN_SETS));
}

/** Refuses a snapshot that is none of several platforms, or lacks one of them. */
function requirePlatforms(snapshot: SnapshotSummary, platforms: readonly string[]): void {
  const held = new Set(snapshot.platforms.map(({ name }) => name));
  const lacking = platforms.filter((name) => !held.has(name));
  if (held.size > 1 && lacking.length === 0) return;
  throw new RunbackError(
    'usage',
    `${snapshot.id} is no snapshot of ${lacking.length === 0 ? 'several platforms' : `all of ${platforms.join(', ')}`}`,
    {
      why: `It holds ${[...held].join(', ')}.`,
      state: 'Nothing was started.',
      next: 'Name one that a job over several platforms took: runback snapshot list. Or plan one platform: runback restore plan --platform <name> --base <snapshot>',
    },
  );
}

/**
 * Plans for all platforms of a snapshot, with the syncs between them paused from before anything is read. They stay paused
 * when this ends well: until both sides are restored, what one of them carries would undo it. Where it fails, they run again.
 */
export async function makeSet(
  context: CommandContext,
  session: Session,
  request: {
    readonly set: string;
    readonly damaged: string | undefined;
    readonly filtersOf: (platform: string) => PlanFilters;
    readonly suspectsNamed: boolean;
  },
): Promise<PlanSet> {
  const { live, call } = context;
  const catalog = await session.catalog();
  const base = await catalog.resolve(request.set, { several: true });
  const platforms = base.platforms.map(({ name }) => name);
  requirePlatforms(base, platforms);
  for (const name of platforms) session.platformConfig(name);
  const wanted = request.damaged === undefined ? undefined : await catalog.resolve(request.damaged, { several: true });
  if (wanted !== undefined) requirePlatforms(wanted, platforms);
  await session.authorise('plan');
  await session.authorise('snapshot');
  const { checkLimits, checkTogether, planSet } = await import('../../../restores/index.js');
  for (const name of platforms) {
    checkLimits(request.filtersOf(name));
    checkTogether(request.filtersOf(name));
  }
  const place = await openSet(context, session, platforms);
  const id = await newSetId(session);
  try {
    await holdSyncs(context, session, platforms, id, 'new');
    live.note('Taking a snapshot of both sides as they are now.');
    const note = `evidence for plans of both sides (${id})`;
    const now = await catalog.create({ platforms: platforms.map((name) => place.depsOf(name).platform), by: session.by, note }, call);
    const damaged = wanted ?? now;
    for (const doubt of await catalog.doubts([base.id, damaged.id, now.id], base.id)) live.note(doubt);
    live.start('Working out what was damaged');
    const { filtersOf, suspectsNamed } = request;
    const own = { id, base: base.id, damaged: damaged.id, now: now.id, platforms, pause: id, by: session.by };
    return await planSet({ ...own, filtersOf, suspectsNamed }, place, call);
  } catch (error) {
    // Not cut short by Ctrl-C: without a set nothing would hold the pause. The first error is what went wrong.
    await letGo(session, id).catch((second: unknown) => {
      if (!isRunbackError(second)) throw second;
      live.note(`${second.message}. ${second.next ?? 'runback sync list'}`);
    });
    throw error;
  }
}
