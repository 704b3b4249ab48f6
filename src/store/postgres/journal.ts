import { RunbackError } from '../../lib/index.js';
import { firstHash, openLine, sealEntry } from '../format/journal-lines.js';
import type { Journal, JournalEntry, JournalOpening, JournalWriter, LockInfo, LockOwner, LockTaking, NewEntry, RewrittenJournal } from '../store.js';
import { type End, type JournalDeps, RowWriter } from './journal-writer.js';
import { type HeldRow, type LeaseName, TOKENS_IN_EPOCH } from './leases.js';

/** Lines read at once. */
const PAGE = 500;

/** A journal as rows: the very lines that a file would hold, and its head. */
export class RowJournal implements Journal {
  constructor(
    readonly kind: string,
    readonly id: string,
    private readonly deps: JournalDeps,
  ) {}

  async exists(): Promise<boolean> {
    return (await this.#head()) !== undefined;
  }

  async writer(): Promise<LockInfo | undefined> {
    return await this.deps.leases.holder(this.#lease);
  }

  async *read({ whole = false }: { readonly whole?: boolean } = {}): AsyncGenerator<JournalEntry> {
    const head = await this.#head();
    if (head === undefined)
      throw new RunbackError('not-found', `There is no journal of ${this.id}`, {
        why: `${this.deps.database.location} holds none.`,
        data: { kind: this.kind, id: this.id },
      });
    yield* this.#checked(whole ? head : undefined);
  }

  async open(owner: LockOwner, options: JournalOpening = {}): Promise<JournalWriter> {
    const lease = await this.#take(owner, options);
    try {
      const head = await this.#begin(lease.token);
      let last = { seq: 0, hash: firstHash(this.kind, this.id) };
      for await (const entry of this.#checked(options.whole === true ? head : undefined)) {
        options.visit?.(entry);
        last = entry;
      }
      const exact = options.exact === 'all' ? undefined : new Set(options.exact);
      // Lines that a person or a failing disk took are told to whoever reads it whole; whoever does not continues behind what is there.
      if (head.seq !== last.seq || head.hash !== last.hash) await this.#moveHead(lease.token, last);
      const writer = new RowWriter({ ...this.deps, kind: this.kind, id: this.id, lease, end: last, exact });
      if (head.isOfEarlierServer && last.seq > 0) {
        const told = await writer.append(tookOver(owner, last.seq));
        options.visit?.(told);
      }
      return writer;
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async rewrite(owner: LockOwner, change: (entry: JournalEntry) => JournalEntry['data']): Promise<RewrittenJournal | undefined> {
    if (!(await this.exists())) return undefined;
    const lease = await this.#take(owner, {});
    try {
      const head = await this.#begin(lease.token);
      const lines: string[] = [];
      let entries = 0;
      let was = '';
      let is = firstHash(this.kind, this.id);
      for await (const entry of this.#checked(head)) {
        const { hash, ...rest } = entry;
        const data = change(entry);
        if (data !== entry.data) entries += 1;
        const sealed = sealEntry({ ...rest, data, prev: is });
        lines.push(sealed.line.slice(0, -1));
        ({ hash: is } = sealed.entry);
        was = hash;
      }
      if (entries === 0) return undefined;
      await this.#replace(lease.token, lines, is);
      return { entries, was, is };
    } finally {
      await lease.release();
    }
  }

  async delete(owner: LockOwner): Promise<void> {
    if (!(await this.exists())) return;
    const { database } = this.deps;
    const lease = await this.#take(owner, {});
    try {
      await this.#begin(lease.token);
      await database.ask(
        `WITH gone AS (DELETE FROM ${database.s}journal_head WHERE kind = $1 AND id = $2 AND token = $3 AND ${database.isHere} RETURNING kind, id)
         DELETE FROM ${database.s}journal_line line USING gone WHERE line.kind = gone.kind AND line.id = gone.id`,
        [this.kind, this.id, lease.token],
      );
      await database.requireHere();
    } finally {
      await lease.release();
    }
  }

  get #lease(): LeaseName {
    return { scope: 'journal', name: `${this.kind}/${this.id}`, what: `The journal of ${this.id}` };
  }

  async #take(owner: LockOwner, { endedBySay }: Pick<LockTaking, 'endedBySay'>): Promise<HeldRow> {
    return await this.deps.leases.take(this.#lease, owner, { breakDead: true, lapse: true, ...(endedBySay === undefined ? {} : { endedBySay }) });
  }

  /** From now on nobody with a lower token can append. Gives where the journal ends. */
  async #begin(token: string): Promise<End & { readonly isOfEarlierServer: boolean }> {
    const { database } = this.deps;
    const [row] = await database.ask(
      `INSERT INTO ${database.s}journal_head AS head (kind, id, seq, hash, token) SELECT $1, $2, 0, $3, $4::bigint WHERE ${database.isHere}
       ON CONFLICT (kind, id) DO UPDATE SET token = excluded.token WHERE head.token <= excluded.token
       RETURNING seq, hash, (SELECT token FROM ${database.s}journal_head WHERE kind = $1 AND id = $2) AS before`,
      [this.kind, this.id, firstHash(this.kind, this.id), token],
    );
    if (row !== undefined)
      return { seq: Number(row['seq']), hash: row['hash'] ?? '', isOfEarlierServer: isOfEarlierServer(row['before'] ?? '0', token) };
    await database.requireHere();
    throw new RunbackError('fenced', `The journal of ${this.id} was taken over while it was opened`, {
      state: 'Nothing was written.',
      next: 'See the current state: runback status',
    });
  }

  async #moveHead(token: string, { seq, hash }: { readonly seq: number; readonly hash: string }): Promise<void> {
    const { database } = this.deps;
    await database.ask(`UPDATE ${database.s}journal_head SET seq = $4, hash = $5 WHERE kind = $1 AND id = $2 AND token = $3`, [
      this.kind,
      this.id,
      token,
      seq,
      hash,
    ]);
  }

  /** All lines at once: one statement. */
  async #replace(token: string, lines: readonly string[], hash: string): Promise<void> {
    const { database } = this.deps;
    const [row] = await database.askLarge(
      `WITH head AS (UPDATE ${database.s}journal_head SET hash = $4 WHERE kind = $1 AND id = $2 AND token = $3 AND ${database.isHere} RETURNING 1),
        changed AS (UPDATE ${database.s}journal_line AS line SET line = given.line
          FROM unnest($5::text[]) WITH ORDINALITY AS given (line, seq), head WHERE line.kind = $1 AND line.id = $2 AND line.seq = given.seq)
       SELECT count(*) AS done FROM head`,
      [this.kind, this.id, token, hash, lines],
    );
    if (row?.['done'] === '1') return;
    await database.requireHere();
    throw new RunbackError('fenced', `The journal of ${this.id} was taken over while it was rewritten`, {
      state: 'It is as it was before.',
      next: 'See the current state: runback status',
    });
  }

