import type { Client } from 'pg';

import { parseRecordLine, type Value } from '../../../src/records/index.js';
import type { SnapshotReader } from '../../../src/snapshots/index.js';
import { type AccountState, short } from './account-truth.js';

/** Tables of the story, each with its key. */
const KEYS = { people: ['id'], visits: ['person', 'day'] } as const;
const PAGE = 20_000;

/** What the database itself holds now, every row as the texts that PostgreSQL prints, read past the code under test. The client's times are in UTC. */
export async function rowsIn(client: Client): Promise<AccountState> {
  const state = new Map<string, string>();
  for (const [table, key] of Object.entries(KEYS)) {
    await client.query('BEGIN; SET LOCAL extra_float_digits = 1; SET LOCAL datestyle = ISO; SET LOCAL timezone = UTC');
    await client.query(`DECLARE rows CURSOR FOR SELECT * FROM ${table}`);
    for (;;) {
      const { rows } = await client.query<Record<string, string | null>>(`FETCH ${String(PAGE)} FROM rows`);
      for (const row of rows) state.set(nameOf(table, key, row), short(textsOf(row, key)));
      if (rows.length === 0) break;
    }
    await client.query('ROLLBACK');
  }
  return state;
}

/** The same of a snapshot, every byte of it read. */
export async function rowsHeld(reader: SnapshotReader): Promise<AccountState> {
  const state = new Map<string, string>();
  for (const info of reader.manifest.objects) {
    const table = info.object.replace(/^public\./u, '') as keyof typeof KEYS;
    for (const part of info.parts)
      for (const line of (await reader.partBytes(info, part)).toString('utf8').trimEnd().split('\n')) {
        const { key, fields, meta } = parseRecordLine(line);
        const row = Object.fromEntries(Object.entries({ ...fields, ...meta }).map(([name, value]) => [name, textOf(value)]));
        state.set(`${table} ${key}`, short(textsOf(row, KEYS[table])));
      }
  }
  return state;
}

const nameOf = (table: string, key: readonly string[], row: Readonly<Record<string, string | null>>): string => {
  const parts = key.map((column) => row[column] ?? '');
  return `${table} ${parts.length === 1 ? (parts[0] ?? '') : JSON.stringify(parts)}`;
};

const textsOf = (row: Readonly<Record<string, string | null>>, key: readonly string[]): string =>
  JSON.stringify(
    Object.entries(row)
      .filter(([name]) => !key.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** Truth values as PostgreSQL prints them; numbers have the digits that it prints. */
const textOf = (value: Value): string | null => (value === null ? null : value === true ? 't' : value === false ? 'f' : String(value));
