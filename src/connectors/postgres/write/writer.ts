import { type CallOptions, type Clock, messageOf } from '../../../lib/index.js';
import type { MutationResult, WriteOptions } from '../../connector.js';
import { isLost, isTransient, isWithheld } from '../errors.js';
import { type Connection, connect, type Counters, type Row, throwIfAborted } from '../session.js';
import type { Settings } from '../settings.js';

/** Runs statements of one transaction. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/**
 * A transaction that met a deadlock or a lost connection is repeated so often in any case, and more often within the
 * time allowed.
 */
const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 10_000;

/** How one transaction is done. */
export interface Transacting {
  /** How long a lock of somebody else is waited for; without it, as the settings say. */
  readonly lockMs?: number;
  /** Places that the results have in the batch; without it, their own. */
  readonly places?: readonly number[];
  /** A statement that it begins with. */
  readonly also?: string;
}

/**
 * What tells one history of transactions from another: in a second one the same number may be another transaction. `log`: the timeline of
 * the cluster, which a failover or a recovery from a backup changes. `start`: when the server was started, for services that tell nothing
 * of their log; it changes with every start, and what was before one is not known then.
 */
const HISTORY = {
  log: 'pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)',
  start: `pg_catalog.to_char(pg_catalog.pg_postmaster_start_time() AT TIME ZONE 'UTC', '"s"YYYYMMDDHH24MISSUS')`,
};

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
 * What is promised of {@link transact}: either everything `work` did has been committed, or nothing, or, where the
 * answer to COMMIT was lost and the server cannot be asked what became of it, every result that says `applied` says
 * `in_doubt`.
 */
