import { type Platform, platformLock } from '../connectors/index.js';
import { type CallOptions, chunksOf, type Clock, defined } from '../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../records/index.js';
import type { Store } from '../store/index.js';
import { deleteRecords } from './deletion.js';
import { CHECKS, type CheckNote, type NotedPlace } from './ledger.js';
import { submissionsOf } from './load/people.js';
import { ownRecords, type OwnRecord } from './load/readings.js';
import { valueIn } from './touchpoints/facts.js';

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

/** A record that stays; without a key: the whole place could not be looked at. */
export interface Kept {
  readonly key?: string;
  /** `touched`: it is for people to decide, so that nothing is left to do here. */
  readonly because: 'touched' | 'half-marked' | 'refused' | 'other-account' | 'no-such-object';
  /** As the end of a sentence. */
  readonly why: string;
}

export interface Cleaned {
  readonly id: string;
  readonly test: string;
  readonly places: readonly CleanedPlace[];
  /** Nothing of the run is left but what a person touched. */
  readonly done: boolean;
}

/** Runs whose records may still be there, oldest first. */
export async function uncleaned(store: Store): Promise<readonly CheckNote[]> {
  const notes = await Promise.all((await store.list(CHECKS)).map(async (id) => await store.document<CheckNote>(CHECKS, id).read()));
  return notes.filter((note) => note !== undefined).filter(({ cleanedAt }) => cleanedAt === undefined);
}

/**
 * Takes away what a run created, wherever it arrived: only records whose address and mark are both among those that were written
 * down before anything was sent. What a person has touched since stays. Whatever ends this process, it can be called again.
 */
export async function cleanUp(note: CheckNote, deps: CleanupDeps): Promise<Cleaned> {
  const { store, clock } = deps;
  const places: CleanedPlace[] = [];
  for (const place of note.places) places.push(await cleanPlace(note, place, deps));
  const done = places.every(({ kept }) => kept.every(({ because }) => because === 'touched'));
  if (done) await store.document<CheckNote>(CHECKS, note.id).update((now) => ({ ...(now ?? note), cleanedAt: clock.now().toISOString() }));
  return { id: note.id, test: note.test, places, done };
}

const touched = (key: string): Kept => ({ key, because: 'touched', why: 'a person has changed it since' });
const halfMarked = (key: string): Kept => ({ key, because: 'half-marked', why: 'only one of its address and its mark is that of the test' });

async function cleanPlace(note: CheckNote, at: NotedPlace, deps: CleanupDeps): Promise<CleanedPlace> {
  const { platform: name, account, connector, object, about } = at;
  const { store, by, call } = deps;
  const place = `${name}/${object}`;
  const platform = await deps.openPlatform(name);
  if (platform.identity.account !== account || platform.connector.kind !== connector)
    return {
      place,
      deleted: 0,
      kept: [{ because: 'other-account', why: `${name} is account ${platform.identity.account} now, and the test ran on ${account}` }],
    };
  const { objects } = await platform.connector.describe([object], call);
  const schema = objects.find((each) => each.object === object);
  if (schema === undefined) return { place, deleted: 0, kept: [{ because: 'no-such-object', why: `${object} is not there any longer` }] };
  const lock = await store.lock(
    platformLock(platform),
    { by, holder: note.id, purpose: `clean-up of test ${note.test}` },
    { breakDead: true, lapse: true },
  );
  try {
    const { ours, others } =
      about === undefined ? await marked(note, at, { platform, schema }, call) : await belonging(note, at, { platform, schema }, deps);
    const byPeople = await touchedAmong(platform, schema, ours, call);
    const going = ours.filter(({ key }) => !byPeople.has(key));
    await lock.check();
    const failed = await deleteAll(platform, schema, going, call);
    const kept = [...others.map(({ key }) => halfMarked(key)), ...[...byPeople].map(touched), ...failed];
    return { place, deleted: going.length - failed.length, kept };
  } finally {
    await lock.release();
  }
}

