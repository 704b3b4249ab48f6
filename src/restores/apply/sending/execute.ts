import { Ahead, type CallOptions, defined, silentReporter } from '../../../lib/index.js';
import { isOpen } from '../../records/batches.js';
import type { ItemResult, JournalItem } from '../../records/items.js';
import { lookAfterLost } from '../looking/aftermath.js';
import { readItems } from '../looking/lookup.js';
import { lookUpSettled } from '../looking/settled.js';
import { isFinal } from '../steps/plan-steps.js';
import { groupsOf, StepsTogether, type PlanStep } from './batching.js';
import { Canary } from './canary.js';
import { resultsIn, type Execution, type Written } from './execution.js';
import { fillStep } from './follow-up.js';
import { precheck, type Checked } from './precheck.js';
import { Rates } from './rates.js';
import { stopOf, type Stop } from './results.js';
import { Retries } from './retries.js';
import { Sending } from './sending.js';

/**
 * Writes steps in their order, in batches: looks at live, makes the intent durable, writes, settles what is in doubt,
 * writes down the outcome (G1, G8). Ends early at a failing first batch, at a rate above its limit, at an abort and
 * at an error of the platform.
 */
export async function execute(execution: Execution, steps: AsyncIterable<readonly PlanStep[]>, options: CallOptions): Promise<Stop | undefined> {
  const session = new Session(execution, options);
  const unfilled = await session.fill();
  if (unfilled !== undefined) return unfilled;
  const groups = new Ahead(groupsFor(session, steps));
  try {
    for (let group = await groups.next(); group.done !== true; group = await groups.next()) {
      const stop = await session.batch(group.value, () => groups.begin());
      if (stop !== undefined) return stop;
    }
  } finally {
    await groups.close();
  }
  return session.again();
}

/** What is written together; `more`: others follow. `open`: steps up to its last one that were begun earlier and have no end. */
interface Group {
  readonly steps: readonly PlanStep[];
  readonly more: boolean;
  readonly open: readonly PlanStep[];
}

/** The steps that need something, in the batches they are written in. */
async function* groupsFor(session: Session, steps: AsyncIterable<readonly PlanStep[]>): AsyncGenerator<Group> {
  const waiting = new StepsTogether();
  let open: PlanStep[] = [];
  const group = (more: boolean): Group => {
    const reached = open;
    open = [];
    return { steps: waiting.take(), more, open: reached };
  };
  for await (const some of steps)
    for (const step of some) {
      const status = session.statusOf(step);
      const isSettled = status !== undefined && status !== 'failed';
      if (!isSettled && !waiting.joins(step, session.sizeOf(step.action))) yield group(true);
      if (isOpen(status)) open.push(step);
      if (!isSettled) waiting.add(step);
    }
  if (!waiting.isEmpty) yield group(false);
}

/**
 * Settles items whose answer was lost, before anything else is written: one outcome in the journal. A stop where the
 * platform cannot be asked.
 */
export async function settle(execution: Execution, options: CallOptions): Promise<Stop | undefined> {
  const { batches, writer, by, kind } = execution;
  const doubtful = batches.pending;
  if (doubtful.length === 0) return undefined;
  let results: readonly ItemResult[];
  try {
    results = await lookAfterLost(
      execution,
      doubtful,
      await lookUpSettled(execution, doubtful, batches, { options, signal: options.signal }),
      options,
    );
  } catch (error) {
    return stopOf(error);
  }
  const batch = batches.nextBatch;
  const outcome = await writer.append({ by, type: `${kind}.outcome`, data: { batch, results } });
  batches.ended(batch, resultsIn(outcome));
  return undefined;
}

/** How steps are written. */
interface HowWritten {
  /** The last try: what still stands in the way of a field is left to people, and the rest of the record written. */
  readonly last?: boolean;
  /** See {@link Session.batch}. */
  readonly underWay?: (() => void) | undefined;
}

const ASKED: Stop = { code: 'interrupted', because: 'someone stopped it' };

/** One execution under way: its batches, one after the other. */
class Session {
  readonly #execution: Execution;
  readonly #options: CallOptions;
  readonly #sending: Sending;
  readonly #retries: Retries;
  readonly #canary: Canary;
  readonly #rates: Rates;

  constructor(execution: Execution, options: CallOptions) {
    this.#execution = execution;
    this.#options = options;
    this.#sending = new Sending(execution, options);
    this.#retries = new Retries(execution.batches);
    this.#canary = new Canary(execution, options);
    this.#rates = new Rates(execution.batches, execution.settings);
  }

  /** What became of a step so far: one that has an end, or may have happened and must not be repeated, needs nothing more. */
  statusOf(step: PlanStep): ItemResult['status'] | undefined {
    return this.#execution.batches.statuses.get(step.id);
  }

  /** Most steps of a kind in one batch. */
  sizeOf(action: JournalItem['action']): number {
    return this.#canary.sizeOf(this.#execution.platform.connector.capabilities.batch[action]);
  }

