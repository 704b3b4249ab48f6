import type { Investigation, Start } from '../../../investigations/index.js';
import { defined, RunbackError } from '../../../lib/index.js';
import type { PlanFilters, PlanSummary } from '../../../restores/index.js';
import type { SnapshotReader, SnapshotSummary } from '../../../snapshots/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { restoreDeps } from '../restores/restore.js';
import { knownSyncs } from './field-proposals.js';

const DAY_MS = 86_400_000;
/** Days before the base in which ordinary work is looked for. */
const PAST_DAYS = 30;
/** Days to go back for the base, where none is named: a week of slow damage lies within. */
const LOOK_BACK_DAYS = 8;

/** What to look at. */
export interface InvestigationRequest {
  readonly platform: string;
  /** Snapshot to begin with; by default the oldest of the last days, else the newest. */
  readonly base: string | undefined;
  /** Snapshot of the present state; taken now by default. */
  readonly damaged: string | undefined;
  readonly objects: readonly string[] | undefined;
  readonly everything: boolean;
  /** What the person has seen; by default nothing but the platform. */
  readonly start?: Start;
}

/** Finds out what happened to a platform, and keeps it. Changes nothing there. */
export async function runInvestigation(context: CommandContext, session: Session, request: InvestigationRequest): Promise<Investigation> {
  const { live, call, clock } = context;
  const { platform, objects } = request;
  session.platformConfig(platform);
  if (request.damaged === undefined) await session.authorise('snapshot');
  const catalog = await session.catalog();
  const fitting = { platform, ...defined({ objects }) };
  const all = (await catalog.list()).filter((one) => one.platforms.some(({ name }) => name === platform));
  const { start } = request;
  const beganMs = start?.atMs ?? start?.sinceMs;
  const base = request.base === undefined ? baseAmong(all, platform, clock.now(), beganMs) : await catalog.resolve(request.base, fitting);
  if (beganMs !== undefined && Date.parse(base.startedAt) > beganMs) throw tooLate(base, beganMs, platform);
  // Before all of the platform is read for nothing.
  if (request.damaged === undefined) requirePast(base, clock.now());
  live.start(`Opening ${platform}`);
  const opened = await session.openPlatform(platform, call);
  const damaged =
    request.damaged === undefined
      ? await catalog.create({ platforms: [opened], by: session.by, note: 'evidence for an investigation', ...defined({ objects }) }, call)
      : await catalog.resolve(request.damaged, fitting);
  for (const doubt of await catalog.doubts([base.id, damaged.id], base.id)) live.note(doubt);
  if (base.startedAt >= damaged.startedAt)
    throw new RunbackError('usage', 'The base is not older than the snapshot of the damage', {
      why: `${base.id} was taken at ${base.startedAt}, ${damaged.id} at ${damaged.startedAt}.`,
      state: 'Nothing was compared.',
      next: 'Name an older one with --base: runback snapshot list',
    });
  // Where the platform keeps a history, what lies in between tells nothing more.
  const between =
    opened.connector.capabilities.history === 'field'
      ? []
      : all.filter((one) => isWhole(one, platform, base) && one.startedAt > base.startedAt && one.startedAt < damaged.startedAt);
  const ids = [base.id, ...between.map(({ id }) => id).sort(), damaged.id];
  const readers: SnapshotReader[] = [];
  try {
    for (const id of ids) readers.push(await catalog.open(id));
    live.start('Looking at what changed');
    const { investigate } = await import('../../../investigations/index.js');
    const syncs = knownSyncs(session.workspace.config.syncs, platform);
    const options = { readers, syncs, days: PAST_DAYS, everything: request.everything, by: session.by, ...defined({ objects, start }) };
    return await investigate(options, { store: session.store, clock, platform: opened }, call);
  } finally {
    for (const reader of readers) await reader.close();
  }
}

/** What was written since a base is looked for between its time and now. Throws `usage` where that is no span. */
function requirePast({ id, startedAt }: SnapshotSummary, now: Date): void {
  if (Date.parse(startedAt) <= now.getTime()) return;
  throw new RunbackError('usage', 'The base was taken later than now', {
    why: `${id} says that it was taken at ${startedAt}, and the clock of this machine says ${now.toISOString()}: one of the two is wrong, or the clock was set back since.`,
    state: 'Nothing was read.',
    next: 'Correct the clock of this machine, or name an older one with --base: runback snapshot list',
  });
}

