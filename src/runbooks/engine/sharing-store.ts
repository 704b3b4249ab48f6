import type { Lock, Store } from '../../store/index.js';

/**
 * The store as an action gets it: a lock that its run already holds is not taken a second time, so that an action which
 * guards itself (a restore) works inside a run that guards the same platform. The run gives the lock back, not the
 * action.
 */
export function sharingStore(store: Store, held: ReadonlyMap<string, Lock>): Store {
  return {
    location: store.location,
    document: (kind, id, options) => store.document(kind, id, options),
    list: (kind) => store.list(kind),
    journal: (kind, id) => store.journal(kind, id),
    journals: (kind) => store.journals(kind),
    unsettled: (kept, look) => store.unsettled(kept, look),
    ledger: (kind, id) => store.ledger(kind, id),
    ledgers: (kind) => store.ledgers(kind),
    held: (name) => held.get(name) ?? store.held(name),
    lockHolder: (name) => store.lockHolder(name),
    locks: () => store.locks(),
    agenda: (kind) => store.agenda(kind),
    kinds: (what) => store.kinds(what),
    wake: (signal, floorMs) => store.wake(signal, floorMs),
    close: () => store.close(),
    lock: async (name, owner, options) => {
      const own = held.get(name);
      if (own === undefined) return await store.lock(name, owner, options);
      const { token, expires, signal } = own;
      return { name, token, expires, signal, assertHeld: () => own.assertHeld(), check: () => own.check(), release: async () => {} };
    },
  };
}