  /** Writes one batch. `underWay`: called when the platform is at work with it, unless what follows depends on what comes of it. */
  async batch({ steps, more, open }: Group, underWay: () => void): Promise<Stop | undefined> {
    if (this.#aborted()) return ASKED;
    // Now, and not when the group was gathered: what comes later in the plan must not count as standing in the way of what is before it.
    this.#retries.ended(open);
    const isFirst = this.#canary.isPending;
    const first = await this.#write(steps, { underWay: isFirst ? undefined : underWay });
    if (first.stop !== undefined) return first.stop;
    const contradicted = isFirst ? await this.#canary.contradiction(first) : undefined;
    if (contradicted !== undefined) return contradicted;
    const { results, sent, stop } = await this.#onceMore(steps, first);
    if (stop !== undefined) return stop;
    this.#rates.count(results);
    this.#retries.keep(steps, results);
    if (isFirst) {
      const wrong = await this.#canary.readBack(results, sent, more);
      if (wrong !== undefined) return wrong;
      if (results.some((result) => result.status === 'applied')) this.#canary.passed();
    }
    const unfilled = await this.fill();
    if (unfilled !== undefined) return unfilled;
    if (this.#aborted() && more) return ASKED;
    return more ? this.#rates.stop() : undefined;
  }

  /** Tries what failed once more, at once. */
  async #onceMore(steps: readonly PlanStep[], { results, sent }: Pick<Written, 'results' | 'sent'>): Promise<Written> {
    const broken = new Set(results.filter((result) => result.status === 'failed').map((result) => result.id));
    const failed = steps.filter((step) => broken.has(step.id));
    if (failed.length === 0) return { results, sent };
    if (this.#aborted()) return { results, sent, stop: ASKED };
    const second = await this.#write(failed);
    if (second.stop !== undefined) return { results, sent, stop: second.stop };
    const again = new Map(second.results.map((result) => [result.id, result]));
    // What could not be undeleted was created: that is what was sent in the end.
    const anew = new Map(second.sent.map((item) => [item.id, item]));
    return { results: results.map((result) => again.get(result.id) ?? result), sent: sent.map((item) => anew.get(item.id) ?? item) };
  }

  /** One more try for what was refused because of a record that the rest of the plan has changed since. */
  async again(): Promise<Stop | undefined> {
    for (const group of groupsOf(this.#retries.steps, (action) => this.sizeOf(action))) {
      const { stop } = await this.#write(group, { last: true });
      if (stop !== undefined) return stop;
    }
    return this.fill();
  }

  /**
   * Puts right what the platform set by itself although the plan says what it should be: fields of a record that was
   * created, and fields that were written as they are so that they stay.
   */
  async fill(): Promise<Stop | undefined> {
    const steps = this.#execution.batches.toFill.map(fillStep);
    for (const group of groupsOf(steps, (action) => this.sizeOf(action))) {
      const { stop } = await this.#write(group);
      if (stop !== undefined) return stop;
    }
    return undefined;
  }

  /**
   * Writes steps. What cannot be undeleted is created again: that goes apart from what is still to be undeleted.
   */
  async #write(steps: readonly PlanStep[], how: HowWritten = {}): Promise<Written> {
    const { batches } = this.#execution;
    const again = steps.filter(({ id, action }) => action === 'undelete' && isFinal(id, batches));
    if (again.length === 0 || again.length === steps.length) return await this.#writeAlike(steps, how);
    const rest = steps.filter((step) => !again.includes(step));
    const first = await this.#writeAlike(rest, how);
    if (first.stop !== undefined) return first;
    const second = await this.#writeAlike(again, how);
    return { results: [...first.results, ...second.results], sent: [...first.sent, ...second.sent], ...defined({ stop: second.stop }) };
  }

  async #writeAlike(steps: readonly PlanStep[], { last = false, underWay }: HowWritten): Promise<Written> {
    let checked: Checked;
    let unresolved: readonly ItemResult[];
    try {
      ({ checked, unresolved } = await this.#check(steps));
    } catch (error) {
      return { results: [], sent: [], stop: stopOf(error) };
    }
    const { results, stop } = checked.send.length === 0 ? { results: [] } : await this.#sending.withoutRefused(checked, last, underWay);
    const all = this.#retries.notForGood(steps, [...unresolved, ...checked.skipped, ...results], last);
    const { batches, writer, by, kind } = this.#execution;
    const batch = checked.send.length === 0 ? batches.nextBatch : batches.nextBatch - 1;
    // On disk with the line that follows, before anything else is sent: a power cut until then leaves the batch in doubt,
    // as one before it does.
    const outcome = await writer.append({ by, type: `${kind}.outcome`, data: { batch, results: all } }, { durable: false });
    batches.ended(batch, resultsIn(outcome));
    this.#retries.ended(steps);
    this.#progress();
    return { results: all, sent: checked.send, ...defined({ stop }) };
  }

  /**
   * Makes items of steps and looks at live just before they are written. `unresolved`: steps that cannot be written.
   */
  async #check(steps: readonly PlanStep[]): Promise<{ readonly checked: Checked; readonly unresolved: readonly ItemResult[] }> {
    const { platform, schema, recreations } = this.#execution;
    const items: JournalItem[] = [];
    const unresolved: ItemResult[] = [];
    const read = steps.flatMap(({ id, reads }): JournalItem[] => (reads === undefined ? [] : [{ id, action: 'undelete', ...reads }]));
    const live = await readItems(this.#execution, read, this.#options);
    for (const step of steps) {
      const resolved = step.resolve(step.reads === undefined ? undefined : live.get(step.reads.object)?.get(step.reads.key)?.fields);
      if ('status' in resolved) unresolved.push(resolved);
      else items.push(resolved);
    }
    const checking = { platform, schema, recreations, attempted: (id: string) => this.#execution.batches.statuses.wasSent(id) };
    return { checked: await precheck(checking, items, this.#options), unresolved };
  }

  #aborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #progress(): void {
    const { counts } = this.#execution.batches;
    const done = counts.applied + counts.moved + counts.rejected + counts.failed + counts.in_doubt;
    (this.#options.reporter ?? silentReporter).progress({ task: this.#execution.task, done, total: this.#execution.total, unit: 'records' });
  }
}
