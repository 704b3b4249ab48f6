import { randomBytes } from 'node:crypto';

import { isRunbackError } from '../../lib/index.js';
import type { Lock, Store } from '../../store/index.js';

/**
 * A sign that a process which sends pages is alive: a lock of its own, taken before its first lease. Leases of a
 * process that is gone end with it; those of one that lives, or may, are waited for.
 */
export class Presence {
  #holder = newHolder();
  readonly #gone = new Set<string>();
  #lock: Promise<Lock> | undefined;
  #swept = false;

  constructor(
    private readonly store: Store,
    private readonly by: string,
  ) {}

  /** What leases carry; another one after the sign was lost. */
  get holder(): string {
    return this.#holder;
  }

  /** Shows the sign, and looks whether it is still there: others take one that was lost for that of a process that is gone. */
  async show(): Promise<void> {
    const taking = this.#take();
    try {
      await (await taking).check();
    } catch (error) {
      if (!isRunbackError(error, 'fenced')) throw error;
      this.#forget(taking);
      await this.#take();
    }
    await this.#sweep();
  }

  #take(): Promise<Lock> {
    if (this.#lock !== undefined) return this.#lock;
    const taking = (this.#lock = this.store.lock(this.holder, this.#owner(this.holder)));
    // It may have been taken, and only the answer got lost: then that name is in its own way.
    taking.catch(() => this.#forget(taking));
    return taking;
  }

  /** The next one has another name. Several pages may find out that it is lost, and one of them takes the next. */
  #forget(taking: Promise<Lock>): void {
    if (this.#lock !== taking) return;
    this.#lock = undefined;
    this.#holder = newHolder();
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

function newHolder(): string {
  return `outbox-${randomBytes(8).toString('hex')}`;
}
