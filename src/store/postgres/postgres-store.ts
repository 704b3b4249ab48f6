import type { Redactor } from '../../lib/index.js';
import { safeName } from '../format/names.js';
import { HeldLocks } from '../held-locks.js';
import type { Standing } from '../moved.js';
import type { StoreOptions } from '../options.js';
import type {
  Agenda,
  Document,
  ExactData,
  Journal,
  Kept,
  Ledger,
  Lock,
  LockInfo,
  LockOwner,
  LockTaking,
  NamedLock,
  SharedWork,
  Store,
} from '../store.js';
import { RowAgenda } from './agenda.js';
import { Database } from './database.js';
import { RowDocument } from './document.js';
import { RowJournal } from './journal.js';
import { Leases, type LeaseName } from './leases.js';
import { RowLedger } from './ledger.js';
import { readStoreUrl } from './settings.js';
import { lookAtUnsettled } from './settled.js';
import { JobQueues } from './shared-work.js';
import { Listener } from './wake.js';

const LEASE_MS = 15_000;
const FLOOR_MS = 1000;

/** The store in a schema of a PostgreSQL database. Asks nothing yet. Throws `usage`. */
export async function openPostgresStore(url: string, options: StoreOptions & { readonly standing?: Standing }): Promise<Store> {
  const { skew, standing, leaseMs = LEASE_MS } = options;
  const database = new Database(await readStoreUrl(url), {
    patienceMs: Math.min(leaseMs, LEASE_MS),
    ...(skew === undefined ? {} : { skew }),
    ...(standing === undefined ? {} : { standing }),
  });
  return new PostgresStore(database, options, leaseMs);
}

class PostgresStore implements Store {
  readonly location: string;
  readonly #leases: Leases;
  readonly #listener: Listener;
  readonly #redactor: Redactor;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #held = new HeldLocks();

  constructor(
    private readonly database: Database,
    private readonly options: StoreOptions,
    leaseMs: number,
  ) {
    this.location = database.location;
    this.#redactor = options.redactor;
    this.#leases = new Leases({ database, clock: options.clock, redactor: options.redactor, leaseMs, here: options.process });
    this.#listener = new Listener(database);
  }

  document<T>(kind: string, id: string, options: ExactData = {}): Document<T> {
    const deps = { database: this.database, redactor: this.#redactor, turns: this.#turns };
    return new RowDocument<T>(safeName(kind, 'a kind of document'), safeName(id, 'the id of a document'), options.exact ?? [], deps);
  }

  async list(kind: string): Promise<string[]> {
    return await this.#ids('document', safeName(kind, 'a kind of document'));
  }

  async kinds(what: 'documents' | 'journals' | 'ledgers'): Promise<string[]> {
    const table = { documents: 'document', journals: 'journal_head', ledgers: 'ledger' }[what];
    const rows = await this.database.ask(`SELECT DISTINCT kind FROM ${this.database.s}${table} ORDER BY kind`);
    return rows.map((row) => row['kind'] ?? '');
  }

  journal(kind: string, id: string): Journal {
    const { clock } = this.options;
    return new RowJournal(safeName(kind, 'a kind of journal'), safeName(id, 'the id of a journal'), {
      database: this.database,
      leases: this.#leases,
      clock,
      redactor: this.#redactor,
    });
  }

  async journals(kind: string): Promise<string[]> {
    return await this.#ids('journal_head', safeName(kind, 'a kind of journal'));
  }

  async unsettled(kept: Kept, look: (id: string) => Promise<boolean>): Promise<void> {
    safeName(kept.kind, 'a kind');
    await lookAtUnsettled(this.database, kept, look);
  }

  ledger(kind: string, id: string): Ledger {
    return new RowLedger(safeName(kind, 'a kind of ledger'), safeName(id, 'the id of a ledger'), this.database);
  }

  async ledgers(kind: string): Promise<string[]> {
    return await this.#ids('ledger', safeName(kind, 'a kind of ledger'));
  }

  agenda(kind: string): Agenda {
    return new RowAgenda(safeName(kind, 'a kind of agenda'), this.database);
  }

  async lock(name: string, owner: LockOwner, options: LockTaking = {}): Promise<Lock> {
    return this.#held.keep({ name, ...(await this.#leases.take(lockOf(name), owner, options)) });
  }

  held(name: string): Lock | undefined {
    return this.#held.get(name);
  }

  async lockHolder(name: string): Promise<LockInfo | undefined> {
    return await this.#leases.holder(lockOf(name));
  }

  async locks(): Promise<readonly NamedLock[]> {
    return await this.#leases.all('lock');
  }

  async wake(signal: AbortSignal, floorMs = FLOOR_MS): Promise<void> {
    await this.#listener.wait(signal, floorMs);
  }

  sharedWork(): SharedWork {
    return new JobQueues(this.database);
  }

  async close(): Promise<void> {
    this.#leases.close();
    await this.#listener.close();
    await this.database.close();
  }

  async #ids(table: string, kind: string): Promise<string[]> {
    const rows = await this.database.ask(`SELECT id FROM ${this.database.s}${table} WHERE kind = $1 ORDER BY id`, [kind]);
    return rows.map((row) => row['id'] ?? '');
  }
}

function lockOf(name: string): LeaseName {
  return { scope: 'lock', name: safeName(name, 'the name of a lock'), what: name };
}
