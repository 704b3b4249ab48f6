import type { CommonEffect } from '../../sandbox/index.js';
import type { Stage } from '../../stages/index.js';
import type { DisturbDocument } from '../document/schema.js';

/** A disturbance that took place. */
export interface Disturbed {
  readonly at: string;
  readonly with: DisturbDocument['with'];
  /** Milliseconds since 1970. */
  readonly when: number;
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

  constructor(
    disturb: readonly DisturbDocument[],
    private readonly stage: Stage,
  ) {
    this.#waiting = new Set(disturb);
  }

  /** A step has begun; `kill` ends the program that does it at once. */
  stepBegan(step: string, kill: () => void): void {
    for (const each of this.#waiting) {
      if (each.at !== step) continue;
      this.#waiting.delete(each);
      if (each.with === 'kill') this.#killAfter(each, kill);
      else {
        this.#note(each);
        this.stage.local?.faults.add({ ...effectOf(each.with), ...(each.after === undefined ? {} : { after: each.after }), times: each.times ?? 1 });
      }
    }
  }

  /** Those whose step never began. */
  get left(): readonly DisturbDocument[] {
    return [...this.#waiting];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }

  #killAfter(each: DisturbDocument, kill: () => void): void {
    const requests = (): number => this.stage.local?.counts().requests ?? 0;
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
    this.done.push({ at: each.at, with: each.with, when: Date.now() });
  }
}

function effectOf(name: Exclude<DisturbDocument['with'], 'kill'>): CommonEffect {
  return name === 'timeout' ? { kind: 'delay', ms: LATE_MS } : { kind: name };
}
