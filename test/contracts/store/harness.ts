import type { Clock, Redactor } from '../../../src/lib/index.js';
import type { Journal, JournalEntry, Store } from '../../../src/store/index.js';

/** A state under test, seen from outside the store: what crashes, colleagues and other machines do to it. */
export interface StoreState {
  /**
   * Opens the state as a process does that starts now: the store remembers nothing. Default: the system's clock, and no
   * secrets.
   */
  open(options?: { readonly clock?: Clock; readonly redactor?: Redactor }): Promise<Store>;
  /**
   * Starts a process that takes the locks and the journal `runs/run-1`, as `{by: 'maya', holder: 'run-1'}`, and has
   * appended `run.created` to it. One that is `here` can be seen to be alive or dead, and has a lease so long that
   * nobody can wait for its end; one that is `elsewhere` cannot be seen, and has a lease that a test can wait for.
   * `locks`: `['platform-crm']` by default.
   */
  holder(where: 'here' | 'elsewhere', locks?: readonly string[]): Promise<Holder>;
  /**
   * Starts a process that adds one to `total` and to `by[name]` of the document `counters/shared`, `times` times, and
   * waits for its end.
   */
  count(name: string, times: number): Promise<void>;
  /** Leaves a journal as a crash does in the middle of writing its last line; absent where no crash can. */
  readonly tear?: (journal: Journal) => Promise<void>;
  /** Loses all lines of a journal but the first `lines`, as nothing but a failing disk or a person does. */
  keep(journal: Journal, lines: number): Promise<void>;
  /** Changes something in one line (from 1) of a journal. */
  changeLine(journal: Journal, line: number): Promise<void>;
  /** Changes something in the stored form of a document. */
  changeDocument(kind: string, id: string): Promise<void>;
}

/** A process that holds things. It is ended with the test at the latest. */
export interface Holder {
  readonly pid: number;
  /**
   * `intent` appends a line to its journal, `outcome` one that need not be on disk, `check` checks its first lock, `held`
   * asks what it knows of it by itself, `signal` what its signal says; answers `ok` or the code of the error.
   * `update` begins an update of the document `notes/a` and answers `updating` in the middle of it, which it never
   * leaves.
   */
  ask(what: 'intent' | 'outcome' | 'check' | 'held' | 'signal' | 'update'): Promise<string>;
  /** Ends it as kill -9 does; resolves when it is gone. */
  kill(): Promise<void>;
  /** Holds it up, as the lid of a laptop does. */
  stop(): void;
  goOn(): void;
}

/** A new state for the running test, removed afterwards. */
export type StartState = () => Promise<StoreState>;

export const maya = { by: 'maya', holder: 'run-20261122-1', purpose: 'restore of crm' };
export const lee = { by: 'lee', holder: 'run-20261122-2', purpose: 'restore of crm' };

/** Everything that a journal or ledger gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What the lines of a journal are about. */
export async function typesOf(journal: Journal): Promise<string[]> {
  return (await all<JournalEntry>(journal.read())).map(({ type }) => type);
}
