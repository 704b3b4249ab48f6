import type { MutationResult, WriteOptions } from '../../connectors/index.js';
import { isRunbackError, messageOf, silentReporter, type CallOptions, type Reporter } from '../../lib/index.js';
import type { JournalEntry, JournalWriter } from '../../store/index.js';
import { WAITS, type Batches } from '../records/batches.js';
import type { ItemResult, JournalItem } from '../records/items.js';
import type { RestoreSettings } from '../records/journal.js';
import { mutationOf, schemaOf } from '../records/platform-items.js';
import { linksBeside, lookAfter, lookAfterLost } from './aftermath.js';
import { Together, type Work } from './batching.js';
import { fillWork, withoutRefused } from './follow-up.js';
import { holds, lookUp, readItemLinks, readItems, stillToWrite } from './lookup.js';
import { precheck, stands, type Checked, type Checking } from './precheck.js';
import { replace, resultOf, stopOf, tookEffect, type Stop } from './results.js';
import { thereNow } from './their-time.js';

/** What an execution works with. */
export interface Execution extends Omit<Checking, 'attempted'> {
  readonly writer: JournalWriter;
  readonly by: string;
  /** Journal entries are `<kind>.intent` and `<kind>.outcome`. */
  readonly kind: 'batch' | 'undo';
  readonly batches: Batches;
  readonly settings: RestoreSettings;
  /** False once the first batch has been read back and found right. */
  readonly canary: boolean;
  readonly total: number;
  readonly task: string;
}

/**
 * Writes works in their order, in batches: looks at live, makes the intent durable, writes, settles what is in doubt, makes the outcome
 * durable (G1, G8). Ends early at a failing first batch, at a rate above its limit, at an abort and at an error of the platform.
 */
export async function execute(execution: Execution, works: AsyncIterable<Work>, options: CallOptions): Promise<Stop | undefined> {
  const session = new Session(execution, options);
  const unfilled = await session.fill();
  if (unfilled !== undefined) return unfilled;
  const waiting = new Together<Work>();
  for await (const work of works) {
    session.saw(work);
    if (session.isSettled(work.id)) continue;
    if (!joins(waiting, work, session.sizeOf(work.action))) {
      const stop = await session.batch(waiting.take(), true);
      if (stop !== undefined) return stop;
    }
    waiting.add(work, work.length);
  }
  const stop = waiting.isEmpty ? undefined : await session.batch(waiting.take(), false);
  return stop ?? session.again();
}

/** Settles items whose answer was lost, before anything else is written: one outcome in the journal. A stop where the platform cannot be asked. */
export async function settle(execution: Execution, options: CallOptions): Promise<Stop | undefined> {
  const { batches, writer, by, kind } = execution;
  const doubtful = batches.pending;
  if (doubtful.length === 0) return undefined;
  let results: readonly ItemResult[];
  try {
    results = await lookAfterLost(execution, doubtful, await lookUp(execution, doubtful, batches, options), options);
  } catch (error) {
    return stopOf(error);
  }
  const batch = batches.nextBatch;
  const outcome = await writer.append({ by, type: `${kind}.outcome`, data: { batch, results } });
  batches.ended(batch, resultsIn(outcome));
  return undefined;
}

/** Results as the journal has them: what counts is what a resume would find, and no secret is in it. */
function resultsIn({ data }: JournalEntry): readonly ItemResult[] {
  return data['results'] as readonly ItemResult[];
}

/** Rejections that may pass once the rest of the plan stands. */
const PASSING = new Set(['unique-taken', 'parent-missing']);

/** Below so many records a rate says nothing. */
const RATE_FROM = 100;

class Session {
  readonly #execution: Execution;
  readonly #options: CallOptions;
  readonly #retry = new Map<string, Work>();
  readonly #attempted = new Set<string>();
  /** Ids of works by the record that they change. */
  readonly #ofRecord = new Map<string, string | readonly string[]>();
  /** False where all that is left waits for each other: then nothing is worth waiting for, and each gets its verdict. */
  readonly #waitsCount: boolean;
  #canary: boolean;
  #done = 0;
  #errors = 0;
  #skipped = 0;

  constructor(execution: Execution, options: CallOptions) {
    this.#execution = execution;
    this.#options = options;
    this.#canary = execution.canary;
    const { statuses, sent, waiting } = execution.batches;
    this.#waitsCount = waiting.size === 0 || [...statuses].some(([id, status]) => (status === 'failed' || status === 'in_doubt') && !waiting.has(id));
    for (const [id, status] of statuses) if ((status === 'failed' || status === 'in_doubt') && sent.has(id)) this.#attempted.add(id);
  }

