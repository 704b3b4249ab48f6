import type { Clock } from '../../lib/index.js';
import type { JournalEntry, JournalWriter, Store } from '../../store/index.js';
import { type CanaryIntent, type CanaryState, type Closing, NO_RUNS, type OpenRun, withEntry } from './state.js';
import type { CanaryResult } from './verdict.js';

const KIND = 'canaries';
/** Journals that stay, one a day on which the canary ran. */
const MOST_DAYS = 60;

/** The journal of a canary: one a day, so that none grows without an end. A run that goes over midnight stays in its own. */
export class CanaryJournal {
  #state: CanaryState;

  private constructor(
    private readonly canary: string,
    private readonly writer: JournalWriter,
    private readonly by: string,
    state: CanaryState,
  ) {
    this.#state = state;
  }

  /** Opens the journal that has an open run, else that of today. Throws `locked` while another process runs this canary. */
  static async open(
    canary: string,
    { store, clock, by }: { readonly store: Store; readonly clock: Clock; readonly by: string },
  ): Promise<CanaryJournal> {
    const owner = { by, holder: canary, purpose: `canary ${canary}` };
    const today = `${canary}-${clock.now().toISOString().slice(0, 10).replaceAll('-', '')}`;
    const days = await daysOf(store, canary);
    const last = days.at(-1);
    const before = last === undefined ? NO_RUNS : await readState(store, canary, last);
    const id = last !== undefined && (before.open !== undefined || last > today) ? last : today;
    let state: CanaryState = id === last ? NO_RUNS : { ...NO_RUNS, labels: before.labels };
    const visit = (entry: JournalEntry): void => {
      state = withEntry(canary, state, entry);
    };
    const writer = await store.journal(KIND, id).open(owner, { visit });
    if (id !== last) for (const old of days.slice(0, Math.max(0, days.length + 1 - MOST_DAYS))) await store.journal(KIND, old).delete(owner);
    return new CanaryJournal(canary, writer, by, state);
  }

  get state(): CanaryState {
    return this.#state;
  }

  /** To be called before the write; on disk when it resolves. */
  async intend(intent: CanaryIntent): Promise<void> {
    await this.#append('canary.intent', { ...intent });
  }

  async written({ run }: OpenRun, status: 'applied' | 'in-doubt'): Promise<void> {
    await this.#append('canary.written', { run, status });
  }

  async verified({ run }: OpenRun): Promise<void> {
    await this.#append('canary.verified', { run });
  }

  async overdue({ run }: OpenRun): Promise<void> {
    await this.#append('canary.overdue', { run });
  }

  /** Ends a run, one that wrote nothing too. */
  async end(closing: Closing): Promise<CanaryResult> {
    await this.#append('canary.closed', { ...closing });
    const result = this.#state.results.at(-1);
    return result as CanaryResult;
  }

  async close(): Promise<void> {
    await this.writer.close();
  }

  async #append(type: string, data: Readonly<Record<string, unknown>>): Promise<void> {
    const entry = await this.writer.append({ by: this.by, type, data });
    this.#state = withEntry(this.canary, this.#state, entry);
  }
}

async function daysOf(store: Store, canary: string): Promise<readonly string[]> {
  const isOne = (id: string): boolean => id.startsWith(`${canary}-`) && /^\d{8}$/u.test(id.slice(canary.length + 1));
  return (await store.journals(KIND)).filter(isOne);
}

async function readState(store: Store, canary: string, id: string): Promise<CanaryState> {
  let state = NO_RUNS;
  for await (const entry of store.journal(KIND, id).read()) state = withEntry(canary, state, entry);
  return state;
}

/** What the runs of a canary came to, oldest first: those of its last days, at most `days` of them. Changes nothing. */
export async function canaryResults(store: Store, canary: string, days = 7): Promise<readonly CanaryResult[]> {
  const results: CanaryResult[] = [];
  for (const id of (await daysOf(store, canary)).slice(-days)) results.push(...(await readState(store, canary, id)).results);
  return results;
}
