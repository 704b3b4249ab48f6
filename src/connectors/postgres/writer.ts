import { type CallOptions, type Clock, messageOf } from '../../lib/index.js';
import type { MutationResult } from '../connector.js';
import { isLost, isTransient } from './errors.js';
import { type Connection, connect, type Counters, type Row, throwIfAborted } from './session.js';
import type { Settings } from './settings.js';

/** Runs statements of one transaction. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** A transaction that met a deadlock or a lost connection is repeated so often in any case, and more often within the time allowed. */
const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 10_000;

/** How one transaction is done. */
export interface Transacting {
  /** How long a lock of somebody else is waited for; without it, as the settings say. */
  readonly lockMs?: number;
}

/** How long something was waited for so far. */
export interface Waits {
  waited: number;
}

interface Outcome {
  readonly state: 'committed' | 'aborted' | 'unknown';
  readonly message: string;
}

/**
 * The writing side of a connector: one connection, one transaction per batch.
 *
 * What is promised of {@link transact}: either everything `work` did has been committed, or nothing, or, where the answer
 * to COMMIT was lost and the server cannot be asked what became of it, every result that says `applied` says `in_doubt`.
 */
export class Writer {
  private connection: Connection | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly counters: Counters,
  ) {}

  /** A connection for the next transaction. Throws our errors; nothing was sent then. */
  async ready(options: CallOptions): Promise<Connection> {
    if (this.connection?.broken !== false) this.connection = await connect(this.settings, this.clock, this.counters, 'write', options);
    return this.connection;
  }

  /**
   * One transaction. `work` fills one result per mutation and may be called again after a rollback. Throws only before
   * anything was sent; later, failures are results.
   */
  async transact(
    count: number,
    work: (run: Run) => Promise<readonly MutationResult[]>,
    options: CallOptions,
    { lockMs }: Transacting = {},
  ): Promise<readonly MutationResult[]> {
    const all = (result: MutationResult): readonly MutationResult[] => Array.from({ length: count }, () => result);
    const waits: Waits = { waited: 0 };
    let connection = await this.ready(options);
    throwIfAborted(options.signal, this.settings);
    for (let attempt = 1; ; attempt += 1) {
      let transaction: string | undefined;
      let results: readonly MutationResult[];
      try {
        const using = connection;
        const wait = lockMs === undefined ? '' : `SET LOCAL lock_timeout = '${String(lockMs)}ms'; `;
        // Constraints that would wait for the end are checked at once, so that one bad record is not the whole batch's failure.
        const [row] = await using.query(
          `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${wait}SET CONSTRAINTS ALL IMMEDIATE; SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text`,
          undefined,
          options,
        );
        transaction = row?.[0] ?? undefined;
        results = await work((text, values) => using.query(text, values, options));
        throwIfAborted(options.signal, this.settings);
      } catch (error) {
        await this.rollBack(connection, options.signal?.aborted === true);
        if (options.signal?.aborted === true)
          return all({ status: 'failed', message: 'Stopped before the batch was committed; the database rolled it back.' });
        const failed: MutationResult = { status: 'failed', message: `The database rolled the batch back: ${messageOf(error)}` };
        if (!isTransient(error)) return all(failed);
        try {
          const why = `${this.settings.platform} rolled a batch back (${messageOf(error)}); it is tried again`;
          if (!(await this.pause(why, attempt, waits, options, attempt < ATTEMPTS))) return all(failed);
          connection = await this.ready(options);
        } catch (again) {
          return all({
            status: 'failed',
            message: `The database rolled the batch back (${messageOf(error)}) and then did not answer: ${messageOf(again)}`,
          });
        }
        continue;
      }
      const outcome = await this.commit(connection, transaction);
      if (outcome.state === 'committed') return results;
      const changed = (result: MutationResult): boolean => result.status === 'applied';
      if (outcome.state === 'unknown')
        return results.map((result) =>
          changed(result)
            ? {
                status: 'in_doubt',
                message: `The answer to COMMIT was lost, and what became of transaction ${transaction ?? ''} cannot be found out: ${outcome.message}`,
              }
            : result,
        );
      return results.map((result) =>
        changed(result) ? { status: 'failed', message: `The database did not commit the batch: ${outcome.message}` } : result,
      );
    }
  }

  /** Waits, visibly, before what is locked is tried again. False where the time allowed for that is used up, or somebody stopped it. */
  async waitFor(reason: string, round: number, waits: Waits, options: CallOptions): Promise<boolean> {
    try {
      return await this.pause(`${this.settings.platform} waits for a lock: ${reason}`, round, waits, options, round === 0);
    } catch {
      return false;
    }
  }

  /** False where it would take longer than is allowed, unless it must be. Throws where it is stopped. */
  private async pause(reason: string, attempt: number, waits: Waits, options: CallOptions, must: boolean): Promise<boolean> {
    const ms = Math.min(50 * 2 ** attempt, LONGEST_PAUSE_MS);
    if (!must && waits.waited + ms > this.settings.waitMs) return false;
    waits.waited += ms;
    this.counters.retries += 1;
    options.reporter?.waiting({ reason, ms });
    await this.clock.sleep(ms, options.signal);
    return true;
  }

  private async rollBack(connection: Connection, abandon: boolean): Promise<void> {
    if (connection.broken) return;
    try {
      if (abandon) await connection.close(true);
      else await connection.query('ROLLBACK');
    } catch {
      await connection.close(true);
    }
  }

  /** Commits; after a lost answer, asks the server what became of the transaction. COMMIT itself is never cut short by an abort. */
  private async commit(connection: Connection, transaction: string | undefined): Promise<Outcome> {
    try {
      await connection.query('COMMIT');
      return { state: 'committed', message: '' };
    } catch (error) {
      if (!isLost(error)) {
        await this.rollBack(connection, false);
        return { state: 'aborted', message: messageOf(error) };
      }
      await connection.close(true);
      return this.whatBecameOf(transaction, messageOf(error));
    }
  }

  private async whatBecameOf(transaction: string | undefined, message: string): Promise<Outcome> {
    if (transaction === undefined) return { state: 'unknown', message };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        // No retry inside: the pauses are here.
        const again = await connect({ ...this.settings, waitMs: 0 }, this.clock, this.counters, 'write');
        this.connection = again;
        const [row] = await again.query('SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8)', [transaction]);
        if (row?.[0] === 'committed') return { state: 'committed', message };
        if (row?.[0] === 'aborted') return { state: 'aborted', message };
        // Still in progress: the server has not noticed yet that the connection is gone.
      } catch {
        // Not there yet: the next attempt may reach it.
      }
      if (attempt < ATTEMPTS) await this.clock.sleep(50 * 2 ** attempt);
    }
    return { state: 'unknown', message };
  }

  async close(): Promise<void> {
    await this.connection?.close();
  }
}