  /** Remembers which works change the same record. */
  saw({ id, record }: Work): void {
    if (record === undefined) return;
    // Nearly all records have one: a list for each would take as much memory as all else that is known of it.
    const before = this.#ofRecord.get(record);
    this.#ofRecord.set(record, before === undefined ? id : [...[before].flat(), id]);
  }

  /** True for works that need nothing more: they have an end, or may have happened and must not be repeated. */
  isSettled(id: string): boolean {
    const status = this.#execution.batches.statuses.get(id);
    return status !== undefined && status !== 'failed';
  }

  sizeOf(action: JournalItem['action']): number {
    const size = this.#execution.platform.connector.capabilities.batch[action];
    return this.#canary ? Math.min(size, Math.max(1, this.#execution.settings.canary)) : size;
  }

  /** Writes one batch; `more`: others follow. */
  async batch(works: readonly Work[], more: boolean): Promise<Stop | undefined> {
    if (this.#aborted()) return { code: 'interrupted', because: 'somebody stopped it' };
    const canary = this.#canary;
    const first = await this.#write(works);
    if (first.stop !== undefined) return first.stop;
    if (canary) {
      const stop = await this.#contradiction(first);
      if (stop !== undefined) return stop;
    }
    let results = first.results;
    const broken = new Set(results.filter((result) => result.status === 'failed').map((result) => result.id));
    const failed = works.filter((work) => broken.has(work.id));
    if (failed.length > 0) {
      if (this.#aborted()) return { code: 'interrupted', because: 'somebody stopped it' };
      const second = await this.#write(failed);
      if (second.stop !== undefined) return second.stop;
      const again = new Map(second.results.map((result) => [result.id, result]));
      results = results.map((result) => again.get(result.id) ?? result);
    }
    this.#count(results);
    const passing = new Set(results.filter((result) => result.reason !== undefined && PASSING.has(result.reason)).map((result) => result.id));
    const { waiting } = this.#execution.batches;
    for (const work of works)
      if (passing.has(work.id) || (work.action === 'delete' && waiting.has(work.id) && this.#retry.size > 0)) this.#retry.set(work.id, work);
    if (canary) {
      const stop = await this.#readBack(results, first.sent, more);
      if (stop !== undefined) return stop;
      if (results.some((result) => result.status === 'applied')) this.#canary = false;
    }
    const unfilled = await this.fill();
    if (unfilled !== undefined) return unfilled;
    if (this.#aborted() && more) return { code: 'interrupted', because: 'somebody stopped it' };
    return more ? this.#rates() : undefined;
  }

  /** One more try for what was refused because of a record that the rest of the plan has changed since. */
  async again(): Promise<Stop | undefined> {
    for (const group of groupsOf([...this.#retry.values()], (action) => this.sizeOf(action))) {
      const { stop } = await this.#write(group, true);
      if (stop !== undefined) return stop;
    }
    return this.fill();
  }

  /**
   * Puts right what the platform set by itself although the plan says what it should be: fields of a record that was created, and fields
   * that were written as they are so that they stay.
   */
  async fill(): Promise<Stop | undefined> {
    const works = this.#execution.batches.toFill.map(fillWork);
    for (const group of groupsOf(works, (action) => this.sizeOf(action))) {
      const { stop } = await this.#write(group);
      if (stop !== undefined) return stop;
    }
    return undefined;
  }

  /** `last`: the last try, so that what still stands in the way of a field is left to people and the rest of the record written. */
  async #write(works: readonly Work[], last = false): Promise<Written> {
    const items: JournalItem[] = [];
    const skipped: ItemResult[] = [];
    let checked;
    try {
      const read = works.flatMap(({ id, reads }): JournalItem[] => (reads === undefined ? [] : [{ id, action: 'undelete', ...reads }]));
      const live = await readItems(this.#execution, read, this.#options);
      for (const work of works) {
        const resolved = work.resolve(work.reads === undefined ? undefined : live.get(work.reads.object)?.get(work.reads.key)?.fields);
        if ('status' in resolved) skipped.push(resolved);
        else items.push(resolved);
      }
      checked = await precheck(this.#checking, items, this.#options);
    } catch (error) {
      return { results: [], sent: [], stop: stopOf(error) };
    }
    const { results, stop } = checked.send.length === 0 ? { results: [] } : await this.#sendWithoutRefused(checked, last);
    const all = this.#notForGood(works, [...skipped, ...checked.skipped, ...results], last);
    const { batches, writer, by, kind } = this.#execution;
    const batch = checked.send.length === 0 ? batches.nextBatch : batches.nextBatch - 1;
    const outcome = await writer.append({ by, type: `${kind}.outcome`, data: { batch, results: all } });
    batches.ended(batch, resultsIn(outcome));
    this.#progress();
    return { results: all, sent: checked.send, ...(stop === undefined ? {} : { stop }) };
  }

  /**
   * While something else has to be tried again, what may stand in the way because of that is no verdict for good: a record that
   * is still linked, a parent that is not there yet, a value that is still taken. It waits as `failed` and is tried again too. Where in
   * the end only such are left, they hold each other up, and the next pass is the verdict.
   */
  #notForGood(works: readonly Work[], results: readonly ItemResult[], last: boolean): readonly ItemResult[] {
    const ids = works.map((work) => work.id);
    const deletes = new Set(works.filter((work) => work.action === 'delete').map((work) => work.id));
    // The end that is gone may be one of those that are still to be created again.
    const links = new Set(works.filter((work) => work.action === 'link').map((work) => work.id));
    const records = new Map(works.map((work) => [work.id, work.record]));
    const { statuses } = this.#execution.batches;
    // An earlier change of the same record that is still to come: what this one finds is not what it will find.
    const follows = (id: string): boolean =>
      [this.#ofRecord.get(records.get(id) ?? '') ?? []]
        .flat()
        .some((other) => other !== id && (statuses.get(other) === 'failed' || statuses.get(other) === 'in_doubt'));
    const mayPass = ({ id, status, reason }: ItemResult): boolean =>
      (status === 'moved' && (deletes.has(id) || links.has(id) || follows(id))) ||
      (status === 'rejected' && reason !== undefined && PASSING.has(reason));
    const unfinished =
      results.some(({ status }) => status === 'failed' || status === 'in_doubt') || this.#execution.batches.unfinishedBeside(ids, this.#waitsCount);
    // What was refused and is tried once more at the end may be what a record to be deleted is still linked to.
    const isHeld = ({ id, status }: ItemResult): boolean => !last && this.#retry.size > 0 && status === 'moved' && deletes.has(id);
    const waits = (result: ItemResult): boolean => (unfinished && mayPass(result)) || isHeld(result);
    return results.map((result) =>
      waits(result) ? { id: result.id, status: 'failed', message: `${result.message ?? 'not possible yet'}; ${WAITS}` } : result,
    );
  }

  /** Sends; where the platform refuses a field of a record, sends the rest of the record without it. */
  async #sendWithoutRefused(checked: Checked, last: boolean): Promise<Pick<Written, 'results' | 'stop'>> {
    let { results, stop } = await this.#sendJournaled(checked.send, checked);
    let items = checked.send;
    while (stop === undefined && !this.#aborted()) {
      items = withoutRefused(this.#execution.schema, items, results, last);
      if (items.length === 0) break;
      const again = await this.#sendJournaled(items, checked);
      results = replace(results, again.results);
      stop = again.stop;
    }
    return { results, ...(stop === undefined ? {} : { stop }) };
  }

  /** Makes the intent durable, sends, settles what is in doubt, and looks at what the platform made of it. */
  async #sendJournaled(items: readonly JournalItem[], { before, linksBefore }: Checked): Promise<Pick<Written, 'results' | 'stop'>> {
    const { batches, writer, by, kind, schema } = this.#execution;
    const batch = batches.nextBatch;
    const tells = this.#execution.platform.connector.outcomeOf !== undefined;
    const says = { ...(tells ? { tells } : {}), ...thereNow(this.#execution.platform) };
    const intent = await writer.append({ by, type: `${kind}.intent`, data: { batch, items, ...says } });
    batches.intended(batch, items, intent.at, says);
    for (const item of items) this.#attempted.add(item.id);
    const answers = await this.#send(
      items.map((item) => mutationOf(schema, item)),
      async ({ token, places }) => {
        const ids = places.flatMap((place) => items[place]?.id ?? []);
        await writer.append({ by, type: `${kind}.commit`, data: { batch, token, ids } });
        batches.committing(token, ids);
      },
    );
    let results = items.map((item, index) => resultOf(item, answers.results[index]));
    let stop = answers.stop;
    try {
      const doubtful = results.filter((result) => result.status === 'in_doubt').map((result) => result.id);
      if (doubtful.length > 0) {
        const found = await lookUp(
          this.#execution,
          batches.pending.filter(({ item }) => doubtful.includes(item.id)),
          batches,
          this.#lookOptions(),
        );
        results = replace(results, withReasons(found, results));
      }
      results = replace(results, await this.#sameAfterAll(items, results));
    } catch (error) {
      stop ??= stopOf(error);
    }
    try {
      const byId = new Map(items.map((item, index) => [item.id, answers.results[index]]));
      results = replace(results, await lookAfter(this.#execution, items, results, { before, answers: byId }, this.#lookOptions()));
      if (linksBefore !== undefined) results = replace(results, await linksBeside(this.#execution, items, results, linksBefore, this.#lookOptions()));
    } catch (error) {
      // Written, and not looked at: that is done when the restore is resumed.
      const message = `it was written, and looking at what became of it failed: ${messageOf(error)}`;
      results = results.map((result) =>
        result.status === 'applied' && result.already !== true ? { id: result.id, status: 'in_doubt', message } : result,
      );
      stop ??= stopOf(error);
    }
    return { results, ...(stop === undefined ? {} : { stop }) };
  }

  /** Sends mutations. A refusal before anything was sent leaves every one of them not written. */
  async #send(
    mutations: Parameters<Execution['platform']['connector']['write']>[0],
    committing: NonNullable<WriteOptions['committing']>,
  ): Promise<{ readonly results: readonly MutationResult[]; readonly stop?: Stop }> {
    try {
      return { results: await this.#execution.platform.connector.write(mutations, { ...this.#options, committing }) };
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      return { results: mutations.map(() => ({ status: 'failed', message: messageOf(error) })), stop: stopOf(error) };
    }
  }

  /** What the platform calls moved or taken may stand already: an update that was made, a record that is there as wanted. */
  async #sameAfterAll(items: readonly JournalItem[], results: readonly ItemResult[]): Promise<readonly ItemResult[]> {
    const odd = items.filter((item, index) => {
      const result = results[index];
      if (item.action === 'create') return result?.reason === 'unique-taken';
      return (item.action === 'update' || item.action === 'delete') && result?.status === 'moved';
    });
    if (odd.length === 0) return [];
    const live = await readItems(this.#execution, odd, this.#lookOptions());
    return odd.flatMap((item): ItemResult[] => {
      if ('link' in item || item.action === 'undelete') return [];
      const record = live.get(item.object)?.get(item.key);
      if (item.action === 'delete') return record === undefined ? [stands(item)] : [];
      if (record === undefined) return [];
      if (holds(record.fields, item.set)) return [stands(item)];
      if (item.action === 'update' && stillToWrite(schemaOf(this.#execution.schema, item.object), item, record.fields) !== undefined)
        return [{ id: item.id, status: 'failed', message: 'a part of the record was changed since the plan was made' }];
      return item.action === 'create' ? [{ id: item.id, status: 'moved', message: 'the record is there again, with other values' }] : [];
    });
  }

  /** A first batch of which the platform says that it is written, and it is not there (G11). */
  async #contradiction({ results, sent }: Written): Promise<Stop | undefined> {
    const wrong = results.filter((result) => result.contradicted === true).map((result) => result.id);
    if (wrong.length === 0) return undefined;
    await this.#journalCanary(sent.length, wrong);
    return notThere(wrong.length, sent.length);
  }

  async #journalCanary(checked: number, wrong: readonly string[]): Promise<void> {
    const { writer, by, kind } = this.#execution;
    await writer.append({ by, type: `${kind}.canary`, data: { checked, wrong } });
  }

  /** Reads the first batch back (G11), where it was not looked at already. */
  async #readBack(results: readonly ItemResult[], sent: readonly JournalItem[], more: boolean): Promise<Stop | undefined> {
    const { batches } = this.#execution;
    const applied = new Set(results.filter((result) => result.status === 'applied').map((result) => result.id));
    if (applied.size === 0) {
      // What waits for other changes, or for a value that somebody holds, says nothing of the rest: that comes first.
      const waits = ({ id, reason }: ItemResult): boolean => batches.waiting.has(id) || (reason !== undefined && PASSING.has(reason));
      if (!more || results.every(waits)) return undefined;
      const why = results.find((result) => result.message !== undefined)?.message ?? 'the platform did not say why';
      const code = results.every((result) => result.status === 'in_doubt') ? 'in-doubt' : 'restore-stopped';
      return { code, because: `none of the first ${results.length} changes took: ${why}` };
    }
    const all = sent.filter((item) => applied.has(item.id));
    if (all.length === 0) return undefined;
    const items = all.filter((item) => item.action !== 'update' && item.action !== 'create');
    let wrong: string[];
    try {
      const records = await readItems(this.#execution, items, this.#lookOptions());
      const linked = await readItemLinks(this.#execution, items, this.#lookOptions());
      const took = (item: JournalItem): boolean =>
        'link' in item
          ? linked.has(item) === (item.action === 'link')
          : tookEffect(item, records.get(item.object)?.get(item.key)?.fields, batches.stored.get(item.id));
      wrong = items.filter((item) => !took(item)).map((item) => item.id);
    } catch (error) {
      return stopOf(error);
    }
    await this.#journalCanary(all.length, wrong);
    return wrong.length === 0 ? undefined : notThere(wrong.length, all.length);
  }

  #aborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #count(results: readonly ItemResult[]): void {
    this.#done += results.length;
    for (const { id, status } of results) {
      // What waits for others is counted once it has its verdict.
      if (this.#execution.batches.waiting.has(id)) continue;
      if (status === 'moved' || (status === 'applied' && this.#execution.batches.left.has(id))) this.#skipped += 1;
      else if (status !== 'applied') this.#errors += 1;
    }
  }

  /** A rate above its limit (G11). Counts from the beginning of this session, so that a person who resumes gets further. */
  #rates(): Stop | undefined {
    const { errorsPercent, skippedPercent } = this.#execution.settings;
    const of = Math.max(this.#done, RATE_FROM);
    if (this.#errors > (of * errorsPercent) / 100)
      return { code: 'restore-stopped', because: `${this.#errors} of ${this.#done} changes went wrong; the limit is ${errorsPercent} %` };
    if (this.#skipped > (of * skippedPercent) / 100)
      return {
        code: 'restore-stopped',
        because: `${this.#skipped} of ${this.#done} changes were skipped because live had moved; the limit is ${skippedPercent} %`,
      };
    return undefined;
  }

  #progress(): void {
    const { counts } = this.#execution.batches;
    const done = counts.applied + counts.moved + counts.rejected + counts.failed + counts.in_doubt;
    this.#reporter.progress({ task: this.#execution.task, done, total: this.#execution.total, unit: 'records' });
  }

  get #checking(): Checking {
    const { platform, schema, recreations } = this.#execution;
    return { platform, schema, recreations, attempted: (id) => this.#attempted.has(id) };
  }

  get #reporter(): Reporter {
    return this.#options.reporter ?? silentReporter;
  }

  /** Looks that settle what was sent are not cut short by an abort: without them more would stay in doubt. */
  #lookOptions(): CallOptions {
    return { reporter: this.#reporter };
  }
}

/** What was found out about changes whose answer was lost, with the platform's words of why it was lost. */
function withReasons(found: readonly ItemResult[], before: readonly ItemResult[]): ItemResult[] {
  const lost = new Map(before.map(({ id, message }) => [id, message]));
  return found.map((result) => {
    const why = lost.get(result.id);
    return result.status !== 'failed' || why === undefined ? result : { ...result, message: `${why}; looked up: the change is not there` };
  });
}

function notThere(wrong: number, of: number): Stop {
  return { code: 'restore-stopped', because: `${wrong} of the first ${of} changes were not there when they were read back` };
}

/** Works in the batches they are written in. */
function* groupsOf(works: readonly Work[], sizeOf: (action: JournalItem['action']) => number): Iterable<readonly Work[]> {
  const group = new Together<Work>();
  for (const work of works) {
    if (!joins(group, work, sizeOf(work.action))) yield group.take();
    group.add(work, work.length);
  }
  if (!group.isEmpty) yield group.take();
}

/** True where a work is written with those before it. */
function joins(waiting: Together<Work>, work: Work, size: number): boolean {
  const [first] = waiting.items;
  const twice = work.record !== undefined && waiting.items.some(({ record }) => record === work.record);
  return !twice && (first === undefined || first.group === work.group) && waiting.takes(work.length, size);
}

interface Written {
  readonly results: readonly ItemResult[];
  readonly sent: readonly JournalItem[];
  readonly stop?: Stop;
}