interface Found {
  readonly ours: readonly PlatformRecord[];
  /** They bear only one of the marks. */
  readonly others: readonly PlatformRecord[];
}

interface Side {
  readonly platform: Platform;
  readonly schema: ObjectSchema;
}

/** Records that bear an address and a mark that were written down. */
async function marked(note: CheckNote, { platform: name, object, address, nonce }: NotedPlace, side: Side, call: CallOptions): Promise<Found> {
  const found = await ownRecords({ name: `${name}/${object}`, ...side, address, ...defined({ nonce }) }, { mark: note.mark }, call);
  const submissions = submissionsOf(note.submissions, note.mark);
  const people = new Set(submissions.map(({ person }) => person));
  const nonces = new Set(submissions.map((submission) => submission.nonce));
  const isOurs = ({ person, nonces: [stands] }: OwnRecord): boolean =>
    person !== undefined && people.has(person) && (nonce === undefined || (stands !== undefined && nonces.has(stands)));
  return { ours: found.filter(isOurs).map(({ record }) => record), others: found.filter((one) => !isOurs(one)).map(({ record }) => record) };
}

/** Records that hold the key of one that bears them, as a task that an automation made. */
async function belonging(note: CheckNote, { about, address }: NotedPlace, { platform, schema }: Side, deps: CleanupDeps): Promise<Found> {
  const owner = note.places.find((each) => each.about === undefined && each.platform === about?.platform && each.object === about.object);
  if (owner === undefined) return { ours: [], others: [] };
  const there = owner.platform === platform.name ? platform : await deps.openPlatform(owner.platform);
  const { objects } = await there.connector.describe([owner.object], deps.call);
  const ownerSchema = objects.find((each) => each.object === owner.object);
  if (ownerSchema === undefined || there.identity.account !== owner.account) return { ours: [], others: [] };
  const keys = new Set((await marked(note, owner, { platform: there, schema: ownerSchema }, deps.call)).ours.map(({ key }) => key));
  const ours = new Map<string, PlatformRecord>();
  if (keys.size === 0) return { ours: [], others: [] };
  for await (const { records } of platform.connector.read({ schema }, deps.call))
    for (const record of records) {
      const value = valueIn(record, address);
      if (typeof value === 'string' && keys.has(value)) ours.set(record.key, record);
    }
  return { ours: [...ours.values()], others: [] };
}

/** Of which records a field was written by a person, where the platform tells. */
async function touchedAmong(
  { connector }: Platform,
  schema: ObjectSchema,
  found: readonly PlatformRecord[],
  call: CallOptions,
): Promise<ReadonlySet<string>> {
  const byPeople = new Set<string>();
  if (connector.capabilities.history !== 'field') return byPeople;
  const fields = schema.fields.filter(({ readOnly }) => !readOnly).map(({ name }) => name);
  const keys = found.map(({ key }) => key);
  for (const some of chunksOf(keys, connector.capabilities.batch.history))
    for await (const { history } of connector.read({ schema, keys: some, history: fields, historyMayLack: true }, call))
      for (const [key, { fields: changes }] of history ?? [])
        if (Object.values(changes).some((entries) => entries.some(({ maker }) => maker === 'person'))) byPeople.add(key);
  return byPeople;
}

/** Deletes records; gives those that are still there, and why. An answer that was lost is looked up. */
async function deleteAll(
  { connector }: Platform,
  schema: ObjectSchema,
  records: readonly PlatformRecord[],
  call: CallOptions,
): Promise<readonly Kept[]> {
  const failed: Kept[] = [];
  for (const { key, result } of await deleteRecords(connector, schema, records, call))
    if (await isThere(connector, schema, key, call))
      failed.push(result.status === 'moved' ? touched(key) : { key, because: 'refused', why: result.message });
  return failed;
}

async function isThere(connector: Platform['connector'], schema: ObjectSchema, key: string, call: CallOptions): Promise<boolean> {
  for await (const { records } of connector.read({ schema, keys: [key] }, call)) if (records.length > 0) return true;
  return false;
}
