import { type CallOptions, type Clock, messageOf } from '../../lib/index.js';
import type { MutationResult } from '../connector.js';
import { isLost, isTransient } from './errors.js';
import { type Connection, connect, type Counters, type Row, throwIfAborted } from './session.js';
import type { Settings } from './settings.js';

/** Runs statements of one transaction. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** How often a transaction that met a deadlock, a lock or a lost connection is repeated. */
const ATTEMPTS = 4;

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
  async transact(count: number, work: (run: Run) => Promise<readonly MutationResult[]>, options: CallOptions): Promise<readonly MutationResult[]> {
    const all = (result: MutationResult): readonly MutationResult[] => Array.from({ length: count }, () => result);
    let connection = await this.ready(options);
    throwIfAborted(options.signal, this.settings);
    for (let attempt = 1; ; attempt += 1) {
      let transaction: string | undefined;
      let results: readonly MutationResult[];
      try {
        const using = connection;
        // Constraints that would wait for the end are checked at once, so that one bad record is not the whole batch's failure.
        const [row] = await using.query(
          'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET CONSTRAINTS ALL IMMEDIATE; SELECT pg_current_xact_id()::text',
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
        if (!isTransient(error) || attempt === ATTEMPTS)
          return all({ status: 'failed', message: `The database rolled the batch back: ${messageOf(error)}` });
        try {
          await this.pause(error, attempt, options);
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

  private async pause(error: unknown, attempt: number, options: CallOptions): Promise<void> {
    const ms = 50 * 2 ** attempt;
    this.counters.retries += 1;
    options.reporter?.waiting({ reason: `${this.settings.platform} rolled a batch back (${messageOf(error)}); it is tried again`, ms });
    await this.clock.sleep(ms, options.signal);
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
  private async commit(
    connection: Connection,
    transaction: string | undefined,
  ): Promise<{ readonly state: 'committed' | 'aborted' | 'unknown'; readonly message: string }> {
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

  private async whatBecameOf(
    transaction: string | undefined,
    message: string,
  ): Promise<{ readonly state: 'committed' | 'aborted' | 'unknown'; readonly message: string }> {
    if (transaction === undefined) return { state: 'unknown', message };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        // No retry inside: the pauses are here.
        const again = await connect({ ...this.settings, waitMs: 0 }, this.clock, this.counters, 'write');
        this.connection = again;
        const [row] = await again.query('SELECT pg_xact_status($1::xid8)', [transaction]);
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
