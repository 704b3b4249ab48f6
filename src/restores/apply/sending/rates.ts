import type { Batches } from '../../records/batches.js';
import type { ItemResult } from '../../records/items.js';
import type { RestoreSettings } from '../../records/journal.js';
import type { Stop } from './results.js';

/** Below so many records a rate says nothing. */
const RATE_FROM = 100;

/** How much went wrong, from the beginning of this session: a person who resumes gets further. */
export class Rates {
  #done = 0;
  #errors = 0;
  #skipped = 0;

  constructor(
    private readonly batches: Batches,
    private readonly settings: RestoreSettings,
  ) {}

  count(results: readonly ItemResult[]): void {
    this.#done += results.length;
    for (const { id, status, byRule } of results) {
      // What waits for others is counted once it has its verdict.
      if (this.batches.waiting.has(id) || byRule === true) continue;
      if (status === 'moved' || (status === 'applied' && this.batches.left.has(id))) this.#skipped += 1;
      else if (status !== 'applied') this.#errors += 1;
    }
  }

  /** A rate above its limit (G11). */
  stop(): Stop | undefined {
    const { errorsPercent, skippedPercent } = this.settings;
    const of = Math.max(this.#done, RATE_FROM);
    if (this.#errors > (of * errorsPercent) / 100)
      return { code: 'restore-stopped', because: `${this.#errors} of ${this.#done} changes went wrong; the limit is ${errorsPercent} %` };
    if (this.#skipped > (of * skippedPercent) / 100)
      return {
        code: 'restore-stopped',
        because: `${this.#skipped} of ${this.#done} changes were skipped because live had changed; the limit is ${skippedPercent} %`,
      };
    return undefined;
  }
}
