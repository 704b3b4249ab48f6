import { type Clock, isRunbackError, RunbackError } from '../../lib/index.js';
import { byAge, type Catalog, type SnapshotManifest, type SnapshotReader, type SnapshotSummary } from '../../snapshots/index.js';
import type { Store } from '../../store/index.js';
import type { JobConfig } from '../../workspace/index.js';
import { gradeOf } from '../grade.js';
import { jobLock, stateOf } from '../jobs/state.js';
import { learned, NO_HISTORY } from './history.js';
import { judgeWatch } from './judge.js';
import { countObject, levelsIn, linkLevels, nameOf } from './levels.js';
import { movesBetween, movesOfLevels } from './moves.js';
import { type SuspectRun, watchOf, type WatchRecord } from './record.js';
import type { Finding, Levels, Measure, ObjectLevels, WatchRules } from './types.js';

/** What watching works with. */
export interface WatchDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly signal?: AbortSignal;
}

/** Suspect snapshots of which it is kept what accepting them would teach. */
const SUSPECTS = 10;

/** The rules of a job; undefined where its snapshots are not watched. */
export function watchRules({ watch }: Pick<JobConfig, 'watch'>): WatchRules | undefined {
  return watch === 'off' ? undefined : { sensitivity: 'normal', except: [], ...watch };
}

/**
 * Judges the snapshot that a job has just taken, and notes what came of it; the summary says it. Reads what differs from
 * the last good snapshot of the job, or all of this one where there is none. Called again for the same one, it does
 * nothing. Where it cannot be judged, it stays marked, with the reason. One that is encrypted where there is no key is not
 * watched. Call it under the lock of the job.
 */
export async function watchSnapshot(job: JobConfig, id: string, deps: WatchDeps): Promise<SnapshotSummary> {
  const { catalog, clock, signal } = deps;
  const rules = watchRules(job);
  const taken = await catalog.resolve(id);
  if (rules === undefined || (taken.encrypted === 'unreadable' && taken.watch === undefined)) return taken;
  try {
    const found = await judged(job.name, id, rules, deps);
    const at = clock.now().toISOString();
    const why = found.map(({ text }) => text);
    return await catalog.noteWatch(id, why.length === 0 ? { state: 'clear', at } : { state: 'suspect', at, why });
  } catch (error) {
    if (!isRunbackError(error) || signal?.aborted === true) throw error;
    const why = [`It could not be compared with the snapshots before: ${error.message}`];
    return await catalog.noteWatch(id, { state: 'pending', at: clock.now().toISOString(), why });
  }
}

async function judged(job: string, id: string, rules: WatchRules, deps: WatchDeps): Promise<readonly Finding[]> {
  const document = watchOf(deps.store, job);
  const known = await document.read();
  if (known?.good.snapshot === id) return [];
  const before = known?.suspects.find(({ snapshot }) => snapshot === id);
  if (before !== undefined) return before.findings;
  const now = await deps.catalog.open(id);
  try {
    const place = placeOf(now.manifest);
    const record = known?.place === place ? known : undefined;
    const run = await compared(job, now, record, deps);
    const history = record?.history ?? NO_HISTORY;
    const findings = judgeWatch({ ...run, history, rules, standing: record?.suspects.at(-1)?.findings ?? [] });
    const suspect: SuspectRun = { snapshot: id, at: now.header.startedAt, ...run, findings };
    await document.update(() =>
      record !== undefined && findings.length > 0
        ? { ...record, suspects: [...record.suspects, suspect].slice(-SUSPECTS) }
        : withGood(place, history, suspect, record !== undefined),
    );
    return findings;
  } finally {
    await now.close();
  }
}

/** The record with one more good snapshot. */
function withGood(
  place: string,
  history: WatchRecord['history'],
  { snapshot, at, measures, levels, gapMs }: SuspectRun,
  isNext: boolean,
): WatchRecord {
  const learnt = learned(history, measures, new Date(at), isNext && gapMs > 0 ? gapMs : undefined);
  return { version: 1, place, good: { snapshot, at, levels }, history: learnt, suspects: [] };
}

