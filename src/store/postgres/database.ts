import { setTimeout as pause } from 'node:timers/promises';

import { Pool, type PoolClient } from 'pg';

import { messageOf, RunbackError, sha256 } from '../../lib/index.js';
import { movedError, type Standing } from '../moved.js';
import { PlainClient } from './plain-client.js';
import { BY_LOG, noteTimeline, type Opening, prepare, serverFacts } from './schema.js';
import type { StoreServer, StoreSettings } from './settings.js';

/** How long one statement may take before its connection counts as lost. */
const STATEMENT_MS = 2000;
/** The same for one that carries many lines: over a slow line they take their time. */
const LARGE_MS = 60_000;
const CONNECT_MS = 2000;
const CONNECTIONS = 6;
const LONGEST_PAUSE_MS = 500;
/** How long a database is waited for that this process has never reached: more likely its address is wrong, or the network. */
const FIRST_MS = 3000;

/** A row, each value as the server's text. */
export type Row = Readonly<Record<string, string | null>>;

/** Whether something may have been done: the connection broke, or no answer came in time. */
export class LostAnswer extends Error {}

/** Nothing was done, and it can be done again: others were in the way, or a time limit of the database or the role was over. */
class NotDone extends Error {}

/** How the database is opened. */
export interface DatabaseOptions {
  /** How long a statement is tried again where the database does not answer. */
  readonly patienceMs: number;
  readonly standing?: Standing;
  /** Is told once by how many milliseconds the clock of the database is ahead of that of this machine. */
  readonly skew?: (aheadMs: number) => void;
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };

/**
 * The connections to the database that holds the state. Everything is one statement: nothing is held open between two,
 * so that it works through a pooler too, and a statement whose answer was lost has happened or has not.
 */
export class Database {
  /** The schema, quoted, with its point. */
  readonly s: string;
  readonly location: string;
  /** A condition that only holds where the state is at home here: every write has it. */
  readonly isHere: string;
  readonly standing: Standing;
  #pool: Pool;
  /** Place of the server that is asked now. */
  #at = 0;
  /** Timeline that the server was on when it was last looked at. */
  #timeline: string | undefined;
  /** What it was asked for that by. */
  #asksTimeline = BY_LOG;
  readonly #options: DatabaseOptions;
  #ready: Promise<void> | undefined;
  #namesStatements = true;
  #wasReached = false;
  #isAway = false;

  constructor(
    readonly settings: StoreSettings,
    options: DatabaseOptions,
  ) {
    this.#options = options;
    this.location = settings.location;
    this.standing = options.standing ?? 'here';
    this.s = `"${settings.schema}".`;
    this.isHere = `(SELECT state FROM ${this.s}workspace) = '${this.standing}'`;
    this.#pool = this.#newPool();
  }

