import type { Platform } from '../../connectors/index.js';
import { type CallOptions, type Clock, isRunbackError, RunbackError } from '../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../records/index.js';
import type { Store } from '../../store/index.js';
import { deleteRecords } from '../deletion.js';
import { CHECKS, type CheckNote, type NotedPlace, RESULTS } from '../ledger.js';
import { lockPlatform } from '../locks.js';
import type { CheckResult } from '../result.js';
import { arrivesUntil } from './arrivals.js';
import { attachedAmong } from './attached.js';
import { halfMarked, isForPeople, type Kept, touched } from './kept.js';
import { mergedAmong } from './merged.js';
import { belongingTo, type Found, markedIn, type Side } from './own.js';
import { touchedAmong } from './touched.js';

/** What a clean-up works with. */
export interface CleanupDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
  /** Opens a platform that is no production. Throws `stage-refused`. */
  readonly openPlatform: (name: string) => Promise<Platform>;
  readonly call: CallOptions;
}

/** What became of the records of one run in one place. */
export interface CleanedPlace {
  readonly place: string;
  readonly deleted: number;
  readonly kept: readonly Kept[];
}

export interface Cleaned {
  readonly id: string;
  readonly test: string;
  readonly places: readonly CleanedPlace[];
  /** Until when something may still arrive that was on its way; then it has to be looked again. ISO 8601, UTC. */
  readonly until?: string;
  /** Nothing of the run is left but what people made theirs, and nothing can come. */
  readonly done: boolean;
}

/** Runs whose records may still be there, oldest first. */
export async function uncleaned(store: Store): Promise<readonly CheckNote[]> {
  const notes = await Promise.all((await store.list(CHECKS)).map(async (id) => await store.document<CheckNote>(CHECKS, id).read()));
  return notes.filter((note) => note !== undefined).filter(({ cleanedAt }) => cleanedAt === undefined);
}

/**
 * Takes away what a run created, wherever it arrived: only records whose address and mark are both among those that were written
 * down before anything was sent. What people have changed since, merged or linked to something of theirs stays. Whatever ends this process,
 * it can be called again. Throws what platforms throw, with what was deleted until then as `state`.
 */
export async function cleanUp(note: CheckNote, deps: CleanupDeps): Promise<Cleaned> {
  const { store, clock } = deps;
  const document = store.document<CheckNote>(CHECKS, note.id);
  const until = arrivesUntil(note, await store.document<CheckResult>(RESULTS, note.id).read(), clock.now())?.toISOString();
  if (until !== undefined && note.arrivesUntil === undefined) await document.update((now) => ({ ...(now ?? note), arrivesUntil: until }));
  const places: CleanedPlace[] = [];
  const tally: Tally = { deleted: 0 };
  try {
    for (const place of note.places) places.push(await cleanPlace(note, place, deps, tally));
  } catch (error) {
    throw told(error, note, tally);
  }
  const done = until === undefined && places.every(({ kept }) => kept.every(isForPeople));
  if (done) await document.update((now) => ({ ...(now ?? note), cleanedAt: clock.now().toISOString() }));
  return { id: note.id, test: note.test, places, ...(until !== undefined && { until }), done };
}

/** How many records of a run were deleted until now. */
interface Tally {
  deleted: number;
}

/** The same error, which says what state things are in. */
function told(error: unknown, { id, test }: CheckNote, { deleted }: Tally): unknown {
  if (!isRunbackError(error) || error.code === 'stage-refused') return error;
  const { code, message, why, next } = error;
  return new RunbackError(code, message, {
    ...(why !== undefined && { why }),
    state: `${deleted} ${deleted === 1 ? 'record' : 'records'} of the test ${test} were deleted. The others may still be there, and are still noted.`,
    next: next ?? `runback test cleanup ${id}`,
    cause: error,
  });
}

async function cleanPlace(note: CheckNote, at: NotedPlace, deps: CleanupDeps, tally: Tally): Promise<CleanedPlace> {
  const { platform: name, account, connector, object } = at;
  const { store, by, call } = deps;
  const place = `${name}/${object}`;
  const nothing = (why: Kept): CleanedPlace => ({ place, deleted: 0, kept: [why] });
  const platform = await deps.openPlatform(name);
  if (platform.identity.account !== account || platform.connector.kind !== connector)
    return nothing({ because: 'other-account', why: `${name} is account ${platform.identity.account} now, and the test ran on ${account}` });
  const schema = await schemaOf(platform, object, call);
  if (schema === undefined) return nothing({ because: 'no-such-object', why: `${object} is not there any longer` });
  const lock = await lockPlatform(store, platform, { by, holder: note.id, purpose: `clean-up of test ${note.test}` });
  try {
    const side = { platform, schema };
    const { ours, others } = at.about === undefined ? await markedIn(note, at, side, call) : await belonging(note, at, side, deps);
    const byMerging = at.about === undefined ? await mergedAmong(note, at, side, { ours, others }, call) : new Map<string, Kept>();
    const byPeople = new Map([...(await touchedAmong(side, ours, call)), ...byMerging]);
    const free = ours.filter(({ key }) => !byPeople.has(key));
    if (at.about === undefined) for (const [key, kept] of await attachedAmong(note, side, free, call)) byPeople.set(key, kept);
    const going = free.filter(({ key }) => !byPeople.has(key));
    await lock.check();
    const before = tally.deleted;
    const failed = await deleteAll(side, going, tally, call);
    const half = others.filter(({ key }) => !byPeople.has(key)).map(({ key }) => halfMarked(key));
    return { place, deleted: tally.deleted - before, kept: [...half, ...byPeople.values(), ...failed] };
  } finally {
    await lock.release();
  }
}

async function schemaOf({ connector }: Platform, object: string, call: CallOptions): Promise<ObjectSchema | undefined> {
  return (await connector.describe([object], call)).objects.find((each) => each.object === object);
}

/** Records that hold the key of one that bears address and mark, as a task that an automation made. */
async function belonging(note: CheckNote, at: NotedPlace, side: Side, { openPlatform, call }: CleanupDeps): Promise<Found> {
  const none: Found = { ours: [], others: [] };
  const { about } = at;
  const owner = note.places.find((each) => each.about === undefined && each.platform === about?.platform && each.object === about.object);
  if (owner === undefined) return none;
  const there = owner.platform === side.platform.name ? side.platform : await openPlatform(owner.platform);
  const schema = await schemaOf(there, owner.object, call);
  if (schema === undefined || there.identity.account !== owner.account) return none;
  const { ours } = await markedIn(note, owner, { platform: there, schema }, call);
  return await belongingTo(new Set(ours.map(({ key }) => key)), at, side, call);
}

/** Deletes records; gives those that are still there, and why. An answer that was lost is looked up. */
async function deleteAll(
  { platform: { connector }, schema }: Side,
  records: readonly PlatformRecord[],
  tally: Tally,
  call: CallOptions,
): Promise<readonly Kept[]> {
  const failed: Kept[] = [];
  const left = await deleteRecords(connector, schema, records, call);
  tally.deleted += records.length - left.length;
  for (const { key, result } of left)
    if (!(await isThere(connector, schema, key, call))) tally.deleted += 1;
    else failed.push(result.status === 'moved' ? touched(key) : { key, because: 'refused', why: result.message });
  return failed;
}

async function isThere(connector: Platform['connector'], schema: ObjectSchema, key: string, call: CallOptions): Promise<boolean> {
  for await (const { records } of connector.read({ schema, keys: [key] }, call)) if (records.length > 0) return true;
  return false;
}
