import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { sharedDataDir } from '../../support/shared-data.js';

/**
 * The tables of the story: people and their visits, found by a key of two columns and linked by a foreign key that
 * cascades.
 */
const TABLES = `
  CREATE TABLE people (
    rec_id text PRIMARY KEY, given_name text, surname text, street_number text, address_1 text, address_2 text, suburb text, postcode text,
    state text, date_of_birth date, soc_sec_id bigint, notes jsonb, tags text[], score numeric(20, 6),
    updated_by text NOT NULL DEFAULT 'loader', updated_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE visits (
    person text NOT NULL REFERENCES people ON DELETE CASCADE, day date, reason text, amount numeric(12, 2), at timestamptz,
    updated_by text NOT NULL DEFAULT 'loader', updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (person, day));`;

/** Columns that runback fills by itself when it creates a row again; no part of the truth. */
const COLUMNS = {
  people: 'rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id, notes, tags, score',
  visits: 'person, day, reason, amount, at',
} as const;

/**
 * A database full of real, messy people, and the truth about it in a second schema that gets every rightful change and
 * no damage.
 */
export interface PeopleDatabase {
  readonly server: TestPostgres;
  readonly name: string;
  readonly url: string;
  sql(text: string): Promise<Record<string, string | null>[]>;
  /** A rightful change: made in the tables and, the same, in the truth. `{s}` stands for the schema. */
  rightful(text: string): Promise<void>;
  /** Keeps the tables as they are now under a name, for `differences`. */
  keep(schema: string): Promise<void>;
  /**
   * Rows of both tables that are not the same here and in a kept schema, one text a row; empty where all is as it
   * should be.
   */
  differences(schema: string): Promise<readonly string[]>;
  count(text: string): Promise<number>;
  /** Judges every cell as it is now by the kept schemas `good` (before anything), `bad` (the evidence) and `truth`. */
  score(): Promise<Score>;
}

/** Cells by what became of them. A row that is missing counts with each of its cells. */
export interface Score {
  readonly damaged: number;
  readonly damagedLeft: number;
  readonly innocent: number;
  readonly innocentChanged: number;
  readonly legitimate: number;
  readonly legitimateLost: number;
}

/** Why this machine cannot play the story; undefined where it can. */
export function whyNot(): string | undefined {
  return sharedDataDir() === undefined ? 'febrl-people.csv and naughty-strings.json are not beside the repository (RUNBACK_TEST_DATA)' : undefined;
}

/** A server with one full database that others are copied from. */
export async function startPeople(): Promise<{ readonly server: TestPostgres; open(): Promise<PeopleDatabase> }> {
  const folder = sharedDataDir();
  if (folder === undefined) throw new Error(whyNot());
  const server = await startPostgres();
  const full = await server.createDatabase();
  // A client of its own, closed again: a database in use cannot be copied.
  const client = await server.connect(full);
  await client.query(TABLES);
  const [, ...lines] = (await readFile(join(folder, 'febrl-people.csv'), 'utf8')).trim().split('\n');
  const people = lines.map((line) => line.split(',').map((cell) => cell.trim()));
  const naughty = (JSON.parse(await readFile(join(folder, 'naughty-strings.json'), 'utf8')) as string[]).filter((text) => !text.includes('\0'));
  const insert = `INSERT INTO people SELECT * FROM jsonb_populate_recordset(null::people, $1)`;
  const stamp = { updated_by: 'loader', updated_at: '2026-01-01T00:00:00Z' };
  const rows = people.map(([id = '', given, surname, number, address1, address2, suburb, postcode, state, born = '', social], i) => ({
    rec_id: id,
    given_name: given,
    surname,
    street_number: number,
    address_1: address1,
    address_2: address2 === '' ? null : address2,
    suburb,
    postcode,
    state,
    date_of_birth: isDate(born) ? born : null,
    soc_sec_id: social === '' ? null : `9007199254${social ?? ''}`,
    notes: { from: 'febrl', n: i },
    tags: i % 3 === 0 ? [] : ['a b', null, `"${i}"`],
    score: `${i}.100000`,
    ...stamp,
  }));
  const strange = naughty.map((text, i) => ({
    rec_id: `naughty-${i}-${text}`,
    given_name: text,
    surname: text,
    address_2: text,
    notes: text,
    tags: [text],
    ...stamp,
  }));
  await client.query(insert, [JSON.stringify([...rows, ...strange])]);
  await client.query(`
    INSERT INTO visits SELECT rec_id, date '2026-01-01' + n, given_name, n * 1.25, timestamptz '2026-01-01 10:00+00' + n * interval '1 day', 'loader', '2026-01-01'
    FROM people, generate_series(1, 2) n WHERE abs(hashtext(rec_id)) % 2 = 0;`);
  await client.end();
  return { server, open: () => openCopy(server, full) };
}

