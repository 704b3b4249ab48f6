import { type Clock, defined, type Redactor, RunbackError } from '../../lib/index.js';
import { sealEntry } from '../format/journal-lines.js';
import type { JournalEntry, JournalWriter, LockInfo, NewEntry } from '../store.js';
import { type Database, LostAnswer } from './database.js';
import type { HeldRow, Leases } from './leases.js';

/** What journals work with. */
export interface JournalDeps {
  readonly database: Database;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly redactor: Redactor;
}

interface WriterParts extends Omit<JournalDeps, 'leases'> {
  readonly kind: string;
  readonly id: string;
  readonly lease: HeldRow;
  readonly end: { readonly seq: number; readonly hash: string };
  /** Members of entries that are never redacted; undefined: none is. */
  readonly exact: ReadonlySet<string> | undefined;
}

/** Where a journal ends. */
export type End = WriterParts['end'];

/**
 * Appends by one statement each, which compares number, hash and token. Where its answer was lost, the head is looked
 * at: it is this line (recorded), the one before it (sent again: the very same line), or neither (`journal-regressed`).
 */
export class RowWriter implements JournalWriter {
  readonly broke: LockInfo | undefined;
  #end: End;
  #queue: Promise<unknown> = Promise.resolve();
  /** Set when nobody knows whether a line is there: only opening again can tell. */
  #failed: unknown;
  #closed = false;

  constructor(private readonly parts: WriterParts) {
    this.broke = parts.lease.broke;
    this.#end = parts.end;
  }

  get lease(): HeldRow {
    return this.parts.lease;
  }

  get lastHash(): string {
    return this.#end.hash;
  }

  async append(entry: NewEntry): Promise<JournalEntry> {
    const result = this.#queue.then(async () => await this.#write(entry));
    this.#queue = result.catch(() => undefined);
    return await result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue;
    await this.parts.lease.release();
  }

  async #write(entry: NewEntry): Promise<JournalEntry> {
    if (this.#closed) throw new RunbackError('bug', `the journal of ${this.parts.id} is closed`);
    if (this.#failed !== undefined) throw this.#failed;
    const { clock } = this.parts;
    const sealed = sealEntry({
      v: 1,
      seq: this.#end.seq + 1,
      at: clock.now().toISOString(),
      ...this.#redacted(entry),
      prev: this.#end.hash,
    });
    try {
      await this.#send(sealed.entry, sealed.line.slice(0, -1));
    } catch (error) {
      this.#failed = error;
      throw error;
    }
    this.#end = sealed.entry;
    return sealed.entry;
  }

  async #send(entry: End, line: string): Promise<void> {
    const { database } = this.parts;
    let isSure = true;
    await database.patiently(async () => {
      try {
        if (!isSure && (await this.#isRecorded(entry))) return;
        if (!(await this.#append(entry, line)) && !(await this.#isRecorded(entry))) throw new LostAnswer('the head of the journal did not move');
      } catch (error) {
        if (error instanceof LostAnswer) isSure = false;
        throw error;
      }
    });
  }

  /** False where number, hash or token are not what they are here. */
  async #append({ seq, hash }: End, line: string): Promise<boolean> {
    const { database, kind, id, lease } = this.parts;
    const rows = await database.onceMore(
      `WITH head AS (
         UPDATE ${database.s}journal_head SET seq = $3::bigint + 1, hash = $6
         WHERE kind = $1 AND id = $2 AND seq = $3::bigint AND hash = $4 AND token = $5 AND ${database.isHere} RETURNING 1)
       INSERT INTO ${database.s}journal_line (kind, id, seq, line) SELECT $1, $2, $3::bigint + 1, $7 FROM head RETURNING seq`,
      [kind, id, seq - 1, this.#end.hash, lease.token, hash, line],
    );
    return rows.length === 1;
  }

  /** True where the head is this line, false where it is the one before and nothing stands in the way. Throws otherwise. */
  async #isRecorded({ seq, hash }: End): Promise<boolean> {
    const { database, kind, id, lease } = this.parts;
    const [head] = await database.once(`SELECT seq, hash, token FROM ${database.s}journal_head WHERE kind = $1 AND id = $2`, [kind, id]);
    if (Number(head?.['seq']) === seq && head?.['hash'] === hash) return true;
    await database.requireHere();
    if (head !== undefined && head['token'] !== lease.token) throw this.#fenced();
    if (Number(head?.['seq']) === this.#end.seq && head?.['hash'] === this.#end.hash) return false;
    throw new RunbackError('journal-regressed', `The journal of ${id} ends before line ${String(this.#end.seq)}, which was on record`, {
      why: `${database.location} ${head === undefined ? 'has no such journal now' : `ends it at line ${String(head['seq'])}`}: an older copy of the database was put in its place, or a standby took over that had not received everything.`,
      state: 'Nothing more is done by this process. What it did since that line is not on record there.',
      next: 'Compare the platforms with the journal before anything is continued: runback status',
      data: { kind, id, line: this.#end.seq },
    });
  }

  #fenced(): RunbackError {
    const { id, database } = this.parts;
    return new RunbackError('fenced', `The journal of ${id} was taken over by another process`, {
      why: `This process was stopped for longer than its lease, or could not reach ${database.location}.`,
      state: 'Nothing more is done by this process. What it did is in its journal.',
      next: 'See the current state: runback status',
      data: { holder: id },
    });
  }

  #redacted(entry: NewEntry): Pick<JournalEntry, 'by' | 'type' | 'data' | 'step' | 'attempt'> {
    const { redactor, exact } = this.parts;
    const { by, type, step, attempt, data } = exact === undefined ? entry : redactor.value(entry, exact);
    return { by, type, data: data ?? {}, ...defined({ step, attempt }) };
  }
}