export class Writer {
  private connection: Connection | undefined;
  private opening: Promise<Connection> | undefined;
  private history: keyof typeof HISTORY = 'log';

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly counters: Counters,
  ) {}

  /** A connection for the next transaction. Throws our errors; nothing was sent then. */
  async ready(options: CallOptions): Promise<Connection> {
    const known = this.connection;
    return known?.broken === false ? known : await (this.opening ?? this.open(options));
  }

  /**
   * Begins to connect while something else is waited for. What stands in the way is told by {@link ready}, which the
   * next transaction asks.
   */
  prepare(options: CallOptions): void {
    if (this.connection === undefined && this.opening === undefined) this.open(options).catch(() => undefined);
  }

  /** Whoever asked, the connection is kept: it is used, and closed, by others. */
  private open(options: CallOptions): Promise<Connection> {
    const opening = connect(this.settings, this.clock, this.counters, 'write', options).then((connection) => (this.connection = connection));
    this.opening = opening.finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  /**
   * One transaction. `work` fills one result per mutation and may be called again after a rollback. Throws only before
   * anything was sent; later, failures are results.
   */
  async transact(
    count: number,
    work: (run: Run) => Promise<readonly MutationResult[]>,
    options: WriteOptions,
    { lockMs, places, also }: Transacting = {},
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
        const wait = lockMs === undefined ? [] : [`SET LOCAL lock_timeout = '${String(lockMs)}ms'`];
        transaction = await this.begin(using, wait, also === undefined ? [] : [also], options);
        results = await work((text, values) => using.query(text, values, options));
        throwIfAborted(options.signal, this.settings);
        const done = results.flatMap((result, i) => (result.status === 'applied' ? [places?.[i] ?? i] : []));
        if (transaction !== undefined && done.length > 0) await tell(options, { token: transaction, places: done });
        await options.guard?.confirm();
        // Nothing is waited for between this and the commit.
        options.guard?.left();
      } catch (error) {
        await this.rollBack(connection, options.signal?.aborted === true);
        if (options.signal?.aborted === true)
          return all({ status: 'failed', message: 'Stopped before the batch was committed; the database rolled it back.' });
        const failed: MutationResult = { status: 'failed', message: `The database rolled the batch back: ${messageOf(error)}` };
        if (error instanceof NotTold || !isTransient(error)) return all(failed);
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
      const outcome = await this.commit(connection, transaction, options);
      if (outcome.state === 'committed') return results;
      const changed = (result: MutationResult): boolean => result.status === 'applied';
      if (outcome.state === 'unknown')
        return results.map((result) =>
          changed(result)
            ? {
                status: 'in_doubt',
                message: `The answer to COMMIT was lost, and what happened to transaction ${transaction ?? ''} cannot be found out: ${outcome.message}`,
              }
            : result,
        );
      return results.map((result) =>
        changed(result) ? { status: 'failed', message: `The database did not commit the batch: ${outcome.message}` } : result,
      );
    }
  }

  /** Gives what the transaction can be asked for by later. `first`, `last`: statements before and after that. */
  private async begin(connection: Connection, first: readonly string[], last: readonly string[], options: WriteOptions): Promise<string | undefined> {
    const ask = async (history: keyof typeof HISTORY): Promise<string | undefined> => {
      const token = `pg_catalog.concat(${HISTORY[history]}, '/', pg_catalog.pg_current_xact_id())`;
      // Constraints that would wait for the end are checked at once, so that one bad record is not the whole batch's failure.
      const after = [...first, 'SET CONSTRAINTS ALL IMMEDIATE', `SELECT ${token}`, ...last];
      const [row] = await connection.begin({ how: 'ISOLATION LEVEL READ COMMITTED READ WRITE', after }, options);
      return row?.[0] ?? undefined;
    };
    try {
      return await ask(this.history);
    } catch (error) {
      if (this.history === 'start' || !isWithheld(error)) throw error;
      await connection.rollBack();
      const token = await ask('start');
      // Not before: what was refused may have been something else.
      this.history = 'start';
      return token;
    }
  }

  /** Runs one statement outside of a transaction. Throws what the driver throws. */
  async ask(text: string, options: CallOptions): Promise<readonly Row[]> {
    return (await this.ready(options)).query(text, undefined, options);
  }

  /**
   * Waits, visibly, before what is locked is tried again. False where the time allowed for that is used up, or somebody
   * stopped it.
   */
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
      else await connection.rollBack();
    } catch {
      await connection.close(true);
    }
  }

  /**
   * Commits; after a lost answer, asks the server what became of the transaction. COMMIT itself is never cut short by
   * an abort.
   */
  private async commit(connection: Connection, transaction: string | undefined, options: CallOptions): Promise<Outcome> {
    try {
      await connection.query('COMMIT');
      return { state: 'committed', message: '' };
    } catch (error) {
      if (!isLost(error)) {
        await this.rollBack(connection, false);
        return { state: 'aborted', message: messageOf(error) };
      }
      await connection.close(true);
      return this.whatBecameOf(transaction, messageOf(error), options);
    }
  }

  /**
   * A server that went down in the middle of a commit says that it is starting or recovering: it is waited for as for a
   * read, visibly.
   */
  private async whatBecameOf(transaction: string | undefined, message: string, options: CallOptions): Promise<Outcome> {
    if (transaction === undefined) return { state: 'unknown', message };
    let waited = 0;
    for (let attempt = 1; ; attempt += 1) {
      let why = message;
      try {
        // No retry inside: the pauses are here.
        this.connection = await connect({ ...this.settings, waitMs: 0 }, this.clock, this.counters, 'write');
        const status = await statusOf(this.connection, transaction);
        if (status !== 'in progress') return { state: status, message };
        // The server has not noticed yet that the connection is gone.
      } catch (error) {
        // Not there yet: the next attempt may reach it.
        why = messageOf(error);
      }
      const ms = Math.min(50 * 2 ** attempt, LONGEST_PAUSE_MS);
      if (attempt >= ATTEMPTS && (waited + ms > this.settings.waitMs || options.signal?.aborted === true)) return { state: 'unknown', message };
      waited += ms;
      options.reporter?.waiting({ reason: `${this.settings.platform} lost the connection during a commit, and is asked what happened: ${why}`, ms });
      await this.clock.sleep(ms);
    }
  }

  /** What became of a transaction of this or an earlier process. Throws our errors where the server cannot be asked. */
  async outcomeOf(token: string, options: CallOptions): Promise<'done' | 'not-done' | 'running' | 'unknown'> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const status = await statusOf(await this.ready(options), token);
      if (status === 'committed') return 'done';
      if (status === 'aborted') return 'not-done';
      if (status === 'unknown') return 'unknown';
      if (attempt < ATTEMPTS) await this.clock.sleep(50 * 2 ** attempt, options.signal);
    }
    return 'running';
  }

  async close(): Promise<void> {
    await this.opening?.catch(() => undefined);
    await this.connection?.close();
  }
}

/**
 * What the server says of a transaction; `unknown` where the cluster is not the one it ran in any more, or has
 * forgotten it.
 */
async function statusOf(connection: Connection, token: string): Promise<'committed' | 'aborted' | 'in progress' | 'unknown'> {
  const [history, number] = token.split('/');
  const now = HISTORY[history?.startsWith('s') === true ? 'start' : 'log'];
  try {
    const [row] = await connection.query(
      `SELECT CASE WHEN ${now} OPERATOR(pg_catalog.=) $1 THEN pg_catalog.pg_xact_status($2::pg_catalog.xid8) END`,
      [history, number],
    );
    const status = row?.[0];
    return status === 'committed' || status === 'aborted' || status === 'in progress' ? status : 'unknown';
  } catch (error) {
    // A server that is a standby now, or has never come to this number.
    if (isLost(error)) throw error;
    return 'unknown';
  }
}

async function tell(options: WriteOptions, commit: Parameters<NonNullable<WriteOptions['committing']>>[0]): Promise<void> {
  try {
    await options.committing?.(commit);
  } catch (error) {
    throw new NotTold(messageOf(error), { cause: error });
  }
}

/** The commit could not be made durable before it was made: nothing is written. */
class NotTold extends Error {}
