import { type CallOptions, type Clock, isRunbackError, type RunbackError } from '../../lib/index.js';
import { type Catalog, NOTES_KIND, type SnapshotNotes } from '../../snapshots/index.js';
import { CLOCK_TOLERANCE_MS, type Store } from '../../store/index.js';

/** What a round of verification works with. */
export interface RoundDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: Catalog;
  /** A key that opens encrypted snapshots is to be had: without one, their bytes are compared with what was recorded. */
  readonly hasKey: boolean;
  /** They are copies of snapshots: that those were read says nothing of when these were. */
  readonly areCopies?: true;
}

/** A snapshot that is not what was written. */
export interface FoundDamage {
  readonly snapshot: string;
  /** In a sentence, without the name of the snapshot. */
  readonly why: string;
}

/** What a round of verification came to. */
export interface Round {
  /** Ids of the snapshots that are as they were written: read whole, or of those that no key here opens, by their bytes. */
  readonly verified: readonly string[];
  readonly byBytes: readonly string[];
  readonly damaged: readonly FoundDamage[];
  /** What could not be told of, and why. */
  readonly unclear: readonly FoundDamage[];
  /** Bytes of the files that were read. */
  readonly bytes: number;
  /** Snapshots that are left for the next rounds. */
  readonly left: number;
}

/** What a round came to here, and in each copy that is read again; or why nothing could be read there. */
export interface RoundOfAll extends Round {
  readonly copies?: Readonly<Record<string, Round | { readonly failed: { readonly code: string; readonly message: string } }>>;
}

/** A file to be read. */
interface Turn {
  readonly id: string;
  readonly bytes: number;
  readonly checkedAt: string | undefined;
}

/**
 * Reads stored snapshots again, each whole: those that were never verified first, the newest of them before the others,
 * then those whose verification is the longest ago. None is begun after `budgetMs`; one that has begun is read to its end,
 * and one is begun at least. `done` is told of each.
 */
export async function verifyRound(
  budgetMs: number,
  deps: RoundDeps,
  call: CallOptions,
  done: (id: string, state: 'verified' | 'bytes' | 'damaged' | 'unclear') => void = () => undefined,
): Promise<Round> {
  const { clock } = deps;
  const turns = await inTurn(deps);
  const began = clock.monotonicMs();
  const round = { verified: [] as string[], byBytes: [] as string[], damaged: [] as FoundDamage[], unclear: [] as FoundDamage[], bytes: 0 };
  let taken = 0;
  for (const { id, bytes } of turns) {
    if (taken > 0 && clock.monotonicMs() - began >= budgetMs) break;
    call.signal?.throwIfAborted();
    taken += 1;
    const found = await verifyOne(id, deps, call);
    if (found === undefined) continue;
    round.bytes += bytes;
    done(id, found.state);
    if ('why' in found) round[found.state].push({ snapshot: id, why: found.why });
    else if (found.state === 'verified') round.verified.push(id);
    else round.byBytes.push(id);
  }
  return { ...round, left: turns.length - taken };
}

/** Codes of errors that say that a file is not what was written, or that what it builds on is not there. */
const DAMAGE: ReadonlySet<string> = new Set(['snapshot-damaged', 'snapshot-replaced', 'snapshot-foreign', 'file-unreadable', 'not-found']);

type Found = { readonly state: 'verified' | 'bytes' } | { readonly state: 'damaged' | 'unclear'; readonly why: string };

/** What reading one snapshot shows; undefined where it is gone. Throws what stops all of them. */
async function verifyOne(id: string, { catalog, hasKey }: RoundDeps, call: CallOptions): Promise<Found | undefined> {
  try {
    const { damage, recorded } = await catalog.verify(id, call);
    const [first] = damage;
    if (first !== undefined)
      return { state: 'damaged', why: `${first.entry}: ${first.why}${damage.length === 1 ? '' : `; and ${damage.length - 1} more`}` };
    return recorded ? { state: 'verified' } : { state: 'unclear', why: 'nothing was recorded of it when it was made' };
  } catch (error) {
    if (!isRunbackError(error) || call.signal?.aborted === true || error.code === 'interrupted') throw error;
    // What it builds on may be what is not there.
    if (error.code === 'not-found' && !(await isStored(id, catalog))) return undefined;
    const found = error.code === 'snapshot-encrypted' ? await byBytes(id, error, { catalog, hasKey }, call) : cannotRead(error);
    if (found.state === 'damaged' || found.state === 'unclear') await catalog.noteUnread(id, found.state);
    return found;
  }
}

