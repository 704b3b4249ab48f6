/**
 * The store seam: all durable state except snapshots. One driver on local files (`files/`), one on PostgreSQL
 * (`postgres/`): nothing above may assume either.
 *
 * Promises of every driver:
 * - what a call has resolved for survives kill -9 and power cut;
 * - a document is always one whole version, never a mixture, with several processes writing;
 * - a journal has one writer at a time; a torn last line is cut off on opening for append and the repair is itself
 *   journaled;
 * - everything is readable by its owner only.
 *
 * Errors: `disk-full`, `disk-denied`, `document-damaged`, `journal-damaged`, `journal-regressed`, `locked`, `fenced`,
 * `store-away`, `store-moved`.
 */
export interface Store {
  /** Kinds are folder-safe plural nouns: `sync-pauses`, `snapshot-notes`. */
  document<T>(kind: string, id: string, options?: ExactData): Document<T>;
  /** Ids of all documents of a kind, sorted. */
  list(kind: string): Promise<string[]>;
  /** The kinds of which there is anything, sorted. */
  kinds(what: 'documents' | 'journals' | 'ledgers'): Promise<string[]>;
  /** The journal of one run or restore. Opening touches nothing. `kind` is `runs` or `restores`. */
  journal(kind: string, id: string): Journal;
  /** Ids of all journals of a kind, sorted (ids sort by time). */
  journals(kind: string): Promise<string[]>;
  /**
   * Looks at everything of a kind that is not proved to be settled. `look` reads it whole and answers whether it has
   * come to its end: that is remembered, and holds only as long as nobody has written it since, whoever that was and
   * whatever he knew of this. What is in doubt is looked at, so that nothing open is ever passed over. Costs what is
   * open, and a glance at the rest.
   */
  unsettled(kept: Kept, look: (id: string) => Promise<boolean>): Promise<void>;
  /** Write-once NDJSON: plans. `kind` is `plans`. */
  ledger(kind: string, id: string): Ledger;
  ledgers(kind: string): Promise<string[]>;
  /**
   * Times at which something of a kind has to be looked at. Kinds are folder-safe plural nouns: `incidents`, `pages`.
   */
  agenda(kind: string): Agenda;
  /**
   * Takes a named lock or throws `locked`, saying who holds it since when (`data: {holder, since, pid, purpose}`).
   *
   * A lock has an owner, a token and a lease, which its holder renews as long as it lives. Whether a holder is there
   * has three answers. One that is `alive` keeps its lock. That of a `dead` one, and with `lapse` of an `unknown` one
   * (another machine, container or boot) that renewed nothing for a whole lease, is taken over only where `breakDead`
   * is set, or says so of that very holder; the result then carries `broke`. How a dead holder's work is gone on with
   * is not for the store to know: the error names no command then.
   */
  lock(name: string, owner: LockOwner, options?: LockTaking): Promise<Lock>;
  /** The lock of that name that this process took through this store and has not given back. Asks nobody: it may be lost. */
  held(name: string): Lock | undefined;
  /** Who holds a lock, or undefined. */
  lockHolder(name: string): Promise<LockInfo | undefined>;
  /** Every named lock that is held, sorted by name. */
  locks(): Promise<readonly NamedLock[]>;
  /**
   * Resolves once something was put on an agenda, by any process, or after a while all the same (a second by default):
   * whoever waits looks again. Never rejects; an abort of the signal ends it too.
   */
  wake(signal: AbortSignal, floorMs?: number): Promise<void>;
  /**
   * Work that is due, on offer to every process of the workspace. Absent where one process does all of it, as with files.
   */
  readonly sharedWork?: () => SharedWork;
  /** Where people find the state: a folder or URL, without a password. */
  readonly location: string;
  /** Gives back what was opened. The store is not used after that. Never rejects. */
  close(): Promise<void>;
}

/**
 * Hands work out to the processes of a workspace, and nothing more: what is due, and what was done, is on record elsewhere. Work may be
 * handed out although it is done or under way already, so whoever does it looks first, under its lock. What a process that was killed was
 * at is handed out again once it has given no sign of life for some seconds.
 *
 * Both throw where the work cannot be shared now: then each process does what is due itself.
 */
export interface SharedWork {
  /** Puts work on offer. What is on offer or under way under this name stays as it is. */
  offer(kind: string, name: string): Promise<void>;
  /** Does what is on offer of a kind from now on, `atOnce` at the same time. `run` never rejects. */
  take(kind: string, atOnce: number, run: (name: string) => Promise<void>): Promise<void>;
  /** Takes nothing more, and gives what is under way here to others. Never rejects. */
  close(): Promise<void>;
}

/** What {@link Store.unsettled} looks at. */
export interface Kept {
  readonly what: 'journals' | 'documents';
  readonly kind: string;
  /**
   * What settled means, in words, with a number that goes up when that changes: what was remembered of another meaning
   * counts for nothing.
   */
  readonly meaning: string;
  /** How many are looked at at the same time: 1 by default. */
  readonly atOnce?: number;
  /**
   * Ids that an index of their own names, kept by those who write. They are not looked at; and as long as that index
   * and the folder are as they were when nothing open lay beside it, nothing is, and not even a glance is taken: a file
   * that came or went moves the folder. What a hand or a copy changed in place since then is noticed only with
   * `everyFile`, which gives each its glance.
   */
  readonly named?: readonly string[];
  readonly everyFile?: boolean;
}