async function openCopy(server: TestPostgres, template: string): Promise<PeopleDatabase> {
  const name = await server.createDatabase(undefined, `TEMPLATE ${template}`);
  const sql = (text: string): Promise<Record<string, string | null>[]> => server.sql(name, text);
  const keep = async (schema: string): Promise<void> => {
    await sql(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema};
      CREATE TABLE ${schema}.people AS TABLE public.people; CREATE TABLE ${schema}.visits AS TABLE public.visits;
      ALTER TABLE ${schema}.people ADD PRIMARY KEY (rec_id);
      ALTER TABLE ${schema}.visits ADD PRIMARY KEY (person, day), ADD FOREIGN KEY (person) REFERENCES ${schema}.people ON DELETE CASCADE`);
  };
  const differences = async (schema: string): Promise<readonly string[]> => {
    const parts = Object.entries(COLUMNS).map(([table, columns]) => {
      const [here, there] = [`SELECT ${columns} FROM public.${table}`, `SELECT ${columns} FROM ${schema}.${table}`];
      return `SELECT '${table} is ' || a::text AS row FROM (${here} EXCEPT ALL ${there}) a
        UNION ALL SELECT '${table} should be ' || b::text FROM (${there} EXCEPT ALL ${here}) b`;
    });
    return (await sql(parts.join(' UNION ALL '))).map((row) => row['row'] ?? '');
  };
  await keep('truth');
  await keep('good');
  return {
    server,
    name,
    url: server.url(name),
    sql,
    keep,
    differences,
    rightful: async (text) => {
      for (const schema of ['public', 'truth']) await sql(text.replaceAll('{s}', schema));
    },
    score: async () => {
      const [row = {}] = await sql(SCORE);
      const of = (column: string): number => Number(row[column]);
      return {
        damaged: of('damaged'),
        damagedLeft: of('damaged_left'),
        innocent: of('innocent'),
        innocentChanged: of('innocent_changed'),
        legitimate: of('legitimate'),
        legitimateLost: of('legitimate_lost'),
      };
    },
    count: async (text) => Number(Object.values((await sql(text))[0] ?? {})[0] ?? Number.NaN),
  };
}

const cells = (schema: string): string => `
  SELECT 'people' t, rec_id k, c.key, c.value FROM ${schema}.people p, jsonb_each(to_jsonb(p) - '{updated_by,updated_at}'::text[]) c
  UNION ALL SELECT 'visits', person || ' ' || day, c.key, c.value FROM ${schema}.visits v, jsonb_each(to_jsonb(v) - '{updated_by,updated_at}'::text[]) c`;

const SCORE = `
  SELECT count(*) FILTER (WHERE damaged) damaged, count(*) FILTER (WHERE damaged AND wrong) damaged_left,
    count(*) FILTER (WHERE legitimate) legitimate, count(*) FILTER (WHERE legitimate AND wrong) legitimate_lost,
    count(*) FILTER (WHERE NOT damaged AND NOT legitimate) innocent, count(*) FILTER (WHERE NOT damaged AND NOT legitimate AND wrong) innocent_changed
  FROM (SELECT b.value IS DISTINCT FROM g.value AND b.value IS DISTINCT FROM t.value damaged, t.value IS DISTINCT FROM g.value legitimate,
      l.value IS DISTINCT FROM t.value wrong
    FROM (${cells('good')}) g FULL JOIN (${cells('bad')}) b USING (t, k, key) FULL JOIN (${cells('truth')}) t USING (t, k, key)
    FULL JOIN (${cells('public')}) l USING (t, k, key)) judged`;

/** The line a person reads. */
export function scoreLine(title: string, score: Score): string {
  const kept = score.legitimate === 0 ? 100 : (100 * (score.legitimate - score.legitimateLost)) / score.legitimate;
  return `${title}: damaged cells ${score.damaged}, left ${score.damagedLeft}; innocent cells ${score.innocent}, changed ${score.innocentChanged}; legitimate edits ${score.legitimate}, kept ${kept} %`;
}

function isDate(text: string): boolean {
  if (!/^\d{8}$/u.test(text)) return false;
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  const time = Date.parse(`${iso}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(iso);
}
