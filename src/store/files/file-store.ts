import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { type Clock, defined, fromFileSystem, type Redactor } from '../../lib/index.js';
import { safeName } from '../format/names.js';
import { HeldLocks } from '../held-locks.js';
import { lockedError } from '../locked.js';
import type { Standing } from '../moved.js';
import type { Agenda, Document, ExactData, Journal, Kept, Ledger, Lock, LockInfo, LockOwner, LockTaking, NamedLock, Store } from '../store.js';
import { AgendaFolder } from './agenda-folder.js';
import { DocumentFile } from './document-file.js';
import { JOURNAL, JournalFile } from './journal-file.js';
import { LedgerFile } from './ledger-file.js';
import { LitterSweeper } from './litter.js';
import { holderOf, type LockContext, tryLock } from './lock-file.js';
import { requireStanding } from './moved-mark.js';
import { pathIn, systemCode } from './paths.js';
import type { ProcessIdentity } from './process-identity.js';
import { type Look, SettledIndex } from './settled-index.js';

/** What the store on local files needs. */
export interface FileStoreOptions {
  /** The state folder, `<workspace>/.runback`. Created with the first write. */
  readonly dir: string;
  readonly clock: Clock;
  /** Secrets known to it are hidden in documents and journals. */
  readonly redactor: Redactor;
  /** How long a lock is its holder's after the last renewal; 15 s by default. */
  readonly leaseMs?: number;
  /** How old a file has to be before it is remembered as settled; 2 s by default. */
  readonly settledAfterMs?: number;
  /** Whose process takes the locks: this one by default. */
  readonly process?: ProcessIdentity;
  /** What the folder is opened as; `here` by default. */
  readonly standing?: Standing;
}

/** The store on local files. Opens and creates nothing yet. */
export function openFileStore(options: FileStoreOptions): Store {
  return new FileStore(options);
}

class FileStore implements Store {
  readonly location: string;
  readonly #clock: Clock;
  readonly #redactor: Redactor;
  readonly #litter = new LitterSweeper();
  readonly #held = new HeldLocks();
  readonly #locking: LockContext;
  readonly #settledAfterMs: number | undefined;
  readonly #requireHere: () => void;

  constructor(options: FileStoreOptions) {
    this.location = options.dir;
    this.#clock = options.clock;
    this.#redactor = options.redactor;
    this.#settledAfterMs = options.settledAfterMs;
    const { leaseMs, process: here, standing = 'here' } = options;
    this.#requireHere = () => requireStanding(this.location, standing);
    this.#locking = { lapsed: new Set(), ...defined({ leaseMs, here }) };
  }