  /** The server that is asked now. */
  get server(): StoreServer {
    const [first] = this.settings.servers;
    const server = this.settings.servers[this.#at] ?? first;
    if (server === undefined) throw new RunbackError('bug', 'the address of the state names no server');
    return server;
  }

  #newPool(): Pool {
    const verify = (client: PoolClient, done: (error?: Error) => void): void =>
      void this.#look(client).then(
        () => done(),
        (error: unknown) => done(error instanceof Error ? error : new Error(messageOf(error))),
      );
    const pool = new Pool({ ...this.connection(), Client: PlainClient, max: CONNECTIONS, allowExitOnIdle: true, idleTimeoutMillis: 30_000, verify });
    // Told by the statement that meets it; without a listener an idle connection that breaks would end the process.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => void client.on('error', () => undefined));
    return pool;
  }

  /**
   * Looks at the server behind a new connection. A standby takes no writes. One on another timeline than before took over since: every token
   * that is given from now on is higher than all that the earlier one gave.
   */
  async #look(client: PoolClient): Promise<void> {
    const { isStandby, timeline, asksTimeline } = await serverFacts(client);
    if (isStandby) throw new LostAnswer('it is a standby, which takes no writes');
    if (this.#timeline !== undefined && timeline !== this.#timeline) await noteTimeline(client, this.s, timeline);
    this.#timeline = timeline;
    this.#asksTimeline = asksTimeline;
  }

  /** Asks the next server from now on, unless someone has moved on already. */
  #moveOn(from: Pool): void {
    if (this.settings.servers.length < 2 || this.#pool !== from) return;
    this.#at = (this.#at + 1) % this.settings.servers.length;
    this.#pool = this.#newPool();
    void from.end().catch(() => undefined);
  }

  /** How one connection is opened. */
  connection(): ConstructorParameters<typeof Pool>[0] & object {
    const { database, user, password, ssl } = this.settings;
    const { host, port } = this.server;
    return {
      host,
      port,
      database,
      user,
      // A function, so that neither PGPASSWORD nor ~/.pgpass of whoever runs this is used by accident.
      password: () => password,
      ssl,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: STATEMENT_MS,
      application_name: 'runback state',
      keepAlive: true,
      types: AS_TEXT,
    };
  }

  /**
   * Runs one statement that may be run twice, again and again where no answer comes. Throws `store-away`, and what the
   * server answers.
   */
  async ask(text: string, values: readonly unknown[] = [], patienceMs = this.#options.patienceMs): Promise<readonly Row[]> {
    return await this.patiently(async () => await this.once(text, values), patienceMs);
  }

  /**
   * As {@link ask}, for a statement that looks at the timeline of the server itself: behind a pooler, no connection tells that another one took
   * over. It is given what asks for that.
   */
  async askOnTimeline(textOf: (timeline: string) => string, values: readonly unknown[]): Promise<readonly Row[]> {
    return await this.patiently(async () => {
      await (this.#ready ??= this.#prepare());
      return await this.once(textOf(this.#asksTimeline), values);
    });
  }

  /** As {@link ask}, for one that carries much in either direction: it has a minute. */
  async askLarge(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return await this.patiently(async () => await this.once(text, values, LARGE_MS));
  }

  /** Does something again as long as its answer is lost. Throws `store-away` after the patience, and anything else at once. */
  async patiently<T>(work: () => Promise<T>, patienceMs = this.#options.patienceMs): Promise<T> {
    // One that was waited for already is not waited for again before it has answered.
    const patience = this.#isAway ? 0 : this.#wasReached ? patienceMs : Math.min(patienceMs, FIRST_MS);
    const until = performance.now() + patience;
    for (let tries = 0; ; tries += 1) {
      try {
        const result = await work();
        this.#isAway = false;
        return result;
      } catch (error) {
        if (!(error instanceof LostAnswer || error instanceof NotDone)) throw error;
        const ms = Math.min(20 * 2 ** tries, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
        if (performance.now() + ms > until) {
          this.#isAway = true;
          throw this.away(error);
        }
        await pause(ms);
      }
    }
  }

  /** Runs one statement once. Throws {@link LostAnswer} where it may or may not have happened. */
  async once(text: string, values: readonly unknown[] = [], answerMs = STATEMENT_MS): Promise<readonly Row[]> {
    await (this.#ready ??= this.#prepare());
    // Taken from the statement by the driver, which has it in no type.
    const query = { text, values: [...values], query_timeout: answerMs };
    return await this.#withClient(async (client) => (await client.query<Row>(query)).rows);
  }

  /**
   * The same for a statement that comes again and again: each connection plans it once, and knows it by its name from then on. Behind a
   * pooler a connection is also others', whose statement of that name is then run without an error: the name is that of these words.
   */
  async onceMore(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    if (!this.#namesStatements) return await this.once(text, values);
    await (this.#ready ??= this.#prepare());
    try {
      return await this.#withClient(async (client) => (await client.query<Row>({ name: nameOf(text), text, values: [...values] })).rows);
    } catch (error) {
      // A pooler gave another connection, which does not know the name, or knows it already: nothing was done.
      if (!isAnswer(error) || (error.code !== '26000' && error.code !== '42P05')) throw error;
      this.#namesStatements = false;
      return await this.once(text, values);
    }
  }

  /** Works with one connection. One whose state is not known is thrown away. */
  async #withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const pool = this.#pool;
    const client = await pool.connect().catch((error: unknown) => {
      this.#moveOn(pool);
      throw this.#told(error);
    });
    let broken = true;
    try {
      const result = await work(client);
      broken = false;
      return result;
    } catch (error) {
      broken = !isAnswer(error);
      if (!isReadOnly(error) || this.settings.servers.length < 2) throw this.#told(error);
      // It was made a standby since: nothing was done there.
      broken = true;
      this.#moveOn(pool);
      throw new LostAnswer(messageOf(error), { cause: error });
    } finally {
      client.release(broken);
    }
  }

  #opening(): Opening {
    const { standing, location } = this;
    // Each connection is looked at before it is used.
    return { schema: this.settings.schema, standing, location, timeline: this.#timeline ?? '' };
  }

  async #prepare(): Promise<void> {
    try {
      const sent = Date.now();
      const { aheadMs } = await this.#withClient(async (client) => await prepare(client, this.#opening()));
      this.#wasReached = true;
      // The answer was made at some time between; half of it is nobody's fault.
      this.#options.skew?.(aheadMs - (Date.now() - sent) / 2);
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  /** What went wrong, as one of ours. */
  #told(error: unknown): unknown {
    if (error instanceof RunbackError || error instanceof LostAnswer || error instanceof NotDone) return error;
    const code = isAnswer(error) ? error.code : undefined;
    if (code === undefined || /^(08|25P0[34]|57P0|53300)/u.test(code)) {
      // One that was reached has a name and a certificate: what fails now is the way there, as a broken connection is.
      if (!this.#wasReached && isHopeless(error)) return this.#refused(error);
      return new LostAnswer(messageOf(error), { cause: error });
    }
    if (/^(40001|40P01|55P03|57014)$/u.test(code)) return new NotDone(messageOf(error), { cause: error });
    if (/^(28|42501|3D000|3F000)/u.test(code)) return this.#refused(error);
    if (code.startsWith('53'))
      return new RunbackError('disk-full', `The database of the state has no room left`, { why: messageOf(error), state: UNSURE, cause: error });
    if (code === '25006')
      return new RunbackError('store-away', 'The database of the state can only be read', {
        why: `${this.location} is a standby, or was set to be read only.`,
        state: 'Nothing was changed.',
        next: 'Name the server that takes writes in the address of the state, then run the same command again.',
        cause: error,
      });
    return error;
  }

  #refused(error: unknown): RunbackError {
    return new RunbackError('auth-refused', `The database of the state refuses the user "${this.settings.user}"`, {
      why: `${this.location} answered: ${messageOf(error)}`,
      // Refused when it was tried again, after an answer that was lost.
      state: this.#wasReached ? UNSURE : 'Nothing was read or changed.',
      next: 'Check the address of the state, its user and its certificate, then run the same command again.',
      cause: error,
    });
  }

  /** The database does not answer. */
  away(cause: unknown): RunbackError {
    return new RunbackError('store-away', 'The database of the state does not answer', {
      why: `${this.location}: ${messageOf(cause)}`,
      state: UNSURE,
      next: 'Check that it can be reached from here, then run the same command again. Nothing new is written to any platform until then. If it cannot wait, work by hand from the paper form of the runbook: runback runbook render <id>',
      cause,
    });
  }

  /** Throws `store-moved` where the state is no longer at home here; for writes that changed nothing. */
  async requireHere(): Promise<void> {
    const [row] = await this.ask(`SELECT state, moved_to FROM ${this.s}workspace`);
    if (row?.['state'] !== this.standing) throw movedError(this.location, row?.['state'] ?? '', row?.['moved_to'] ?? undefined);
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => undefined);
  }
}

const UNSURE = 'What was being recorded may or may not be on record: whoever continues looks it up.';

/** An answer of the server; anything else means that no answer came. */
/** Of these words and no others; no longer than a server tells apart. */
const nameOf = (text: string): string => `runback_${sha256(text).slice(0, 40)}`;

function isAnswer(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/u.test(error.code);
}

/** A server that only answers questions. */
const isReadOnly = (error: unknown): boolean => isAnswer(error) && error.code === '25006';

/** Names and certificates: no repetition mends them, where the database was never reached. */
function isHopeless(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return (
    /CERT|SELF_SIGNED|LEAF_SIGNATURE|ERR_TLS|ERR_SSL|ISSUER|HOSTNAME_MISMATCH|INVALID_CA|ENOTFOUND/u.test(code) ||
    /SSL connections|password/u.test(messageOf(error))
  );
}
