import { type CallOptions, type Clock, defined, isRunbackError, RunbackError } from '../../lib/index.js';
import type { Lock } from '../../store/index.js';
import { Lookup } from '../catalog/lookup.js';
import { idOf, Opening } from '../catalog/opening.js';
import { readDirectory } from '../container/directory.js';
import { readEntry } from '../container/entry.js';
import { parseHeader } from '../container/manifest.js';
import { HEADER_ENTRY } from '../container/names.js';
import { baseLockOf, snapshotLock } from '../records.js';
import type { SnapshotNotes } from '../summary.js';
import { carried } from './copy-store.js';
import type { Intact } from './intact.js';
import { type SnapshotsAt, transfer } from './transfer.js';

/** What is fetched, from where, to where. */
export interface FetchRequest {
  readonly reference: string;
  readonly from: SnapshotsAt;
  readonly to: SnapshotsAt;
  readonly clock: Clock;
  readonly by: string;
  /** Why it is pinned from then on: the keep rules may have deleted it, and would again. */
  readonly reason: string;
}

/** What fetching has come to, the snapshot itself last. */
export interface Fetched {
  readonly id: string;
  readonly snapshots: readonly { readonly id: string; readonly state: 'fetched' | 'there'; readonly read?: Intact['read'] }[];
}

/**
 * Brings a snapshot back from a copy, with what it builds on, oldest first. Each is read whole and checked before it appears;
 * one that is there is left as it is. The snapshot is pinned. Throws `not-found`, `ambiguous`, and as {@link transfer}.
 */
export async function fetchSnapshot(request: FetchRequest, call: CallOptions): Promise<Fetched> {
  const { from, to, clock } = request;
  const source = openingOf(from);
  const id = idOf(await new Lookup(source, clock).nameOf(request.reference));
  const chain = [...(await basesOf(source, id)), id];
  const snapshots: { id: string; state: 'fetched' | 'there'; read?: Intact['read'] }[] = [];
  for (const [n, one] of chain.entries()) {
    const isThere = await isListed(to, one);
    const read = isThere ? undefined : await fetchOne(request, { id: one, base: chain[n - 1], isWanted: one === id }, call);
    snapshots.push({ id: one, state: isThere ? 'there' : 'fetched', ...defined({ read }) });
  }
  return { id, snapshots };
}

const openingOf = ({ storage, store, keys }: SnapshotsAt): Opening => new Opening({ storage, store, keys });

async function isListed({ storage }: SnapshotsAt, id: string): Promise<boolean> {
  return (await storage.list()).some(({ name }) => name === `${id}.zip`);
}

/** While it comes, what it builds on is not deleted, and nobody takes it for what a killed process left. */
async function fetchOne(
  { from, to, clock, by, reason }: FetchRequest,
  { id, base, isWanted }: { readonly id: string; readonly base: string | undefined; readonly isWanted: boolean },
  call: CallOptions,
): Promise<Intact['read'] | undefined> {
  const owner = { by, holder: id, purpose: 'fetching a snapshot from a copy' };
  const lock = await to.store.lock(snapshotLock(id), owner, { breakDead: true });
  let held: Lock | undefined;
  let found: Intact | undefined;
  try {
    if (base !== undefined) held = await to.store.lock(baseLockOf(base), owner, { breakDead: true, lapse: true });
    await transfer(
      {
        id,
        from,
        to,
        openBase: async (below) => await openingOf(to).open(`${below.id}.zip`),
        still: async () => {
          await held?.check();
          if (base !== undefined && !(await isListed(to, base))) throw gone(base, id);
        },
        notes: (known, intact) => {
          found = intact;
          const at = clock.now().toISOString();
          return { ...notesAs(known, intact, at), ...(isWanted ? { pinned: true, pin: { reason, by, at } } : {}) };
        },
      },
      call,
    );
    return found?.read;
  } finally {
    await held?.release();
    await lock.release();
  }
}

/** What is noted of one that was fetched. Of what nobody recorded, nothing is proved by its own digests. */
function notesAs(known: SnapshotNotes | undefined, { read, digest, seal }: Intact, at: string): SnapshotNotes {
  if (known?.record === undefined) return { version: 1, pinned: false, checkedAt: at };
  const record = { ...known.record, ...defined({ seal }) };
  const proved = read === 'bytes' ? { bytesVerifiedAt: at } : { verifiedAt: at, ...defined({ digest }) };
  return { ...carried(known), pinned: false, record, checkedAt: at, ...proved };
}

/** Ids of what a snapshot builds on, the full one first, also where no key here opens it: its header says the one before. */
async function basesOf(opening: Opening, id: string): Promise<readonly string[]> {
  try {
    const reader = await opening.open(`${id}.zip`, { quick: true });
    try {
      return reader.manifest.bases;
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (!isRunbackError(error, 'snapshot-encrypted')) throw error;
  }
  const bases: string[] = [];
  for (let below = await baseOf(opening, id); below !== undefined && !bases.includes(below); below = await baseOf(opening, below))
    bases.unshift(below);
  return bases;
}

async function baseOf({ storage }: Opening, id: string): Promise<string | undefined> {
  const file = await storage.open(`${id}.zip`);
  try {
    const entry = (await readDirectory(file))?.entries.get(HEADER_ENTRY);
    return entry === undefined ? undefined : parseHeader(await readEntry(file, entry), file.path)?.base?.id;
  } finally {
    await file.close();
  }
}

function gone(base: string, id: string): RunbackError {
  return new RunbackError('not-found', `There is no snapshot ${base}, which ${id} builds on`, {
    why: 'It was deleted a moment ago.',
    state: `${id} was not fetched.`,
    next: 'Run the same command again.',
  });
}
