/** Calls that monitors made to a platform on a day, UTC. */
export interface Spent {
  /** `2026-11-30` */
  readonly day: string;
  readonly used: number;
  /** What the platform said last that it allows in a day. */
  readonly allowed?: number;
  /** Calls that opening it took last. */
  readonly opening?: number;
  /** Calls of the present hour, and those of them that failed. */
  readonly hour: number;
  readonly calls: number;
  readonly failed: number;
}

/** Of what a platform allows in a day, monitors take so much where nothing is declared. */
const SHARE = 0.01;
/** Where it is not known what it allows. */
const UNTOLD = 1000;
/** What opening a platform may take, until it is known: its account, what it may do, and its object types. */
const OPENING = 8;
const HOUR_MS = 3_600_000;

/** Most calls in a day. `declared`: `monitor_calls_per_day` of runback.yml. */
export function budgetOf(declared: number | undefined, spent: Spent | undefined): number {
  if (declared !== undefined) return declared;
  return spent?.allowed === undefined ? UNTOLD : Math.max(1, Math.floor(spent.allowed * SHARE));
}

/** What was spent, as of now: a new day begins with nothing. */
export function spentNow(kept: Spent | undefined, now: Date): Spent {
  const day = now.toISOString().slice(0, 10);
  const hour = Math.floor(now.getTime() / HOUR_MS);
  if (kept === undefined) return { day, used: 0, hour, calls: 0, failed: 0 };
  return { ...kept, ...(kept.day === day ? {} : { day, used: 0 }), ...(kept.hour === hour ? {} : { hour, calls: 0, failed: 0 }) };
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

  add(calls: number, failed: number): void {
    const spent = this.#spent;
    this.#spent = { ...spent, used: spent.used + calls, calls: spent.calls + calls, failed: spent.failed + failed };
  }

  opened(calls: number): void {
    this.#spent = { ...this.#spent, opening: calls };
  }

  told(allowed: number): void {
    this.#spent = { ...this.#spent, allowed };
  }
}