async function isStored(id: string, catalog: Catalog): Promise<boolean> {
  const { snapshots, ignored } = await catalog.survey();
  return snapshots.some((one) => one.id === id) || ignored.some(({ path }) => path.endsWith(`${id}.zip`));
}

async function byBytes(
  id: string,
  encrypted: RunbackError,
  { catalog, hasKey }: Pick<RoundDeps, 'catalog' | 'hasKey'>,
  call: CallOptions,
): Promise<Found> {
  if (hasKey) return { state: 'unclear', why: wordsOf(encrypted) };
  try {
    const report = await catalog.verifyBytes(id, call);
    if (report === undefined) return { state: 'unclear', why: 'no key here opens it, and no seal of it was recorded' };
    return report.broken === undefined ? { state: 'bytes' } : { state: 'damaged', why: report.broken };
  } catch (error) {
    if (!isRunbackError(error) || call.signal?.aborted === true) throw error;
    return cannotRead(error);
  }
}

const cannotRead = (error: RunbackError): Found => ({ state: DAMAGE.has(error.code) ? 'damaged' : 'unclear', why: wordsOf(error) });

const wordsOf = ({ message, why }: RunbackError): string => `${message}${why === undefined ? '' : `: ${why}`}`;

/** Every snapshot, in the order in which they are read. One that cannot be opened is among them where it was recorded. */
async function inTurn({ catalog, store, clock, areCopies }: RoundDeps): Promise<readonly Turn[]> {
  const { snapshots, ignored } = await catalog.survey();
  const now = clock.now().getTime();
  // By a clock that was put back since, nobody can tell how long ago that was.
  const known = (at: string | undefined): string | undefined => (at !== undefined && Date.parse(at) - now > CLOCK_TOLERANCE_MS ? undefined : at);
  const turns: Turn[] = snapshots.map((one) => ({
    id: one.id,
    bytes: one.bytes,
    checkedAt: known(one.checkedAt ?? (areCopies ? undefined : one.verifiedAt)),
  }));
  for (const { id, notes } of await unopened(ignored, store)) turns.push({ id, bytes: 0, checkedAt: known(notes.checkedAt ?? notes.verifiedAt) });
  return turns.sort((a, b) => (a.checkedAt ?? '').localeCompare(b.checkedAt ?? '', 'en') || (a.id < b.id ? 1 : -1));
}

interface Unopened {
  readonly id: string;
  readonly notes: SnapshotNotes;
  /** Of the error that it gives. */
  readonly code: string;
}

/** Files of snapshots that were recorded, and that cannot be opened. */
async function unopened(ignored: Survey['ignored'], store: Store): Promise<readonly Unopened[]> {
  const found: Unopened[] = [];
  for (const { path, unfinished, code = '' } of ignored) {
    const id = /([^/\\]+)\.zip$/u.exec(path)?.[1];
    if (id === undefined || unfinished === true) continue;
    const notes = await store.document<SnapshotNotes>(NOTES_KIND, id).read();
    if (notes?.record !== undefined) found.push({ id, notes, code });
  }
  return found;
}

type Survey = Awaited<ReturnType<Catalog['survey']>>;

/** Ids of snapshots that are known to be damaged now; of those that build on one another, the first. */
export async function damagedNow({ catalog, store }: Pick<RoundDeps, 'catalog' | 'store'>): Promise<readonly string[]> {
  const { snapshots, ignored } = await catalog.survey();
  const all = [
    ...snapshots.filter((one) => one.damaged !== undefined),
    ...(await unopened(ignored, store)).flatMap(({ id, notes, code }) => (DAMAGE.has(code) ? [{ id, bases: notes.bases ?? [] }] : [])),
  ];
  const damaged = new Set(all.map(({ id }) => id));
  return all.flatMap(({ id, bases }) => (bases.some((base) => damaged.has(base)) ? [] : [id])).sort();
}