export interface Document<T> {
  /** The present version, or undefined if there is none. */
  read(): Promise<T | undefined>;
  /**
   * Read, change, write, under a lock across processes. The function may run again and must not have effects. Returns
   * what was written.
   */
  update(change: (current: T | undefined) => T): Promise<T>;
  delete(): Promise<void>;
}

/** Something that has to be looked at, and when. */
export interface AgendaEntry {
  readonly at: Date;
  /** Safe as a file name. */
  readonly id: string;
}

/**
 * What is due when, across processes. Entries are hints: whoever takes one looks at the thing itself, which alone says
 * what is to be done. So an entry may come twice or be stale, and none is ever lost: it stays until it is removed. Add
 * the next entry before removing the one it follows. Calls cost what is due, not what is on the agenda.
 */
export interface Agenda {
  /**
   * On disk when it resolves. Adding an entry that is there changes nothing; with `anew` it is one of its own, at that
   * time or a few milliseconds before: whoever has taken what was there, and looked already, does not remove it with that.
   */
  add(at: Date, id: string, options?: { readonly anew?: boolean }): Promise<void>;
  /** Entries due at `now` or before, earliest first, without those whose id is in `except`. */
  due(now: Date, options?: { readonly limit?: number; readonly except?: ReadonlySet<string> }): Promise<readonly AgendaEntry[]>;
  /**
   * Gives entries due at `now` or before, earliest first, and to nobody else for `leaseMs`: after that they are due
   * again, unless they were removed. Of several that claim at the same time each gets others.
   */
  claim(now: Date, limit: number, leaseMs: number): Promise<readonly AgendaEntry[]>;
  /** Takes an entry off, as it was given. One that is not there is no error. May come back after a power cut. */
  remove(entry: AgendaEntry): Promise<void>;
  /** Time of the earliest entry. */
  next(): Promise<Date | undefined>;
}

/** Who takes a lock. */
export interface LockOwner {
  /** Person or job. */
  readonly by: string;
  /** Id of the run, restore or job. */
  readonly holder: string;
  /** In words: `restore of hubspot`. */
  readonly purpose: string;
}

export interface LockInfo extends LockOwner {
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly pid: number;
  readonly host: string;
  /** Where people find the lock: a file. */
  readonly path: string;
  /**
   * Whether the holding process is there. `alive`: it is seen, or its lease has not expired. `unknown`: that cannot be
   * seen from here, and only watching its lease can tell.
   */
  readonly life: 'alive' | 'dead' | 'unknown';
  /** False where the holding process is known to be gone, and only there. */
  readonly alive: boolean;
  /** It is there, but was stopped (Ctrl-Z) and does nothing until it is continued. */
  readonly stopped?: true;
  /** Set where `life` is `unknown`. */
  readonly elsewhere?: true;
  /** An unknown holder was seen to renew its lease. */
  readonly renewed?: true;
  /** Gone by its lease alone, which was not renewed: its process may still be there. */
  readonly lapsed?: true;
}

/** Whether a dead holder's lock may be taken over. */
export type BreakDead = boolean | ((dead: LockInfo) => Promise<boolean>);

/** How a lock is taken. */
export interface LockTaking {
  /** Which holders that are gone it is taken from: none by default. */
  readonly breakDead?: BreakDead;
  /**
   * Also from a holder of which nothing is known from here, once nothing has renewed its lease for as long as it lasts:
   * that is watched, and waited for. Without, only from one that is known to be dead.
   */
  readonly lapse?: boolean;
  /**
   * A person said that this holder has ended: it may then also be one of which nothing can be known, in a lock of an
   * earlier version.
   */
  readonly endedBySay?: boolean;
}

/** A lock that is held, by its name. */
export interface NamedLock extends LockInfo {
  readonly name: string;
}