  document<T>(kind: string, id: string, options: ExactData = {}): Document<T> {
    const folder = pathIn(join(this.location, 'documents'), kind, 'a kind of document');
    const path = pathIn(folder, id, 'the id of a document', '.json');
    const exact = options.exact ?? [];
    return new DocumentFile<T>(path, this.#clock, this.#redactor, this.#litter, exact, this.#locking, this.#requireHere);
  }

  async list(kind: string): Promise<string[]> {
    this.#requireHere();
    return namesIn(pathIn(join(this.location, 'documents'), kind, 'a kind of document'), '.json');
  }

  async kinds(what: 'documents' | 'journals' | 'ledgers'): Promise<string[]> {
    this.#requireHere();
    if (what === 'documents') return foldersIn(join(this.location, 'documents'));
    const held = await Promise.all(
      foldersIn(this.location).map(async (kind) => (await (what === 'journals' ? this.journals(kind) : this.ledgers(kind))).length > 0),
    );
    return foldersIn(this.location).filter((_, n) => held[n]);
  }

  journal(kind: string, id: string): Journal {
    return new JournalFile(
      pathIn(pathIn(this.location, kind, 'a kind of journal'), id, 'the id of a journal'),
      kind,
      id,
      this.#clock,
      this.#redactor,
      this.#locking,
      this.#requireHere,
    );
  }

  async journals(kind: string): Promise<string[]> {
    this.#requireHere();
    const folder = pathIn(this.location, kind, 'a kind of journal');
    return namesIn(folder, '').filter((id) => isFile(join(folder, id, JOURNAL)));
  }

  async unsettled({ what, kind, meaning, atOnce = 1, ...naming }: Kept, look: Look): Promise<void> {
    this.#requireHere();
    const files =
      what === 'documents'
        ? { folder: pathIn(join(this.location, 'documents'), kind, 'a kind of document'), behind: '', idOf: documentIn }
        : {
            folder: pathIn(this.location, kind, 'a kind of journal'),
            behind: `/${JOURNAL}`,
            idOf: (name: string) => (isSafe(name) ? name : undefined),
          };
    const path = pathIn(join(this.location, 'settled'), `${what}-${kind}`, 'a kind');
    await new SettledIndex(path, files, meaning, this.#litter, this.#settledAfterMs).each(look, atOnce, naming);
  }

  ledger(kind: string, id: string): Ledger {
    return new LedgerFile(
      pathIn(pathIn(this.location, kind, 'a kind of ledger'), id, 'the id of a ledger', '.ndjson'),
      id,
      this.#litter,
      this.#requireHere,
    );
  }

  async ledgers(kind: string): Promise<string[]> {
    this.#requireHere();
    return namesIn(pathIn(this.location, kind, 'a kind of ledger'), '.ndjson');
  }

  agenda(kind: string): Agenda {
    return new AgendaFolder(pathIn(join(this.location, 'agenda'), kind, 'a kind of agenda'), this.#requireHere);
  }

  async lock(name: string, owner: LockOwner, options: LockTaking = {}): Promise<Lock> {
    const path = this.#lockPath(name);
    this.#requireHere();
    this.#litter.sweep(dirname(path));
    const attempt = await tryLock(path, this.#redactor.value(owner), this.#clock, {
      ...options,
      ...this.#locking,
      durable: true,
      renew: true,
    });
    if ('by' in attempt) throw lockedError(name, attempt.by, this.#clock, path);
    return this.#held.keep({ name, ...attempt.held });
  }

  held(name: string): Lock | undefined {
    return this.#held.get(name);
  }

  async lockHolder(name: string): Promise<LockInfo | undefined> {
    return holderOf(this.#lockPath(name), this.#locking.here);
  }

  async locks(): Promise<readonly NamedLock[]> {
    const held: NamedLock[] = [];
    for (const name of namesIn(join(this.location, 'locks'), '.lock')) {
      const info = await this.lockHolder(name);
      if (info !== undefined) held.push({ name, ...info });
    }
    return held;
  }

  async wake(signal: AbortSignal, floorMs = 1000): Promise<void> {
    await pause(floorMs, undefined, { signal }).catch(() => undefined);
  }

  async close(): Promise<void> {
    // Nothing is kept open but what a lock or a journal gives back itself.
  }

  #lockPath(name: string): string {
    return pathIn(join(this.location, 'locks'), name, 'the name of a lock', '.lock');
  }
}

/** Names of the folders in a folder that can be kinds, sorted. */
function foldersIn(folder: string): string[] {
  return namesIn(folder, '').filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() === true);
}

/** The id of a document by the name of its file. */
function documentIn(name: string): string | undefined {
  const id = name.slice(0, -'.json'.length);
  return name.endsWith('.json') && isSafe(id) ? id : undefined;
}

/** Asked without a detour over threads: of thousands of files that takes three times as long. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

/** Names in a folder that end in `suffix`, without it, sorted; none where the folder is missing. */
function namesIn(folder: string, suffix: string): string[] {
  try {
    const names = readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, name.length - suffix.length));
    return names.filter((name) => isSafe(name)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw fromFileSystem(error, folder);
  }
}

function isSafe(name: string): boolean {
  try {
    safeName(name, 'a name');
    return true;
  } catch {
    return false;
  }
}