  async #head(): Promise<{ readonly seq: number; readonly hash: string } | undefined> {
    const { database } = this.deps;
    const [row] = await database.ask(`SELECT seq, hash FROM ${database.s}journal_head WHERE kind = $1 AND id = $2`, [this.kind, this.id]);
    return row === undefined ? undefined : { seq: Number(row['seq']), hash: row['hash'] ?? '' };
  }

  /** `head`: compared with it too; a writer that is running adds to both, so that what was read of it before is a lower bound. */
  async *#checked(head: { readonly seq: number; readonly hash: string } | undefined): AsyncGenerator<JournalEntry> {
    const { database } = this.deps;
    let seq = 0;
    let prev = firstHash(this.kind, this.id);
    for (;;) {
      const rows = await database.askLarge(
        `SELECT seq, line FROM ${database.s}journal_line WHERE kind = $1 AND id = $2 AND seq > $3 ORDER BY seq LIMIT ${String(PAGE)}`,
        [this.kind, this.id, seq],
      );
      for (const row of rows) {
        const entry = openLine(Buffer.from(row['line'] ?? '', 'utf8'), { seq: seq + 1, prev });
        if (typeof entry === 'string') throw this.#damaged(seq + 1, entry);
        if (entry.seq === head?.seq && entry.hash !== head.hash) throw this.#damaged(entry.seq, 'is not the one that was written there');
        ({ seq, hash: prev } = entry);
        yield entry;
      }
      if (rows.length < PAGE) break;
    }
    if (head !== undefined && seq < head.seq) throw this.#damaged(seq + 1, `is missing, up to line ${String(head.seq)}`);
  }

  #damaged(line: number, why: string): RunbackError {
    return new RunbackError('journal-damaged', `The journal of ${this.id} is damaged: line ${String(line)} ${why}`, {
      why: `It is a chain of hashes in ${this.deps.database.location}, and the chain breaks at line ${String(line)}. A crash cannot do that; the rows were changed, or the disk lost bytes.`,
      state: `${line === 2 ? 'The line before it is' : `The ${String(line - 1)} lines before it are`} intact. Nothing was changed.`,
      next: `Bring the rows of this journal back from a backup of the database, or finish the rest by hand from what it says. ${this.id} cannot be resumed from it.`,
      data: { line, kind: this.kind, id: this.id },
    });
  }
}

/** Whether the last line was written before another server took over, or an older copy was put in place. A state that was moved here has no earlier one. */
function isOfEarlierServer(before: string, now: string): boolean {
  const [earlier, present] = [epochOf(before), epochOf(now)];
  return earlier > 0n && earlier < present;
}

const epochOf = (token: string): bigint => BigInt(token) / TOKENS_IN_EPOCH;

/** What is on record of it: whoever continues cannot know whether the last lines that were confirmed are there. */
function tookOver({ by }: LockOwner, line: number): NewEntry {
  const why =
    'another server took over since the line before this one: if it was an asynchronous standby, lines that were confirmed last may be missing';
  return { by, type: 'journal.repaired', data: { bytes_cut: 0, line: line + 1, why } };
}