interface Compared {
  readonly measures: readonly Measure[];
  readonly levels: Levels;
  readonly gapMs: number;
}

/** What happened since the last good snapshot of the job, and what there is now. */
async function compared(job: string, now: SnapshotReader, record: WatchRecord | undefined, deps: WatchDeps): Promise<Compared> {
  const options = deps.signal === undefined ? {} : { signal: deps.signal };
  const before = await lastGood(job, now, record, deps);
  if (before === undefined) {
    const levels = await levelsIn(now, options);
    const measures = record === undefined ? [] : movesOfLevels(record.good.levels, levels);
    return { measures, levels, gapMs: record === undefined ? 0 : gapBetween(record.good.at, now) };
  }
  try {
    const levels = record?.good.snapshot === before.manifest.id ? record.good.levels : await levelsIn(before, options);
    const moves = await movesBetween({ reader: before, levels }, now, options);
    const objects: Record<string, ObjectLevels> = {};
    for (const info of now.manifest.objects) objects[nameOf(info)] = moves.objects[nameOf(info)] ?? (await countObject(now, info, options));
    return { measures: moves.measures, levels: { objects, links: linkLevels(now) }, gapMs: gapBetween(before.header.startedAt, now) };
  } finally {
    await before.close();
  }
}

const gapBetween = (at: string, { header }: SnapshotReader): number => Math.max(0, Date.parse(header.startedAt) - Date.parse(at));

/** The last good snapshot of the job before this one, of the same accounts; undefined where there is none that can be read. */
async function lastGood(
  job: string,
  now: SnapshotReader,
  record: WatchRecord | undefined,
  { catalog }: WatchDeps,
): Promise<SnapshotReader | undefined> {
  const { id } = now.manifest;
  const older = (await catalog.list()).filter((one) => one.job === job && one.id !== id && gradeOf(one) === 'good').sort(byAge);
  const found = record === undefined ? older.at(-1) : older.find((one) => one.id === record.good.snapshot);
  if (found === undefined) return undefined;
  const reader = await catalog.open(found.id);
  if (placeOf(reader.manifest) === placeOf(now.manifest)) return reader;
  await reader.close();
  return undefined;
}

/** The accounts that a snapshot is of. */
function placeOf({ header }: SnapshotManifest): string {
  return JSON.stringify(header.platforms.map(({ name, connector, account, environment }) => [name, connector, account, environment]));
}

/**
 * A person has looked at a suspect snapshot and says that it is right: it counts as good, and the history learns from it.
 * Throws `usage` where it is not suspect, `locked` while its job is at work.
 */
export async function acceptSnapshot(
  reference: string,
  { by, reason }: { readonly by: string; readonly reason: string },
  deps: WatchDeps,
): Promise<SnapshotSummary> {
  const { store, clock, catalog } = deps;
  const { id, job, suspect, startedAt, gaps } = await catalog.resolve(reference);
  if (suspect === undefined)
    throw new RunbackError('usage', `${id} is not suspect`, {
      state: 'Nothing was changed.',
      next: `See what is known of it: runback snapshot show ${id}`,
    });
  const note = async (): Promise<SnapshotSummary> =>
    await catalog.noteWatch(id, { state: 'accepted', at: clock.now().toISOString(), by, reason, why: suspect });
  if (job === undefined) return await note();
  const owner = { by, holder: `accept-${process.pid}`, purpose: `accepting a snapshot of the backup job ${job}` };
  const lock = await store.lock(jobLock(job), owner, { breakDead: true, lapse: true });
  try {
    const document = watchOf(store, job);
    const record = await document.read();
    const run = record?.suspects.find(({ snapshot }) => snapshot === id);
    // What this teaches comes first: stopped here, the same command completes it.
    if (record !== undefined && run !== undefined) await document.update(() => withGood(record.place, record.history, run, true));
    const state = stateOf(store, job);
    const known = await state.read();
    if (known?.last?.snapshot === id && gaps.length === 0) await state.update(() => ({ ...known, whole: { snapshot: id, startedAt } }));
    return await note();
  } finally {
    await lock.release();
  }
}
