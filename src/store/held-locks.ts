import type { Lock } from './store.js';

/** The locks that one store gave to this process and has not got back, by name. */
export class HeldLocks {
  readonly #held = new Map<string, Lock>();

  /** Keeps a lock from now until it is given back; one that is lost stays, and says so itself. */
  keep(lock: Lock): Lock {
    const kept: Lock = {
      ...lock,
      release: async () => {
        // Before it is given back: nothing is sent under it from now on.
        if (this.#held.get(lock.name) === kept) this.#held.delete(lock.name);
        await lock.release();
      },
    };
    this.#held.set(lock.name, kept);
    return kept;
  }

  get(name: string): Lock | undefined {
    return this.#held.get(name);
  }
}