export interface Lock {
  readonly name: string;
  /** Tells this taking of the lock from every other one. */
  readonly token: string;
  /**
   * Another process may take it as soon as its lease has run out, though this one is there. Where false, a holder that is
   * seen to be there keeps it, and of one that cannot be seen a whole lease is watched first.
   */
  readonly expires: boolean;
  /** Aborts, with the error as its reason, once it is known that the lock is lost. */
  readonly signal: AbortSignal;
  /** The dead holder this lock was taken from, if any: the caller journals it. */
  readonly broke?: LockInfo;
  /**
   * Without asking the store: milliseconds for which nobody else can have the lock, counted from the last confirmed
   * renewal by whichever clock of this machine says longer. Throws `fenced` where nothing is left of them: then only
   * {@link check} can tell. For the moment just before something is sent that must not happen without the lock, and that
   * has to be over within that time.
   */
  assertHeld(): number;
  /**
   * Asks the store, which renews it. Throws `fenced` where the lock is not held any more: this process was stopped for
   * longer than its lease, and somebody went on.
   */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** One line of a journal. `hash` = SHA-256 over `prev` and the canonical line without `hash`. */
export interface JournalEntry {
  readonly v: 1;
  /** From 1, without gaps. */
  readonly seq: number;
  /** ISO 8601, UTC. May go backwards when the clock does; `seq` is the order. */
  readonly at: string;
  /** The person or job. */
  readonly by: string;
  readonly type: string;
  readonly step?: string;
  /** From 1. */
  readonly attempt?: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly prev: string;
  readonly hash: string;
}

/** What a caller gives; the rest is filled in. Secrets are redacted before hashing. */
export interface NewEntry {
  readonly by: string;
  readonly type: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An append-only record. */
export interface Journal {
  readonly kind: string;
  readonly id: string;
  exists(): Promise<boolean>;
  /** Who has it open for append, or has left it open; undefined where nobody has. */
  writer(): Promise<LockInfo | undefined>;
  /**
   * All entries, the chain checked as they pass. A torn last line is left out. Throws `journal-damaged` (with `data:
   * {line}`) at a broken line before the last, `not-found` where there is no journal. `whole`: also where lines that
   * were on disk for certain are missing at the end, up to all of them.
   */
  read(options?: { readonly whole?: boolean }): AsyncIterable<JournalEntry>;
  /**
   * Opens for append as the only writer; cuts a torn last line off and journals `journal.repaired`. Throws `locked`,
   * `journal-damaged`. A writer whose lock was taken over cannot append any more.
   */
  open(owner: LockOwner, options?: JournalOpening): Promise<JournalWriter>;
  /**
   * Writes the journal anew with other data in some of its lines, for what has to be erased: numbers, times, people and
   * types stay, and the chain of hashes is that of the new lines. `change` is given each entry twice, answers the same
   * each time, and gives back the very data it was given where nothing changes. The journal is the old one or the new one
   * at every moment. Undefined where nothing changed, or nothing is there. Throws `locked`, `journal-damaged`.
   */
  rewrite(owner: LockOwner, change: (entry: JournalEntry) => JournalEntry['data']): Promise<RewrittenJournal | undefined>;
  /** Removes the journal for good. Throws `locked`. One that is not there is no error. */
  delete(owner: LockOwner): Promise<void>;
}

/** What writing a journal anew came to. */
export interface RewrittenJournal {
  /** Entries with other data. */
  readonly entries: number;
  /** Hashes of its last line before and after. */
  readonly was: string;
  readonly is: string;
}

/** How a journal is opened for append. */
export interface JournalOpening extends ExactData, Pick<LockTaking, 'endedBySay'> {
  /** As in {@link Journal.read}; nothing is changed then. */
  readonly whole?: boolean;
  /**
   * Is given every entry that is there when it is open, checked: whoever goes on with the work need not read it a
   * second time.
   */
  readonly visit?: (entry: JournalEntry) => void;
}

/**
 * Names of members whose values are data of a platform that will be written back: they are kept byte for byte, even
 * where they hold the text of a secret, as snapshots and plans keep them. A `[redacted]` there would be written to the
 * platform.
 */
export interface ExactData {
  /** `all`: nothing is looked at, since all of it was kept before. */
  readonly exact?: readonly string[] | 'all';
}

export interface JournalWriter {
  /** What this writer is the only one by. */
  readonly lease: Pick<Lock, 'expires' | 'assertHeld' | 'check'>;
  /**
   * Appends one line. Resolves once the line is on disk (`fdatasync`); with `durable: false` once the system has it, so
   * that only a power cut before the next durable line can take it. Calls are written in the order they were made, and none
   * by whoever lost the lock.
   */
  append(entry: NewEntry, options?: { readonly durable?: boolean }): Promise<JournalEntry>;
  /** The dead process this journal was taken over from, if any: the caller journals it. */
  readonly broke?: LockInfo | undefined;
  /** Hash of the last line: goes into reports. */
  readonly lastHash: string;
  close(): Promise<void>;
}

/** A file that is written once, whole, and then only read. */
export interface Ledger {
  exists(): Promise<boolean>;
  /**
   * Writes all lines (without newlines, or several in one text with a newline between two) and makes them appear at once;
   * throws `bug` where the ledger exists.
   */
  write(lines: AsyncIterable<string> | Iterable<string>): Promise<void>;
  /** The same in the place of a ledger that is there, for what has to be erased: it is the old one or the new one at every moment. */
  replace(lines: AsyncIterable<string> | Iterable<string>): Promise<void>;
  /** Removes it for good. One that is not there is no error. */
  delete(): Promise<void>;
  /** Lines in order, without newlines. Throws `not-found`. */
  read(): AsyncIterable<string>;
  /** The same, many at a time, for ledgers of hundreds of thousands of lines. */
  readMany(): AsyncIterable<readonly string[]>;
  /** The same as bytes: whole lines with a newline between two, and none at the end. */
  readBytes(): AsyncIterable<Buffer>;
  /** For people: where it is. */
  readonly location: string;
}
