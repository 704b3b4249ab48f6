import type { Clock } from '../lib/index.js';

const QUIET_MS = 60_000;
const MOST = 1000;

/** A log that says the same thing about the same matter once a minute only: a pass comes every second. */
export class Trouble {
  readonly #told = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * Logs a line about a matter (`incidents`, `ping`, the id of an incident) unless it was told of within the last
   * minute.
   */
  tell(matter: string, line: string): void {
    const now = this.clock.monotonicMs();
    const last = this.#told.get(matter);
    if (last !== undefined && now - last < QUIET_MS) return;
    this.#told.delete(matter);
    this.#told.set(matter, now);
    const [oldest] = this.#told.keys();
    if (this.#told.size > MOST && oldest !== undefined) this.#told.delete(oldest);
    this.log(line);
  }
}
