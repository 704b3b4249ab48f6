import { randomBytes } from 'node:crypto';

import type { Lock, Store } from '../../store/index.js';

/**
 * A sign that a process which sends pages is alive: a lock of its own, taken before its first lease. Leases of a
 * process that is gone end with it; those of one that lives, or may, are waited for.
 */
export class Presence {
  /** What leases carry. */
  readonly holder = `outbox-${randomBytes(8).toString('hex')}`;
  readonly #gone = new Set<string>();
  #lock: Promise<Lock> | undefined;
  #swept = false;

  constructor(
    private readonly store: Store,
    private readonly by: string,
  ) {}

  /** Shows the sign. */
  async show(): Promise<void> {
    const taking = (this.#lock ??= this.store.lock(this.holder, this.#owner(this.holder)));
    try {
      await taking;
      await this.#sweep();
    } catch (error) {
      this.#lock = undefined;
      throw error;
    }
  }

  /** Whether the process that held a lease is known to be gone. */
  async isGone(holder: string): Promise<boolean> {
    if (holder === this.holder) return false;
    if (this.#gone.has(holder)) return true;
    const info = await this.store.lockHolder(holder);
    if (info?.alive === true) return false;
    this.#gone.add(holder);
    if (info !== undefined) {
      // Nobody else will take its lock away.
      const broken = await this.store.lock(holder, this.#owner(this.holder), { breakDead: true }).catch(() => undefined);
      await broken?.release();
    }
    return true;
  }

  /** Takes away the signs of processes that are gone: a lease without a sign is one of a process that is gone. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const dead = (await this.store.locks()).filter(({ name, alive }) => name.startsWith('outbox-') && !alive);
    for (const { name } of dead) await this.isGone(name);
  }

  async hide(): Promise<void> {
    const lock = await this.#lock?.catch(() => undefined);
    this.#lock = undefined;
    await lock?.release();
  }

  #owner(holder: string) {
    return { by: this.by, holder, purpose: 'sending pages' };
  }
}
