import type { Client } from 'pg';

/** Days on which something else happens than usual. */
const IMPORT_DAY = 11;
/** So many rows are another that keeping the changes alone would cost more than keeping everything. */
const REWRITE_DAY = 20;
const NEW_COLUMN_DAY = 15;
const NEW_TYPE_DAY = 22;
const EMPTIED_DAY = 25;

const TABLES = `
  CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL, first_name varchar(40), city text, score numeric(12,2), rate double precision,
    active boolean NOT NULL, visits int, born date, seen timestamptz, tags text[], raw jsonb, notes text);
  CREATE TABLE visits (person text, day date, reason text, amount numeric(12,2), PRIMARY KEY (person, day));`;

/** Values that look alike and are not the same, one a day. */
const ALIKE = {
  notes: String.raw`NULL, '', ' ', 'NULL', '\N', E'two\nlines\t"\\', 'Zoë', E'Zoe\u0308'`,
  rate: `NULL, 0, '-0', 'NaN', 'Infinity', 1e-300, 0.1, 0.30000000000000004`,
  raw: `NULL, 'null', '{}', '[]', '1.10', '1.1', '"1.1"', '{"b": 1, "a": null}'`,
  tags: `NULL, '{}', '{NULL}', '{"NULL"}', '{""}', '{a,b}', '{"a,b"}', '{b,a}'`,
} as const;

/**
 * What happens in a database from day to day, by plain SQL: about 1 % of the rows are written, some are deleted and made, and what a
 * comparison of two days could get wrong. The same on every run.
 */
export class DatabaseDays {
  constructor(
    private readonly client: Client,
    private readonly rows: number,
  ) {}

  /** The tables as they are on the evening before the first day. */
  async begin(): Promise<void> {
    await this.#do(`${TABLES}
      INSERT INTO people SELECT i, 'person' || i || '@example.com', 'First ' || i % 977, 'City ' || i % 313, (i % 100000) / 7.0, i / 3.0, i % 13 > 0, i % 9,
        date '1950-01-01' + i % 20000, timestamptz '2026-01-01 00:00:00.5+00' + i * interval '1 second', NULL, NULL, CASE WHEN i % 4 > 0 THEN md5(i::text) END
        FROM generate_series(1, ${String(this.rows)}) i;
      INSERT INTO visits SELECT 'person' || i, date '2026-01-01' + i % 200, 'Reason ' || i % 17, i / 4.0 FROM generate_series(1, ${String(this.rows)}, 4) i`);
  }

  /** One day, from 1, up to its backup. */
  async live(day: number): Promise<void> {
    await this.#ordinary(day);
    await this.#alike(day);
    // One that is deleted and made again under its key: the same as before, or another. One whose key changes.
    await this.#do(`
      CREATE TEMP TABLE gone AS SELECT * FROM people WHERE id IN (SELECT id FROM people ORDER BY id OFFSET ${String(7 * day)} LIMIT 2);
      DELETE FROM people WHERE id IN (SELECT id FROM gone);
      UPDATE gone SET city = 'Again ${String(day)}' WHERE id % 2 = 0;
      INSERT INTO people SELECT * FROM gone;
      DROP TABLE gone;
      UPDATE people SET id = id + 100000000 WHERE id = (SELECT min(id) FROM people)`);
    if (day === IMPORT_DAY) await this.#do(`UPDATE people SET first_name = 'Import ' || id % 7 WHERE id % 100 < 18`);
    if (day === REWRITE_DAY) await this.#do(`UPDATE people SET first_name = 'Import 2 ' || id % 7 WHERE id % 4 = 0`);
    if (day === NEW_COLUMN_DAY) await this.#do(`ALTER TABLE people ADD COLUMN tier text; UPDATE people SET tier = 'gold' WHERE id % 50 = 0`);
    if (day === NEW_TYPE_DAY) await this.#do('ALTER TABLE people ALTER COLUMN score TYPE numeric(12,4)');
    if (day === EMPTIED_DAY) await this.#do('CREATE TABLE before_that AS TABLE visits; TRUNCATE visits');
    if (day === EMPTIED_DAY + 1) await this.#do('INSERT INTO visits SELECT * FROM before_that; DROP TABLE before_that');
  }

  /** What is written while the backup is under way, and counts only once `commit` was called: the next day has it. */
  async open(other: Client, day: number): Promise<{ commit(): Promise<void> }> {
    await other.query('BEGIN');
    await other.query(`UPDATE people SET city = 'Late ${String(day)}' WHERE id % 500 = ${String(day)}`);
    await other.query(`DELETE FROM visits WHERE person = (SELECT min(person) FROM visits)`);
    return { commit: async () => void (await other.query('COMMIT')) };
  }

  async #ordinary(day: number): Promise<void> {
    const n = String(day);
    await this.#do(`
      UPDATE people SET city = 'Day ${n} ' || id % 31, score = score + 0.01, seen = seen + interval '1 day' WHERE (id * 7919 + ${n} * 104729) % 100 = 0;
      UPDATE visits SET reason = NULLIF('Day ${n}', reason), amount = -amount WHERE abs(hashtext(person || '${n}')) % 100 = 0;
      DELETE FROM people WHERE (id * 31 + ${n}) % 4000 = 0;
      DELETE FROM visits WHERE abs(hashtext(person || 'gone ${n}')) % 4000 = 0;
      INSERT INTO people SELECT ${String(this.rows)} + ${n} * 1000 + i, 'new' || i || '-${n}@example.com', 'New', NULL, 0, NULL, false, NULL, NULL, now(), '{}', '{}', ''
        FROM generate_series(1, ${String(Math.max(2, Math.round(this.rows * 0.0005)))}) i;
      INSERT INTO visits VALUES ('visitor "${n}"', date '2026-10-01' + ${n}, E'a\\nb', 0), ('', date '2026-10-01' + ${n}, '', NULL)`);
  }

  async #alike(day: number): Promise<void> {
    const types = { notes: 'text', rate: 'double precision', raw: 'jsonb', tags: 'text[]' } as const;
    const set = Object.entries(ALIKE).map(
      ([column, values]) =>
        `${column} = (ARRAY[${values}]::${column === 'tags' ? 'text' : types[column as keyof typeof types]}[])[1 + ${String(day)} % 8]${column === 'tags' ? '::text[]' : ''}`,
    );
    await this.#do(`UPDATE people SET ${set.join(', ')} WHERE id % 401 = 3`);
  }

  async #do(sql: string): Promise<void> {
    await this.client.query(sql);
  }
}
