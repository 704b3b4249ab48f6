import type { CommonEffect } from '../../sandbox/index.js';
import { loseKey, type Stage, type StageMachine } from '../../stages/index.js';
import type { DisturbDocument, PASSING } from '../document/schema.js';

/** A disturbance that took place. */
export interface Disturbed {
  readonly at: string;
  readonly with: DisturbDocument['with'];
  /** Milliseconds since 1970. */
  readonly when: number;
}

/** What can be disturbed. */
export interface Disturbable {
  readonly stage: Stage;
  readonly machine: StageMachine | undefined;
  /** Damages the good snapshot, so that what it holds can be told to be wrong. */
  readonly damageBackup: () => Promise<void>;
}

/** How often it is looked whether enough requests have passed, milliseconds. */
const LOOK_EVERY_MS = 2;
/** How late an answer is that takes too long. */
const LATE_MS = 3000;

/** What happens to a rollback while it runs: each once, at the beginning of its step. */
export class Disturbances {
  readonly done: Disturbed[] = [];
  readonly #waiting: Set<DisturbDocument>;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What ends each that lasts. */
  readonly #lasting = new Map<DisturbDocument['with'], () => Promise<void>>();
  #sinceMended = 0;

  constructor(
    disturb: readonly DisturbDocument[],
    private readonly on: Disturbable,
  ) {
    this.#waiting = new Set(disturb);
  }

  /** A step has begun; `kill` ends the program that does it at once. */
  async stepBegan(step: string, kill: () => void): Promise<void> {
    for (const each of this.#waiting) {
      if (each.at !== step) continue;
      this.#waiting.delete(each);
      if (each.with === 'kill') this.#killAfter(each, kill);
      else {
        this.#note(each);
        await this.#begin(each);
      }
    }
  }

  /**
   * The run has stopped, and a person does what its message asks for: whatever lasts ends. Gives whether anything had
   * gone wrong since the last time, so that trying again is worth it.
   */
  async mend(): Promise<boolean> {
    for (const end of this.#lasting.values()) await end();
    this.#lasting.clear();
    const some = this.#sinceMended > 0;
    this.#sinceMended = 0;
    return some;
  }

  /** What lasts now. */
  get lasting(): readonly DisturbDocument['with'][] {
    return [...this.#lasting.keys()];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    await this.mend();
  }

  async #begin(each: DisturbDocument): Promise<void> {
    const { machine, damageBackup, stage } = this.on;
    switch (each.with) {
      case 'full-disk':
        await machine?.fillDisk();
        this.#lasting.set(each.with, async () => await machine?.freeDisk());
        return;
      case 'lost-key':
        this.#lasting.set(each.with, await loseKey(stage.folder));
        return;
      case 'expired-token':
      case 'missing-permission':
        this.#refuse(each, each.with === 'expired-token' ? 'unauthorized' : 'forbidden');
        return;
      case 'sync-restarts':
        stage.local?.integration.restart();
        return;
      case 'damaged-backup':
        await damageBackup();
        return;
      case 'kill':
        return;
      default:
        stage.local?.faults.add({ ...effectOf(each.with), ...after(each), times: each.times ?? 1 });
    }
  }

  #refuse(each: DisturbDocument, kind: 'unauthorized' | 'forbidden'): void {
    const faults = this.on.stage.local?.faults;
    const armed = faults?.add({ kind, ...after(each), times: null });
    this.#lasting.set(each.with, async () => {
      if (armed !== undefined) faults?.remove(armed);
      await Promise.resolve();
    });
  }

  #killAfter(each: DisturbDocument, kill: () => void): void {
    const requests = (): number => this.on.stage.local?.counts().requests ?? 0;
    const until = requests() + (each.after ?? 0);
    const look = (): boolean => {
      if (requests() < until) return false;
      this.#note(each);
      kill();
      return true;
    };
    if (look()) return;
    const timer = setInterval(() => {
      if (!look()) return;
      clearInterval(timer);
      this.#timers.delete(timer);
    }, LOOK_EVERY_MS);
    this.#timers.add(timer);
  }

  #note(each: DisturbDocument): void {
    this.#sinceMended += 1;
    this.done.push({ at: each.at, with: each.with, when: Date.now() });
  }
}

const after = (each: DisturbDocument): { readonly after?: number } => (each.after === undefined ? {} : { after: each.after });

function effectOf(name: (typeof PASSING)[number]): CommonEffect {
  if (name === 'timeout') return { kind: 'delay', ms: LATE_MS };
  return name === 'partial-answer' ? { kind: 'partial' } : { kind: name };
}

/** Whether a drill needs a machine that can go wrong. */
export const needsMachine = (disturb: readonly DisturbDocument[]): boolean => disturb.some((each) => each.with === 'full-disk');
