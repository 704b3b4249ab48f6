import { defined } from '../../lib/index.js';
import type { Document, Store } from '../../store/index.js';
import { NOTES_KIND, type SnapshotNotes } from '../summary.js';

/** What is noted of snapshots, and told of them: of those in a copy by themselves. */
const OWN_KINDS: ReadonlySet<string> = new Set([NOTES_KIND, 'restore-tests', 'snapshot-removals', 'backup-damage-alarms']);

/**
 * The state of a workspace as the snapshots in one of its copies see it: notes of snapshots and locks are those of the copy,
 * everything else is the same. So whatever works on the snapshots of a workspace works on those of a copy, and leaves the
 * others alone.
 *
 * What was said or proved of a snapshot counts here as well: pins, what its watch made of it, its job, that it was verified. Pins are those
 * of now: a snapshot that is pinned cannot be deleted, so one that is gone there is not pinned.
 */
export function storeOfCopy(store: Store, copy: string): Store {
  const kindHere = (kind: string): string => (OWN_KINDS.has(kind) ? `copies-${copy}-${kind}` : kind);
  return {
    location: store.location,
    document<T>(...[kind, id, options]: Parameters<Store['document']>): Document<T> {
      const own = store.document<T>(kindHere(kind), id, options);
      if (kind !== NOTES_KIND) return own;
      return following(own as Document<unknown> as Document<SnapshotNotes>, store.document(NOTES_KIND, id)) as Document<unknown> as Document<T>;
    },
    list: async (kind) => await store.list(kindHere(kind)),
    journal: (kind, id) => store.journal(kind, id),
    journals: async (kind) => await store.journals(kind),
    unsettled: async (kept, look) => await store.unsettled(kept, look),
    ledger: (kind, id) => store.ledger(kind, id),
    ledgers: async (kind) => await store.ledgers(kind),
    agenda: (kind) => store.agenda(kind),
    kinds: (what) => store.kinds(what),
    lock: async (name, owner, taking) => await store.lock(lockIn(copy, name), owner, taking),
    held: (name) => store.held(lockIn(copy, name)),
    lockHolder: async (name) => await store.lockHolder(name),
    locks: async () => await store.locks(),
    wake: async (signal, floorMs) => await store.wake(signal, floorMs),
    close: async () => await store.close(),
  };
}

/** Name of a lock of the snapshots in a copy. */
export function lockIn(copy: string, name: string): string {
  return `copies-${copy}-${name}`;
}

function following(own: Document<SnapshotNotes>, there: Document<SnapshotNotes>): Document<SnapshotNotes> {
  return {
    read: async () => follow(await own.read(), await there.read()),
    update: async (change) => {
      const now = await there.read();
      return await own.update((current) => change(follow(current, now)));
    },
    delete: async () => await own.delete(),
  };
}

/** What is noted of a snapshot in a copy, with what is said of it in the workspace now. */
function follow(own: SnapshotNotes | undefined, there: SnapshotNotes | undefined): SnapshotNotes | undefined {
  const known = own ?? (there && carried(there));
  if (known === undefined) return undefined;
  const { pin: _pin, ...rest } = known;
  // The bytes are the same: unless this very file was found damaged since, what was read there is in here.
  const isVerified = known.damaged === undefined && there?.verifiedAt !== undefined && there.digest === known.record?.digest;
  return {
    ...rest,
    ...(isVerified ? defined({ digest: there.digest, verifiedAt: there.verifiedAt }) : {}),
    pinned: there?.pinned ?? false,
    ...defined({ pin: there?.pin, watch: there?.watch ?? known.watch, job: there?.job ?? known.job }),
  };
}

/** What holds of the same snapshot elsewhere: all but what was found in that very file. */
export function carried(notes: SnapshotNotes): SnapshotNotes {
  const { digest: _digest, verifiedAt: _verifiedAt, damaged: _damaged, checkedAt: _checkedAt, bytesVerifiedAt: _bytes, ...rest } = notes;
  return rest;
}
