import { randomBytes } from 'node:crypto';

import { RunbackError } from '../../lib/index.js';
import { gatherLines, wholeLines } from '../format/ledger-lines.js';
import type { Ledger } from '../store.js';
import type { Database } from './database.js';

/** Parts of 256 kB read at once. */
const PARTS_AT_ONCE = 16;

/** A ledger in parts, which are nobody's until one row names them. */
export class RowLedger implements Ledger {
  readonly location: string;

  constructor(
    private readonly kind: string,
    private readonly id: string,
    private readonly database: Database,
  ) {
    this.location = `${kind}/${id} in ${database.location}`;
  }

  async exists(): Promise<boolean> {
    return (await this.#now()) !== undefined;
  }

  async write(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    if (await this.exists()) throw this.#exists();
    const { s, isHere } = this.database;
    const { tag, parts } = await this.#store(lines);
    await this.database.ask(`INSERT INTO ${s}ledger (kind, id, tag, parts) SELECT $1, $2, $3, $4 WHERE ${isHere} ON CONFLICT DO NOTHING`, [
      this.kind,
      this.id,
      tag,
      parts,
    ]);
    const now = await this.#now();
    if (now?.tag === tag) return;
    await this.#drop(tag);
    await this.database.requireHere();
    throw this.#exists();
  }

  async replace(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    const { s, isHere } = this.database;
    const before = await this.#now();
    const { tag, parts } = await this.#store(lines);
    await this.database.ask(
      `INSERT INTO ${s}ledger (kind, id, tag, parts) SELECT $1, $2, $3, $4 WHERE ${isHere}
       ON CONFLICT (kind, id) DO UPDATE SET tag = excluded.tag, parts = excluded.parts`,
      [this.kind, this.id, tag, parts],
    );
    await this.database.requireHere();
    if (before !== undefined && before.tag !== tag) await this.#drop(before.tag);
  }

  async delete(): Promise<void> {
    const { s, isHere } = this.database;
    await this.database.ask(
      `WITH gone AS (DELETE FROM ${s}ledger WHERE kind = $1 AND id = $2 AND ${isHere} RETURNING tag)
       DELETE FROM ${s}ledger_part part USING gone WHERE part.tag = gone.tag`,
      [this.kind, this.id],
    );
    await this.database.requireHere();
  }

  async *read(): AsyncGenerator<string> {
    for await (const lines of this.readMany()) yield* lines;
  }

  async *readMany(): AsyncGenerator<readonly string[]> {
    for await (const bytes of this.readBytes()) yield bytes.toString('utf8').split('\n');
  }

  async *readBytes(): AsyncGenerator<Buffer> {
    const now = await this.#now();
    if (now === undefined)
      throw new RunbackError('not-found', `There is no ${this.id}`, { why: `${this.database.location} holds no ${this.kind}/${this.id}.` });
    yield* wholeLines(this.#parts(now));
  }

  async *#parts({ tag, parts }: Stored): AsyncGenerator<Buffer> {
    const { s } = this.database;
    for (let from = 0; from < parts; from += PARTS_AT_ONCE) {
      const wanted = Math.min(PARTS_AT_ONCE, parts - from);
      const rows = await this.database.askLarge(
        `SELECT encode(body, 'hex') AS body FROM ${s}ledger_part WHERE tag = $1 AND n >= $2 AND n < $3 ORDER BY n`,
        [tag, from, from + wanted],
      );
      if (rows.length !== wanted)
        throw new RunbackError('document-damaged', `${this.location} is not what runback wrote`, {
          why: 'A part of it is missing: it was replaced or deleted while it was read, or rows were lost.',
          state: 'Nothing was changed.',
          next: 'Run the same command again. If that does not help, bring the rows back from a backup of the database.',
        });
      // Asked for in one form: that of bytes as such is a setting of the database.
      for (const row of rows) yield Buffer.from(row['body'] ?? '', 'hex');
    }
  }

  /** Stores the parts. They are taken away again where that fails; what a process leaves that dies here goes after a day. */
  async #store(lines: AsyncIterable<string> | Iterable<string>): Promise<Stored> {
    const { s, isHere } = this.database;
    const tag = randomBytes(12).toString('hex');
    let parts = 0;
    try {
      for await (const text of gatherLines(lines)) {
        await this.database.askLarge(`INSERT INTO ${s}ledger_part (tag, n, body) SELECT $1, $2, $3 WHERE ${isHere} ON CONFLICT DO NOTHING`, [
          tag,
          parts,
          Buffer.from(text, 'utf8'),
        ]);
        parts += 1;
      }
      await this.database.ask(
        `DELETE FROM ${s}ledger_part WHERE made < now() - interval '1 day' AND NOT EXISTS (SELECT FROM ${s}ledger WHERE ledger.tag = ledger_part.tag)`,
      );
    } catch (error) {
      await this.#drop(tag);
      throw error;
    }
    return { tag, parts };
  }

  /** Never throws. */
  async #drop(tag: string): Promise<void> {
    await this.database.ask(`DELETE FROM ${this.database.s}ledger_part WHERE tag = $1`, [tag], 0).catch(() => undefined);
  }

  async #now(): Promise<Stored | undefined> {
    const [row] = await this.database.ask(`SELECT tag, parts FROM ${this.database.s}ledger WHERE kind = $1 AND id = $2`, [this.kind, this.id]);
    return row === undefined ? undefined : { tag: row['tag'] ?? '', parts: Number(row['parts']) };
  }

  #exists(): RunbackError {
    return new RunbackError('bug', `${this.id} exists already and is never written twice`);
  }
}

interface Stored {
  readonly tag: string;
  readonly parts: number;
}
