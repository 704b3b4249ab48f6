import type { CallOptions, Clock } from '../../lib/index.js';
import { fromServer, grantFor } from './errors.js';
import { type Connection, connect, type Counters, retrying, type Row, throwIfAborted } from './session.js';
import type { Settings } from './settings.js';
import { target } from './sql.js';
import type { Table } from './table.js';

/**
 * The reading side of a connector: one connection, and at most one transaction that all readers share, so that they see
 * one moment.
 */
export class Reader {
  private connection: Promise<Connection> | undefined;
  /** How many readers need the transaction that is open. */
  private holders = 0;
  private beginning: Promise<void> | undefined;
  private cursors = 0;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly counters: Counters,
  ) {}

  /** The connection; a new one where there is none or the last one broke. Throws our errors. */
  async connected(options: CallOptions = {}): Promise<Connection> {
    const known = await this.connection?.catch(() => undefined);
    if (known !== undefined && (!known.broken || this.holders > 0)) return known;
    this.connection = connect(this.settings, this.clock, this.counters, 'read', options);
    return this.connection;
  }

  /** Runs a statement that may be repeated; repeats it after transient trouble unless a transaction is open. Throws our errors. */
  async ask(text: string, values: readonly unknown[], options: CallOptions, doing: string, table?: Table): Promise<readonly Row[]> {
    const grant = table === undefined ? undefined : grantFor('SELECT', target(table), this.settings);
    if (this.holders > 0) return this.once(text, values, options, doing, grant);
    return retrying(
      this.settings,
      this.clock,
      this.counters,
      options,
      doing,
      async () => (await this.connected(options)).query(text, values, options),
      grant,
    );
  }

  /** As {@link ask}, for a statement that may fail: an open transaction stays usable. */
  async attempt(text: string, values: readonly unknown[], options: CallOptions, doing: string, table: Table): Promise<readonly Row[]> {
    if (this.holders === 0) return this.ask(text, values, options, doing, table);
    await this.once('SAVEPOINT attempt', undefined, options, doing);
    try {
      return await this.ask(text, values, options, doing, table);
    } catch (error) {
      if (!(await this.connected()).broken) await this.once('ROLLBACK TO SAVEPOINT attempt', undefined, {}, doing);
      throw error;
    }
  }

  private async once(
    text: string,
    values: readonly unknown[] | undefined,
    options: CallOptions,
    doing: string,
    grant?: string,
  ): Promise<readonly Row[]> {
    throwIfAborted(options.signal, this.settings);
    try {
      return await (await this.connected(options)).query(text, values, options);
    } catch (error) {
      throwIfAborted(options.signal, this.settings);
      throw fromServer(error, this.settings, doing, grant);
    }
  }

  /** Opens the transaction, or joins the one that is open. */
  async hold(options: CallOptions = {}): Promise<void> {
    this.holders += 1;
    if (this.holders === 1) {
      this.beginning = (async () => {
        const known = await this.connection?.catch(() => undefined);
        if (known?.broken === true) this.connection = undefined;
        this.connection ??= connect(this.settings, this.clock, this.counters, 'read', options);
        await this.once('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1', undefined, options, 'opening a transaction');
      })();
    }
    try {
      await this.beginning;
    } catch (error) {
      this.holders -= 1;
      throw error;
    }
  }

  /** Leaves the transaction; the last one ends it. Never throws. */
  async release(): Promise<void> {
    this.holders -= 1;
    if (this.holders > 0) return;
    const known = await this.connection?.catch(() => undefined);
    if (known === undefined || known.broken) return;
    try {
      await known.query('ROLLBACK');
    } catch {
      await known.close(true);
    }
  }

  /** All rows of a query, in batches, inside the transaction. Ends it early when the caller stops. */
  async *rows(
    query: string,
    values: readonly unknown[],
    perBatch: number,
    options: CallOptions,
    doing: string,
    table: Table,
  ): AsyncGenerator<readonly Row[]> {
    const grant = grantFor('SELECT', target(table), this.settings);
    await this.hold(options);
    this.cursors += 1;
    const cursor = `runback_${String(this.cursors)}`;
    try {
      await this.once(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${query}`, values, options, doing, grant);
      for (;;) {
        const batch = await this.once(`FETCH ${String(perBatch)} FROM ${cursor}`, undefined, options, doing, grant);
        if (batch.length > 0) yield batch;
        if (batch.length < perBatch) break;
      }
      if (this.holders > 1) await this.once(`CLOSE ${cursor}`, undefined, options, doing);
    } finally {
      await this.release();
    }
  }

  /** Counts a request that goes past {@link ask}. */
  count(): void {
    this.counters.requests += 1;
  }

  async close(): Promise<void> {
    const known = await this.connection?.catch(() => undefined);
    await known?.close(this.holders > 0);
  }
}
