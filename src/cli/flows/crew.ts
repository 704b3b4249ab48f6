import { hostname } from 'node:os';

import { type Clock, messageOf } from '../../lib/index.js';
import type { Document, SharedWork, Store } from '../../store/index.js';

/** Between two tries at sharing work, where it cannot be shared. */
const AGAIN_MS = 60_000;

/** That a daemon could not share its work when it tried last. */
export interface Unshared {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly host: string;
  readonly why: string;
}

/** What is kept of it, for screens. */
export const unsharedIn = (store: Pick<Store, 'document'>): Document<Unshared> => store.document<Unshared>('daemon-notes', 'unshared-work');

/** How work of one kind is done here. */
interface Duty {
  readonly atOnce: number;
  /** Never rejects. */
  readonly run: (name: string) => Promise<void>;
}

/**
 * The daemons of a workspace as one of them sees them: puts what is due on offer to all of them, and does its part of it. Where work cannot
 * be shared, whoever asks does it himself: each kind of work has a lock of its own, so that nothing is done twice.
 */
export class Crew {
  readonly #duties = new Map<string, Duty>();
  #work: SharedWork | undefined;
  #opening: Promise<boolean> | undefined;
  #triedMs: number | undefined;

  constructor(
    private readonly store: Pick<Store, 'sharedWork' | 'document'>,
    private readonly clock: Clock,
    private readonly say: (line: string) => void,
  ) {}

  /** Whether there may be others. */
  get isShared(): boolean {
    return this.store.sharedWork !== undefined;
  }

  /** How work of a kind is done here, so much of it at the same time. To be said before anything is offered. */
  does(kind: string, atOnce: number, run: Duty['run']): void {
    this.#duties.set(kind, { atOnce, run });
  }

  /** Begins to do its part of what the others offer. Never rejects. */
  async join(): Promise<void> {
    await this.#isOpen();
  }

  /** Puts work on offer to all; false where the caller has to do it. Never rejects. */
  async offer(kind: string, name: string): Promise<boolean> {
    if (!(await this.#isOpen())) return false;
    try {
      await this.#work?.offer(kind, name);
      return true;
    } catch (error) {
      await this.#leave(error);
      return false;
    }
  }

  /** Takes nothing more. Never rejects. */
  async close(): Promise<void> {
    await this.#opening;
    await this.#work?.close();
    this.#work = undefined;
  }

  async #isOpen(): Promise<boolean> {
    if (this.#work !== undefined) return true;
    const now = this.clock.monotonicMs();
    if (!this.isShared || (this.#triedMs !== undefined && now - this.#triedMs < AGAIN_MS && this.#opening === undefined)) return false;
    this.#triedMs = now;
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return await this.#opening;
  }

  async #open(): Promise<boolean> {
    const work = this.store.sharedWork?.();
    if (work === undefined) return false;
    try {
      for (const [kind, { atOnce, run }] of this.#duties) await work.take(kind, atOnce, run);
    } catch (error) {
      await work.close();
      await this.#tell(error);
      return false;
    }
    this.#work = work;
    await this.#keep(undefined);
    return true;
  }

  async #leave(error: unknown): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    await work?.close();
    await this.#tell(error);
  }

  async #tell(error: unknown): Promise<void> {
    const why = messageOf(error);
    this.say(`Scheduled work is not shared with other daemons now; this one does what is due itself: ${why}`);
    await this.#keep(why);
  }

  /** For `status` and `doctor`. A state that cannot be written to now is told by everything else. */
  async #keep(why: string | undefined): Promise<void> {
    const note = unsharedIn(this.store);
    try {
      if (why !== undefined)
        await note.update((known) => ({ version: 1, since: known?.since ?? this.clock.now().toISOString(), host: hostname(), why }));
      else if ((await note.read()) !== undefined) await note.delete();
    } catch {
      // The screen of the daemon has it.
    }
  }
}
