import { counted } from '../../../lib/index.js';
import type { CallOptions } from '../../../lib/index.js';
import type { ItemResult, JournalItem } from '../../records/items.js';
import { readItemLinks, readItems } from '../looking/lookup.js';
import { lookOptions, type Execution, type Written } from './execution.js';
import { stopOf, tookEffect, type Stop } from './results.js';
import { mayPass } from './retries.js';

/** The first batch is small, and read back before anything follows it (G11). */
export class Canary {
  readonly #execution: Execution;
  readonly #options: CallOptions;
  #pending: boolean;

  constructor(execution: Execution, options: CallOptions) {
    this.#execution = execution;
    this.#options = options;
    this.#pending = execution.canary;
  }

  /** True until the first batch has been found right. */
  get isPending(): boolean {
    return this.#pending;
  }

  /** The first batch stands. */
  passed(): void {
    this.#pending = false;
  }

  /** Most records in a batch of which the platform takes `size`. */
  sizeOf(size: number): number {
    return this.#pending ? Math.min(size, Math.max(1, this.#execution.settings.canary)) : size;
  }

  /** A first batch of which the platform says that it is written, and it is not there (G11). */
  async contradiction({ results, sent }: Written): Promise<Stop | undefined> {
    const wrong = results.filter((result) => result.contradicted === true).map((result) => result.id);
    if (wrong.length === 0) return undefined;
    await this.#journal(sent.length, wrong);
    return notThere(wrong.length, sent.length);
  }

  async #journal(checked: number, wrong: readonly string[]): Promise<void> {
    const { writer, by, kind } = this.#execution;
    await writer.append({ by, type: `${kind}.canary`, data: { checked, wrong } });
  }

  /** Reads the first batch back (G11), where it was not looked at already. */
  async readBack(results: readonly ItemResult[], sent: readonly JournalItem[], more: boolean): Promise<Stop | undefined> {
    const { batches } = this.#execution;
    const applied = new Set(results.filter((result) => result.status === 'applied').map((result) => result.id));
    if (applied.size === 0) {
      // What waits for other changes, or for a value that somebody holds, says nothing of the rest: that comes first.
      const waits = ({ id, reason }: ItemResult): boolean => batches.waiting.has(id) || mayPass(reason);
      if (!more || results.every(waits)) return undefined;
      const why = results.find((result) => result.message !== undefined)?.message ?? 'the platform did not say why';
      const code = results.every((result) => result.status === 'in_doubt') ? 'in-doubt' : 'restore-stopped';
      const none = results.length === 1 ? 'the first change did not take effect' : `none of the first ${results.length} changes took effect`;
      return { code, because: `${none}: ${why}` };
    }
    const all = sent.filter((item) => applied.has(item.id));
    if (all.length === 0) return undefined;
    const items = all.filter((item) => item.action !== 'update' && item.action !== 'create');
    let wrong: string[];
    try {
      const records = await readItems(this.#execution, items, lookOptions(this.#options));
      const linked = await readItemLinks(this.#execution, items, lookOptions(this.#options));
      const took = (item: JournalItem): boolean =>
        'link' in item
          ? linked.has(item) === (item.action === 'link')
          : tookEffect(item, records.get(item.object)?.get(item.key)?.fields, batches.stored.get(item.id));
      wrong = items.filter((item) => !took(item)).map((item) => item.id);
    } catch (error) {
      return stopOf(error);
    }
    await this.#journal(all.length, wrong);
    return wrong.length === 0 ? undefined : notThere(wrong.length, all.length);
  }
}

function notThere(wrong: number, of: number): Stop {
  return {
    code: 'restore-stopped',
    because: `${wrong} of the first ${counted(of, 'changes')} ${wrong === 1 ? 'was missing when it was' : 'were missing when they were'} read back`,
  };
}
