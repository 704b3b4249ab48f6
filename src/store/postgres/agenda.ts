import { safeName } from '../format/names.js';
import type { Agenda, AgendaEntry } from '../store.js';
import type { Database, Row } from './database.js';

/** Entries of one id that lie side by side at most; more of them would tell no more. */
const MOST_AT_ONCE = 1000;

/** A limit of the server is reached. */
const QUEUE_FULL = '54000';

/** Name of the channel that tells of new entries. */
export function channelOf(schema: string): string {
  return `runback_${schema}`.slice(0, 63);
}

/** An agenda as rows. What is claimed is moved to the time at which it is due again. */
export class RowAgenda implements Agenda {
  constructor(
    private readonly kind: string,
    private readonly database: Database,
  ) {}

  async add(at: Date, id: string, { anew = false }: { readonly anew?: boolean } = {}): Promise<void> {
    safeName(id, 'the id of something due');
    for (let before = 0; before < MOST_AT_ONCE; before += 1) {
      if (await this.#addAt(new Date(at.getTime() - before), id)) return;
      await this.database.requireHere();
      if (!anew) return;
    }
  }

  /** Adds it and tells those who wait; false where it is there already. */
  async #addAt(at: Date, id: string): Promise<boolean> {
    const { s, isHere, settings } = this.database;
    const added = `INSERT INTO ${s}agenda (kind, at, id) SELECT $1, $2, $3 WHERE ${isHere} ON CONFLICT DO NOTHING RETURNING 1`;
    const values = [this.kind, at.toISOString(), id];
    try {
      const told = `WITH added AS (${added}) SELECT pg_notify($4, $1) FROM added`;
      return (await this.database.ask(told, [...values, channelOf(settings.schema)])).length > 0;
    } catch (error) {
      // The queue of notifications, one for all databases of a server, is full: nothing was done. Who waits looks now and then all the same.
      if (!(error instanceof Error && 'code' in error && error.code === QUEUE_FULL)) throw error;
      return (await this.database.ask(added, values)).length > 0;
    }
  }

  async due(now: Date, { limit, except }: { readonly limit?: number; readonly except?: ReadonlySet<string> } = {}): Promise<readonly AgendaEntry[]> {
    const rows = await this.database.ask(
      `SELECT ${AT}, id FROM ${this.database.s}agenda WHERE kind = $1 AND at <= $2 AND id <> ALL ($3::text[]) ORDER BY agenda.at, id LIMIT $4`,
      [this.kind, now.toISOString(), [...(except ?? [])], limit ?? null],
    );
    return rows.map(entryOf);
  }

  async claim(now: Date, limit: number, leaseMs: number): Promise<readonly AgendaEntry[]> {
    const entries: AgendaEntry[] = [];
    // One after the other: each is moved to a time at which there is no other entry of it.
    while (entries.length < limit) {
      const row = await this.#claimFirst(now, new Date(now.getTime() + leaseMs));
      if (row === undefined) break;
      if (row !== 'again') entries.push(entryOf(row));
    }
    if (entries.length === 0) await this.database.requireHere();
    return entries;
  }

  /** Moves the first entry that is due and that nobody else is moving; `again` where another took the same time for it. */
  async #claimFirst(now: Date, to: Date): Promise<Row | 'again' | undefined> {
    const { s, isHere } = this.database;
    try {
      const [row] = await this.database.ask(
        `WITH first AS (
           SELECT kind, at, id FROM ${s}agenda WHERE kind = $1 AND at <= $2 AND ${isHere} ORDER BY agenda.at, id LIMIT 1 FOR UPDATE SKIP LOCKED),
         free AS (
           SELECT min(slot) AS at FROM generate_series(0, ${String(MOST_AT_ONCE)}) AS n, first,
             LATERAL (SELECT $3::timestamptz(3) + n * interval '1 millisecond' AS slot) AS given
           WHERE NOT EXISTS (SELECT FROM ${s}agenda AS other WHERE other.kind = first.kind AND other.id = first.id AND other.at = slot))
         UPDATE ${s}agenda AS agenda SET at = free.at FROM first, free
         WHERE agenda.kind = first.kind AND agenda.at = first.at AND agenda.id = first.id RETURNING ${AT}, agenda.id`,
        [this.kind, now.toISOString(), to.toISOString()],
      );
      return row;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === '23505') return 'again';
      throw error;
    }
  }

  async remove({ at, id }: AgendaEntry): Promise<void> {
    const { s, isHere } = this.database;
    const rows = await this.database.ask(`DELETE FROM ${s}agenda WHERE kind = $1 AND at = $2 AND id = $3 AND ${isHere} RETURNING 1`, [
      this.kind,
      at.toISOString(),
      id,
    ]);
    if (rows.length === 0) await this.database.requireHere();
  }

  async next(): Promise<Date | undefined> {
    const [row] = await this.database.ask(`SELECT ${AT}, id FROM ${this.database.s}agenda WHERE kind = $1 ORDER BY agenda.at LIMIT 1`, [this.kind]);
    return row === undefined ? undefined : entryOf(row).at;
  }
}

/** In milliseconds since 1970: no text of a date is read. */
const AT = '(extract(epoch FROM agenda.at) * 1000)::bigint AS ms';

function entryOf(row: Row): AgendaEntry {
  return { at: new Date(Number(row['ms'])), id: row['id'] ?? '' };
}
