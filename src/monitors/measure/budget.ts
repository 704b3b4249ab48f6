import { defined } from '../../lib/index.js';

/** Calls that monitors made to a platform on a day, UTC. */
export interface Spent {
  /** `2026-11-30` */
  readonly day: string;
  readonly used: number;
  /** What the platform said last that it allows in a day. */
  readonly allowed?: number;
  /** Calls that opening it took last. */
  readonly opening?: number;
}

/** Of what a platform allows in a day, monitors take so much where nothing is declared. */
const SHARE = 0.01;
/** Where it is not known what it allows. */
const UNTOLD = 1000;
/** What opening a platform may take, until it is known: its account, what it may do, and its object types. */
const OPENING = 8;

/** Most calls in a day. `declared`: `monitor_calls_per_day` of runback.yml. */
export function budgetOf(declared: number | undefined, spent: Spent | undefined): number {
  if (declared !== undefined) return declared;
  return spent?.allowed === undefined ? UNTOLD : Math.max(1, Math.floor(spent.allowed * SHARE));
}

/** What was spent, as of now: a new day begins with nothing. */
export function spentNow(kept: Spent | undefined, now: Date): Spent {
  const day = now.toISOString().slice(0, 10);
  if (kept === undefined) return { day, used: 0 };
  const { allowed, opening } = kept;
  return { day, used: kept.day === day ? kept.used : 0, ...defined({ allowed, opening }) };
}

/** Counts the calls of monitors to one platform, and says before each whether it fits. */
export class CallBudget {
  #spent: Spent;

  constructor(
    readonly platform: string,
    kept: Spent | undefined,
    private readonly declared: number | undefined,
    now: Date,
  ) {
    this.#spent = spentNow(kept, now);
  }

  get spent(): Spent {
    return this.#spent;
  }

  get limit(): number {
    return budgetOf(this.declared, this.#spent);
  }

  /** What is left of the day. */
  get left(): number {
    return Math.max(0, this.limit - this.#spent.used);
  }

  /** Whether so many calls fit, after the platform was opened where it is not open yet. */
  allows(calls: number, isOpen: boolean): boolean {
    return this.#spent.used + calls + (isOpen ? 0 : (this.#spent.opening ?? OPENING)) <= this.limit;
  }

  add(calls: number): void {
    this.#spent = { ...this.#spent, used: this.#spent.used + calls };
  }

  opened(calls: number): void {
    this.#spent = { ...this.#spent, opening: calls };
  }

  told(allowed: number): void {
    this.#spent = { ...this.#spent, allowed };
  }
}