/** True for a snapshot that can stand between: what it does not hold would look as if it had not been there. */
function isWhole({ imported, suspect, gaps, damaged, objects }: SnapshotSummary, platform: string, base: SnapshotSummary): boolean {
  const held = new Set(objects.filter((one) => one.platform === platform).map(({ object }) => object));
  const holdsAll = base.objects.every((one) => one.platform !== platform || held.has(one.object));
  return imported === undefined && suspect === undefined && damaged === undefined && gaps.length === 0 && holdsAll;
}

/** True for a snapshot that an investigation can begin with. */
export function isUsable({ imported, suspect, gaps }: SnapshotSummary): boolean {
  return imported === undefined && suspect === undefined && gaps.length === 0;
}

/**
 * The oldest snapshot of the last days, else the newest there is: damage may be older than the newest. Where that was
 * taken after the time that a person gave, the newest from before it.
 */
function baseAmong(all: readonly SnapshotSummary[], platform: string, now: Date, beganMs?: number): SnapshotSummary {
  const usable = all.filter(isUsable);
  const recent = usable.filter(({ startedAt }) => now.getTime() - Date.parse(startedAt) <= LOOK_BACK_DAYS * DAY_MS);
  const usual = recent.at(-1) ?? usable[0];
  const isTooLate = (one: SnapshotSummary): boolean => beganMs !== undefined && Date.parse(one.startedAt) > beganMs;
  const base = usual !== undefined && isTooLate(usual) ? (usable.find((one) => !isTooLate(one)) ?? usual) : usual;
  if (base !== undefined) return base;
  throw new RunbackError('not-found', `There is no snapshot of ${platform} to compare with`, {
    why: 'An investigation compares an earlier state with the present one.',
    state: 'Nothing was read.',
    next: `runback snapshot import FILE --platform ${platform}`,
  });
}

/** Why what was written before the base cannot be found by comparing with it. */
function tooLate({ id, startedAt }: SnapshotSummary, beganMs: number, platform: string): RunbackError {
  const began = new Date(beganMs).toISOString();
  return new RunbackError('usage', `The base was taken after ${began}`, {
    why: `${id} was taken at ${startedAt}: what was written before that is in it, so comparing with it cannot show it.`,
    state: 'Nothing was compared.',
    next: `Name an older base (runback snapshot list), or see who wrote then: runback restore plan --platform ${platform} --from-history --since ${began}`,
  });
}

/** The investigation that an id, the beginning of one, or `latest` means. */
export async function findInvestigation(session: Session, wanted: string): Promise<Investigation> {
  const { INVESTIGATIONS, readInvestigation } = await import('../../../investigations/index.js');
  const ids = await session.store.ledgers(INVESTIGATIONS);
  const id = wanted === 'latest' ? ids.at(-1) : byPrefix(wanted, ids, (one) => one, { what: 'investigation', list: 'runback investigate' });
  if (id === undefined)
    throw new RunbackError('not-found', 'There is no investigation yet', {
      state: 'Nothing was started.',
      next: 'runback investigate --platform <name>',
    });
  return readInvestigation(session.store, id);
}

/**
 * Makes a plan of exactly what some groups hold; without numbers, of all that are damage. `extra`: what a person limits it
 * to beside that.
 */
export async function planOfGroups(
  context: CommandContext,
  session: Session,
  investigation: Investigation,
  numbers: readonly number[] | undefined,
  extra: Partial<PlanFilters> = {},
): Promise<PlanSummary> {
  const { chosenCells } = await import('../../../investigations/index.js');
  const { header } = investigation;
  const { groups, cells, kept } = await chosenCells(session.store, investigation, numbers);
  await session.authorise('plan');
  const { planRestore } = await import('../../../restores/index.js');
  context.live.start(`Opening ${header.platform}`);
  const deps = await restoreDeps(session, header.platform, context);
  const ends = kept.flatMap(({ object }) => (object.includes('~') ? object.split('~').slice(0, 2) : [object]));
  const writers = [...new Set(kept.flatMap(({ writer }) => writer ?? []))];
  const filters: PlanFilters = {
    objects: [...new Set(ends)],
    // Where only the last writer of a record is known, it says nothing of a cell.
    ...(header.reading.history && writers.length > 0 ? { suspects: writers } : {}),
    // A person chose these cells: what no history tells of is included, and what somebody else wrote since stays.
    unattributed: 'unknown',
    deleteCreated: false,
    ...extra,
    investigation: groups,
  };
  context.live.start('Working out what was damaged');
  return await planRestore(
    { base: header.base.snapshot, damaged: header.damaged.snapshot, filters, chosen: cells, by: session.by },
    deps,
    context.call,
  );
}
