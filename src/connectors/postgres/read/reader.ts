import { type CallOptions, type Clock, RunbackError } from '../../../lib/index.js';
import { fromServer, grantFor } from '../errors.js';
import type { Ask } from '../schema/catalog.js';
import type { ForeignKey, Table } from '../schema/table.js';
import { type Connection, connect, type Counters, retrying, type Row, type SomeRows, throwIfAborted } from '../session.js';
import type { Settings } from '../settings.js';
import { target } from '../sql.js';
import { lockTables, waitedInVain, whoIsInTheWay } from '../write/locks.js';

/** One moment of the database: a transaction whose tables were locked before it began to see anything. */
export interface View {
  /** Oids of what is locked, so that it is still there as it was at that moment. */
  readonly locked: Set<string>;
  /** Tables and foreign keys as they are in it, by name. */
  readonly tables: Map<string, Table>;
  readonly keys: Map<string, ForeignKey>;
}

/**
 * The reading side of a connector: one connection, and at most one view that all readers share, so that they see one
 * moment.
 *
 * A view is opened by the first reader that says which tables it needs: what rewrites or empties a table is not undone
 * for a transaction that began to see before it had the lock; it would find the table empty.
 */
export class Reader {
  private connection: Promise<Connection> | undefined;
  /** How many readers need the view that is or will be open. */
  private holders = 0;
  private current: View | undefined;
  private cursors = 0;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly counters: Counters,
  ) {}

  /** Somebody holds a view, which may not have been opened yet. */
  get held(): boolean {
    return this.holders > 0;
  }

  /** The view, where one is open. */
  get view(): View | undefined {
    return this.current;
  }

  /** The connection; a new one where there is none or the last one broke. Throws our errors. */
  async connected(options: CallOptions = {}): Promise<Connection> {
    const known = await this.connection?.catch(() => undefined);
    if (known !== undefined && (!known.broken || this.current !== undefined)) return known;
    this.connection = connect(this.settings, this.clock, this.counters, 'read', options);
    return this.connection;
  }

  /**
   * Runs a statement that may be repeated; repeats it after transient trouble unless a view is open. Throws our errors.
   */
  async ask(text: string, values: readonly unknown[], options: CallOptions, doing: string, table?: Table): Promise<readonly Row[]> {
    const grant = table === undefined ? undefined : grantFor('SELECT', target(table), this.settings);
    if (this.current !== undefined) return this.once(text, values, options, doing, grant);
    try {
      return await retrying(
        this.settings,
        this.clock,
        this.counters,
        options,
        doing,
        async () => (await this.connected(options)).query(text, values, options),
        grant,
      );
    } catch (error) {
      throw table === undefined ? error : await this.explained(error, [table]);
    }
  }

  /** As {@link ask}, for a statement that may fail and whose rows may be of any size: an open view stays usable. */
  async some(text: string, values: readonly unknown[], length: number, options: CallOptions, doing: string, table: Table): Promise<SomeRows> {
    const grant = grantFor('SELECT', target(table), this.settings);
    const run = async (): Promise<SomeRows> => (await this.connected(options)).queryUpTo(text, values, length, options);
    if (this.current === undefined) {
      try {
        return await retrying(this.settings, this.clock, this.counters, options, doing, run, grant);
      } catch (error) {
        throw await this.explained(error, [table]);
      }
    }
    await this.once('SAVEPOINT attempt', undefined, options, doing);
    let failed = true;
    try {
      const some = await this.guarded(run, options, doing, grant);
      ({ failed } = some);
      return some;
    } finally {
      if (failed && !(await this.connected()).broken) await this.once('ROLLBACK TO SAVEPOINT attempt', undefined, {}, doing);
    }
  }

  private async once(
    text: string,
    values: readonly unknown[] | undefined,
    options: CallOptions,
    doing: string,
    grant?: string,
  ): Promise<readonly Row[]> {
    return this.guarded(async () => (await this.connected(options)).query(text, values, options), options, doing, grant);
  }

  private async guarded<T>(work: () => Promise<T>, options: CallOptions, doing: string, grant?: string): Promise<T> {
    throwIfAborted(options.signal, this.settings);
    try {
      return await work();
    } catch (error) {
      throwIfAborted(options.signal, this.settings);
      throw fromServer(error, this.settings, doing, grant);
    }
  }

  /**
   * Needs a view from now on: joins the one that is open, else {@link open} has to be called before anything is read in
   * it.
   */
  hold(): void {
    this.holders += 1;
  }

  /** Opens the view: locks the tables, then fixes the moment. Throws our errors; one about a lock says who has it. */
  async open(tables: readonly Table[], options: CallOptions): Promise<View> {
    const doing = 'locking the tables to be read';
    const locks = lockTables(tables);
    try {
      await retrying(this.settings, this.clock, this.counters, options, doing, async () => {
        const connection = await this.connected(options);
        try {
          const how = 'ISOLATION LEVEL REPEATABLE READ READ ONLY';
          await connection.begin({ how, before: locks === '' ? [] : [locks], after: ['SELECT 1'] }, options);
        } catch (error) {
          if (!connection.broken) await connection.rollBack();
          // It was waited for as long as is allowed: not again.
          throw waitedInVain(error) ? fromServer(error, this.settings, doing) : error;
        }
      });
    } catch (error) {
      throw await this.explained(error, tables);
    }
    const view: View = { locked: new Set(), tables: new Map(), keys: new Map() };
    this.current = view;
    await this.noteLocks(view, options);
    return view;
  }

  /**
   * Locks a table in a view that is open already. Throws `platform-incomplete` where it is no longer what the view can
   * see, and where a table that was locked has got another partition.
   */
  async lockLate(view: View, table: Table, options: CallOptions): Promise<void> {
    const doing = `locking ${table.object}`;
    const known = view.locked.has(table.oid);
    if (!known) await this.once(lockTables([table]), undefined, options, doing);
    const [row] = await this.once(
      `SELECT ${known ? 'count(*) = 0' : 'to_regclass($2)::oid = $1::oid AND bool_and(NULLIF(c.relfilenode, 0) IS NOT DISTINCT FROM NULLIF(pg_relation_filenode(part.oid), 0))'}, $2
       FROM (SELECT $1::oid AS oid UNION SELECT relid FROM pg_partition_tree($1::oid::regclass)) part LEFT JOIN pg_class c ON c.oid = part.oid
       WHERE part.oid::text <> ALL ($3::text[])`,
      [table.oid, target(table), [...view.locked]],
      options,
      doing,
    );
    if (row?.[0] === 'f')
      throw new RunbackError(
        'platform-incomplete',
        `${table.object} of ${this.settings.platform} was rewritten, emptied or replaced while it was being read`,
        {
          why: 'Its content at the time of this snapshot can no longer be read.',
          state: 'Nothing was written.',
          next: 'Run the same command again.',
        },
      );
    await this.noteLocks(view, options);
  }

  private async noteLocks(view: View, options: CallOptions): Promise<void> {
    const held = `SELECT relation::text FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted`;
    for (const [oid] of await this.once(held, [], options, 'locking the tables to be read'))
      if (oid !== null && oid !== undefined) view.locked.add(oid);
  }

  /** An error about a lock with the name of whoever has it. */
  private async explained(error: unknown, tables: readonly Table[]): Promise<unknown> {
    if (!waitedInVain(error)) return error;
    const ask: Ask = async (text, values) => (await this.connected()).query(text, values);
    return (await whoIsInTheWay(ask, tables, this.settings, error).catch(() => undefined)) ?? error;
  }

  /** Ends the view; whoever holds one will see another moment. Never throws. */
  async abandon(): Promise<void> {
    const wasOpen = this.current !== undefined;
    this.current = undefined;
    const known = await this.connection?.catch(() => undefined);
    if (!wasOpen || known === undefined || known.broken) return;
    try {
      await known.rollBack();
    } catch {
      await known.close(true);
    }
  }

  /** Leaves the view; the last one ends it. Never throws. */
  async release(): Promise<void> {
    this.holders -= 1;
    if (this.holders === 0) await this.abandon();
  }

  /** All rows of a query, in batches, inside the view that is open. */
  async *rows(
    query: string,
    values: readonly unknown[],
    perBatch: number,
    options: CallOptions,
    doing: string,
    table: Table,
  ): AsyncGenerator<readonly Row[]> {
    const grant = grantFor('SELECT', target(table), this.settings);
    this.cursors += 1;
    const cursor = `runback_${String(this.cursors)}`;
    await this.once(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${query}`, values, options, doing, grant);
    for (;;) {
      const batch = await this.once(`FETCH ${String(perBatch)} FROM ${cursor}`, undefined, options, doing, grant);
      if (batch.length > 0) yield batch;
      if (batch.length < perBatch) break;
    }
    if (this.holders > 1) await this.once(`CLOSE ${cursor}`, undefined, options, doing);
  }

  /** Counts a request that goes past {@link ask}. */
  count(): void {
    this.counters.requests += 1;
  }

  async close(): Promise<void> {
    const known = await this.connection?.catch(() => undefined);
    await known?.close(this.current !== undefined);
  }
}
