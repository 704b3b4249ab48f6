import { batchOf, type MutationResult, type WriteOptions } from '../../../connectors/index.js';
import { type CallOptions, defined, isRunbackError, messageOf } from '../../../lib/index.js';
import type { ItemResult, JournalItem } from '../../records/items.js';
import { mutationOf, schemaOf } from '../../records/platform-items.js';
import { linksBeside, lookAfter } from '../looking/aftermath.js';
import { holds, readItems, stillToWrite } from '../looking/lookup.js';
import { returnedWith } from '../looking/returned.js';
import { lookUpSettled } from '../looking/settled.js';
import { thereNow } from '../looking/their-time.js';
import { lookOptions, type Execution, type Written } from './execution.js';
import { withoutRefused as leavingOut } from './follow-up.js';
import { stands, type Checked } from './precheck.js';
import { replace, resultOf, stopOf, type Stop } from './results.js';

/**
 * Sends what was checked: a durable intent before, and after it a look at what is in doubt and at what the platform
 * made of it (G1, G8).
 */
export class Sending {
  readonly #execution: Execution;
  readonly #options: CallOptions;

  constructor(execution: Execution, options: CallOptions) {
    this.#execution = execution;
    this.#options = options;
  }

  /**
   * Sends; where the platform refuses a field of a record, sends the rest of the record without it. `underWay`: called when the platform is
   * at work with the first of it.
   */
  async withoutRefused(checked: Checked, last: boolean, underWay: WriteOptions['underWay']): Promise<Pick<Written, 'results' | 'stop'>> {
    let { results, stop } = await this.#sendJournaled(checked.send, checked, underWay);
    let items = checked.send;
    while (stop === undefined && this.#options.signal?.aborted !== true) {
      items = leavingOut(this.#execution.schema, items, results, last);
      if (items.length === 0) break;
      const again = await this.#sendJournaled(items, checked);
      results = replace(results, again.results);
      stop = again.stop;
    }
    return { results, ...defined({ stop }) };
  }

  /** Makes the intent durable, sends, settles what is in doubt, and looks at what the platform made of it. */
  async #sendJournaled(
    items: readonly JournalItem[],
    { before, linksBefore }: Checked,
    underWay?: WriteOptions['underWay'],
  ): Promise<Pick<Written, 'results' | 'stop'>> {
    const { batches, writer, by, kind, schema } = this.#execution;
    const batch = batches.nextBatch;
    const tells = this.#execution.platform.connector.outcomeOf !== undefined;
    const says = { ...(tells ? { tells } : {}), ...thereNow(this.#execution.platform) };
    // Where the platform tells of each commit before it makes one, nothing of the batch can stand until that line is on
    // disk, and this one with it.
    const intent = await writer.append({ by, type: `${kind}.intent`, data: { batch, items, ...says } }, { durable: !tells });
    batches.intended(batch, items, intent.at, says);
    const committing: WriteOptions['committing'] = async ({ token, places }) => {
      const ids = places.flatMap((place) => items[place]?.id ?? []);
      await writer.append({ by, type: `${kind}.commit`, data: { batch, token, ids } });
      batches.committing(token, ids);
    };
    const mutations = batchOf(items.map((item) => mutationOf(schema, item)));
    const answers = await this.#send(mutations, { committing, ...defined({ underWay }) });
    let results: readonly ItemResult[] = items.map((item, index) => resultOf(item, answers.results[index]));
    let stop = answers.stop;
    try {
      const doubtful = results.filter((result) => result.status === 'in_doubt').map((result) => result.id);
      if (doubtful.length > 0) {
        const found = await lookUpSettled(
          this.#execution,
          batches.pending.filter(({ item }) => doubtful.includes(item.id)),
          batches,
          { options: lookOptions(this.#options), signal: this.#options.signal, justNow: true },
        );
        results = replace(results, withReasons(found, results));
      }
      results = replace(results, await this.#sameAfterAll(items, results));
    } catch (error) {
      stop ??= stopOf(error);
    }
    try {
      const byId = new Map(items.map((item, index) => [item.id, answers.results[index]]));
      results = replace(results, await lookAfter(this.#execution, items, results, { before, answers: byId }, lookOptions(this.#options)));
      results = replace(results, await returnedWith(this.#execution, items, results, lookOptions(this.#options)));
      if (linksBefore !== undefined)
        results = replace(results, await linksBeside(this.#execution, items, results, linksBefore, lookOptions(this.#options)));
    } catch (error) {
      // Written, and not looked at: that is done when the restore is resumed.
      const message = `it was written, but checking the result failed: ${messageOf(error)}`;
      results = results.map((result) =>
        result.status === 'applied' && result.already !== true ? { id: result.id, status: 'in_doubt', message } : result,
      );
      stop ??= stopOf(error);
    }
    return { results, ...defined({ stop }) };
  }

  /** Sends mutations. A refusal before anything was sent leaves every one of them not written. */
  async #send(
    mutations: Parameters<Execution['platform']['connector']['write']>[0],
    options: Pick<WriteOptions, 'committing' | 'underWay'>,
  ): Promise<{ readonly results: readonly MutationResult[]; readonly stop?: Stop }> {
    try {
      const { platform, guard } = this.#execution;
      return { results: await platform.connector.write(mutations, { ...this.#options, guard, ...options }) };
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      return { results: mutations.map(() => ({ status: 'failed', message: messageOf(error) })), stop: stopOf(error) };
    }
  }

  /**
   * What the platform calls moved or taken may stand already: an update that was made, a record that is there as
   * wanted.
   */
  async #sameAfterAll(items: readonly JournalItem[], results: readonly ItemResult[]): Promise<readonly ItemResult[]> {
    const odd = items.filter((item, index) => {
      const result = results[index];
      if (item.action === 'create') return result?.reason === 'unique-taken';
      return (item.action === 'update' || item.action === 'delete') && result?.status === 'moved';
    });
    if (odd.length === 0) return [];
    const live = await readItems(this.#execution, odd, lookOptions(this.#options));
    return odd.flatMap((item): ItemResult[] => {
      if ('link' in item || item.action === 'undelete') return [];
      const record = live.get(item.object)?.get(item.key);
      if (item.action === 'delete') return record === undefined ? [stands(item)] : [];
      if (record === undefined) return [];
      if (holds(record.fields, item.set)) return [stands(item)];
      if (item.action === 'update' && stillToWrite(schemaOf(this.#execution.schema, item.object), item, record.fields) !== undefined)
        return [{ id: item.id, status: 'failed', message: 'a part of the record was changed since the plan was made' }];
      return item.action === 'create' ? [{ id: item.id, status: 'moved', message: 'the record exists again, with other values' }] : [];
    });
  }
}

/** What was found out about changes whose answer was lost, with the platform's words of why it was lost. */
function withReasons(found: readonly ItemResult[], before: readonly ItemResult[]): ItemResult[] {
  const lost = new Map(before.map(({ id, message }) => [id, message]));
  return found.map((result) => {
    const why = lost.get(result.id);
    return result.status !== 'failed' || why === undefined ? result : { ...result, message: `${why}; looked up: the change was not made` };
  });
}
