import fc from 'fast-check';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { silentReporter } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planFromHistory, type ApplyDeps, type PlanSummary } from '../../src/restores/index.js';
import { AUDIT_CONFIG, type AuditShape, auditSql, watchSql } from '../support/audit-triggers.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { restoresOf } from '../support/restores.js';
import { tries } from '../support/sweeps.js';

/** A user would lose: innocent values, where the history of a database is read for more than it says. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** Columns with values that they may be given; `never`: shapes whose triggers keep them in a way that does not show the value. */
const COLUMNS: Readonly<
  Record<string, { readonly type: string; readonly values: readonly (string | null)[]; readonly never?: readonly AuditShape[] }>
> = {
  name: { type: 'text', values: [null, '', 'Ada', `O'Hara "x" \\ , {}`, 'null', '=>', ' ü 漢 👩‍👧 '] },
  price: { type: 'numeric(12,4)', values: [null, '0', '1.50', '-99999999.0001', 'NaN'] },
  total: { type: 'numeric', values: [null, '1.50', '1.5', '123456789012345678901234567890.000001'] },
  ratio: { type: 'float8', values: [null, '0.1', '1e-7', '1e300', 'Infinity', '0.30000000000000004'] },
  at: { type: 'timestamptz', values: [null, '2026-03-29 01:30:00.123456+00', 'infinity', '1999-12-31 23:59:59+14'] },
  day: { type: 'date', values: [null, '2026-02-03', '-infinity'] },
  yes: { type: 'boolean', values: [null, 'true', 'false'] },
  big: { type: 'bigint', values: [null, '9007199254740993', '-1'] },
  raw: { type: 'bytea', values: [null, '\\x', '\\x00ff5c'] },
  tags: { type: 'text[]', values: [null, '{}', '{a,"b,c",NULL,""}', '{{1,2},{3,4}}'], never: ['column'] },
  more: { type: 'jsonb', values: ['{"a": [1, "x"]}', '"text"', '[]'], never: ['column'] },
  exact: { type: 'json', values: [null, '{"a":  1}', '{"a": 1}'], never: ['record_version', 'rows', 'column'] },
  mood: { type: 'mood', values: [null, 'fine', `it's`] },
  span: { type: 'int4range', values: [null, '[1,5)', 'empty'] },
};
const NAMES = Object.keys(COLUMNS);
/** A number is the same with other zeros at its end: who writes 1.5 over 1.50 has changed nothing, and nothing goes back. */
const alike = (name: string, value: string | null | undefined): string | null | undefined =>
  name === 'total' ? value?.replace(/(\.\d*?)0+$/u, '$1').replace(/\.$/u, '') : value;
const KEYS = 5;
const WRITERS = ['ann', 'sync', 'bot'] as const;

type Step =
  | { readonly is: 'write'; readonly writer: number; readonly key: number; readonly sets: readonly (readonly [number, number])[] }
  | { readonly is: 'unseen'; readonly key: number; readonly sets: readonly (readonly [number, number])[] }
  | { readonly is: 'remake'; readonly writer: number; readonly key: number }
  | { readonly is: 'delete'; readonly writer: number; readonly key: number }
  | { readonly is: 'rekey'; readonly writer: number; readonly key: number };

const nat = (max: number): fc.Arbitrary<number> => fc.nat({ max });
const sets = fc.array(fc.tuple(nat(NAMES.length - 1), nat(6)), { minLength: 1, maxLength: 4 });
const write = fc.record({ is: fc.constant('write' as const), writer: nat(2), key: nat(KEYS - 1), sets });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: write },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('unseen' as const), key: nat(KEYS - 1), sets }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('remake' as const), writer: nat(2), key: nat(KEYS - 1) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('delete' as const), writer: nat(2), key: nat(KEYS - 1) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('rekey' as const), writer: nat(2), key: nat(KEYS - 1) }) },
);

/** A write of the suspect to a record that nobody else touches. */
const SURE: Step = { is: 'write', writer: 1, key: KEYS, sets: [[0, 3]] };
/** It also deletes one that nobody else touches. */
const SURELY_GONE: Step = { is: 'delete', writer: 1, key: KEYS + 1 };

/** One change of a value, as it was. */
interface Change {
  readonly n: number;
  readonly writer: string;
  readonly from: string | null;
  readonly to: string | null;
}

type Row = Readonly<Record<string, string | null>>;

class World {
  readonly changes = new Map<string, Change[]>();
  /** Records that were deleted, made again, given another key, or written without being told of. */
  readonly odd = new Set<string>();
  /** What records held when they were last there. */
  readonly gone = new Map<string, Row>();
  /** Who deleted a record last. */
  readonly deleted = new Map<string, { readonly writer: string; readonly n: number }>();
  /** Records that came to be after the history began. */
  readonly made = new Set<string>();

  constructor(
    readonly database: string,
    readonly table: string,
    readonly client: Client,
  ) {}

  async rows(): Promise<ReadonlyMap<string, Row>> {
    const rows = await server.sql(this.database, `SELECT id, ${NAMES.join(', ')} FROM ${this.table} ORDER BY id`);
    return new Map(rows.map((row) => [String(row['id']), row]));
  }

  async run(sql: string, values: readonly unknown[], writer: string, n: number): Promise<void> {
    const live = await this.rows();
    const there = [...live.keys()];
    const before = new Map([...this.gone, ...live]);
    await this.client.query(`SET app.writer = '${writer}'; SET application_name = '${writer}'`);
    await this.client.query(sql, [...values]);
    const after = await this.rows();
    for (const [id, row] of before) if (!after.has(id)) this.gone.set(id, row);
    if (/DELETE/u.test(sql)) for (const id of there) if (!after.has(id)) this.deleted.set(id, { writer, n });
    for (const id of after.keys()) if (!there.includes(id)) this.made.add(id);
    for (const [id, row] of after)
      for (const name of NAMES) {
        const [from, to] = [before.get(id)?.[name] ?? null, row[name] ?? null];
        const place = `${id} ${name}`;
        if (from !== to) this.changes.set(place, [...(this.changes.get(place) ?? []), { n, writer, from, to }]);
      }
  }

  async take(one: Step, n: number): Promise<void> {
    const id = String(one.key + 1);
    const writer = 'writer' in one ? (WRITERS[one.writer] ?? 'ann') : 'unseen';
    if (one.is !== 'write') this.odd.add(id);
    if (one.is === 'write' || one.is === 'unseen') {
      const picked = new Map(one.sets.map(([column, value]) => [NAMES[column] ?? 'name', value]));
      const set = [...picked.keys()].map((name, i) => `${name} = $${i + 1}`).join(', ');
      const values = [...picked].map(([name, value]) => COLUMNS[name]?.values[value % (COLUMNS[name]?.values.length ?? 1)] ?? null);
      if (one.is === 'unseen') await this.client.query(`SET session_replication_role = replica`);
      await this.run(`UPDATE ${this.table} SET ${set} WHERE id = ${id}`, values, writer, n);
      if (one.is === 'unseen') await this.client.query(`SET session_replication_role = origin`);
    } else if (one.is === 'remake') {
      await this.run(`WITH was AS (DELETE FROM ${this.table} WHERE id = ${id} RETURNING *) SELECT 1 FROM was`, [], writer, n);
      await this.run(`INSERT INTO ${this.table} (id, name) VALUES (${id}, 'made again') ON CONFLICT DO NOTHING`, [], writer, n);
    } else if (one.is === 'delete') await this.run(`DELETE FROM ${this.table} WHERE id = ${id}`, [], writer, n);
    else {
      this.odd.add('99');
      await this.run(`UPDATE ${this.table} SET id = 99 WHERE id = ${id} AND NOT EXISTS (SELECT FROM ${this.table} WHERE id = 99)`, [], writer, n);
    }
  }

  /** A moment that lies between what was done and what is done next. */
  async moment(): Promise<string> {
    await this.client.query('SELECT pg_sleep(0.004)');
    const [row] = await server.sql(this.database, `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms`);
    await this.client.query('SELECT pg_sleep(0.004)');
    return new Date(Number(row?.['ms'])).toISOString();
  }
}

const CREATE = `CREATE TYPE mood AS ENUM ('fine', 'it''s')`;
const RUNS = tries(32);
let tables = 0;

async function apply({ header }: PlanSummary, deps: ApplyDeps): Promise<void> {
  if (header.counts.cells === 0) return;
  const done = await applyRestore({ plan: header.id, by: 'maya', confirmed: confirmationOf(header) }, deps);
  expect(done.state).toBe('done');
}

/** Every second table has no column of which some shapes do not keep the value: its records come back whole. */
function typeOf(name: string, table: number): string {
  return name === 'exact' && table % 2 === 0 ? 'text' : (COLUMNS[name]?.type ?? '');
}

async function open(database: string, shape: AuditShape): Promise<World> {
  tables += 1;
  const table = `t${tables}`;
  const client = await server.connect(database);
  await client.query(
    `CREATE TABLE ${table} (id int PRIMARY KEY, ${NAMES.map((name) => `${name} ${typeOf(name, tables)}`).join(', ')});
     INSERT INTO ${table} (id, name, price, more, exact, at) SELECT i, 'Person ' || i, i, '{"n": 1}', '{"n":   1}', '2020-01-01Z' FROM generate_series(1, ${KEYS + 2}) i;
     ${watchSql(shape, table)}; UPDATE ${table} SET name = 'Since then, every change is told' WHERE id = 1`,
  );
  return new World(database, table, client);
}

describe.each(['logged_actions', 'record_version', 'rows', 'column'] as const)('audit tables of the shape %s', (shape) => {
  test('whatever several writers did, what one of them wrote in a window goes back to what stood there, or stays as it is', async () => {
    const database = await server.createDatabase(`${CREATE}; ${auditSql(shape)}`);
    let restored = 0;
    let cameBack = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 1, maxLength: 4 }),
        fc.array(step, { minLength: 3, maxLength: 14 }),
        fc.array(step, { maxLength: 5 }),
        async (earlier, within, afterwards) => {
          const world = await open(database, shape);
          const platform = await openTestPlatform(server, database, { objects: [`public.${world.table}`], audit: AUDIT_CONFIG[shape] });
          try {
            let n = 0;
            for (const one of earlier) await world.take(one, (n += 1));
            const since = await world.moment();
            const first = n + 1;
            for (const one of [SURE, SURELY_GONE]) await world.take(one, (n += 1));
            for (const one of within) await world.take(one, (n += 1));
            const last = n;
            const until = await world.moment();
            for (const one of afterwards) await world.take(one, (n += 1));
            const suspect = shape === 'logged_actions' ? 'postgres/sync' : 'sync';
            const { deps } = await restoresOf(platform);
            const live = await world.rows();
            const filters = { since, until, suspects: [suspect], unattributed: 'refuse', deleteCreated: false } as const;
            const plan = await planFromHistory({ filters, by: 'maya' }, deps);
            await apply(plan, deps);
            const now = await world.rows();
            const back = [...now.keys()].filter((id) => !live.has(id));
            for (const id of back) expect({ id, by: world.deleted.get(id)?.writer }).toEqual({ id, by: 'sync' });
            const isOpen = plan.header.counts.conflicts['base-partial'] !== undefined;
            for (const [id, { writer, n: at }] of world.deleted) {
              const bySuspect = writer === 'sync' && at >= first && at <= last && shape !== 'column';
              if (live.has(id) || world.made.has(id)) continue;
              if (bySuspect && !isOpen) expect(back).toContain(id);
              if (!bySuspect) expect(back).not.toContain(id);
            }
            cameBack += back.length;
            expect([...live.keys()].filter((id) => !now.has(id))).toEqual([]);
            for (const [id, row] of now)
              for (const name of NAMES) {
                const place = `${id} ${name}`;
                const changes = world.changes.get(place) ?? [];
                const by = changes.filter((one) => one.writer === 'sync' && one.n >= first && one.n <= last);
                const stood = by[0]?.from;
                // A record that came back stands as it was when it was deleted, but for what the suspect wrote.
                const [was, is] = [(live.get(id) ?? world.gone.get(id))?.[name] ?? null, row[name] ?? null];
                if (is !== was && !(back.includes(id) && is === null)) {
                  restored += 1;
                  expect({ place, is }).toEqual({ place, is: stood });
                }
                const others = changes.filter((one) => one.n >= (by[0]?.n ?? 0) && !by.includes(one));
                const shows =
                  COLUMNS[name]?.never?.includes(shape) !== true && !(name === 'more' && shape !== 'logged_actions' && [stood, was].includes(null));
                if (by.length > 0 && others.length === 0 && shows && !world.odd.has(id))
                  expect({ place, is: alike(name, is) }).toEqual({ place, is: alike(name, stood) });
              }
          } finally {
            await platform.close();
            await world.client.end();
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(restored).toBeGreaterThanOrEqual(RUNS);
    if (shape !== 'column') expect(cameBack).toBeGreaterThanOrEqual(Math.floor(RUNS / 2));
  });
});

test('a plan that was stopped while it read continues: what was read is not read again, what was written in the meantime is', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE many (id int PRIMARY KEY, name text); INSERT INTO many SELECT i, 'Person ' || i FROM generate_series(1, 12000) i; ${auditSql('record_version')}; ${watchSql('record_version', 'many')}`,
  );
  await server.sql(database, `UPDATE many SET name = 'Earlier' WHERE id = 1; SELECT pg_sleep(0.01)`);
  const since = new Date().toISOString();
  await server.sql(
    database,
    `SELECT pg_sleep(0.01); SET app.writer = 'sync'; UPDATE many SET name = 'damaged'; UPDATE audit.record_version SET ts = ts + interval '1 ms'; RESET app.writer`,
  );
  const platform = await openTestPlatform(server, database, { objects: ['public.many'], audit: AUDIT_CONFIG.record_version });
  try {
    const { deps } = await restoresOf(platform);
    const request = { filters: { since, suspects: ['sync'], unattributed: 'refuse', deleteCreated: false }, by: 'maya' } as const;
    const stop = new AbortController();
    const [notes, read]: [string[], number[]] = [[], []];
    const reporter = {
      ...silentReporter,
      note: (text: string) => void notes.push(text),
      progress: ({ task, done }: { readonly task: string; readonly done: number }) => {
        if (!task.startsWith('Reading the history')) return;
        read.push(done);
        if (done >= 4000) stop.abort();
      },
    };
    await expect(planFromHistory(request, deps, { signal: stop.signal, reporter })).rejects.toThrow(/abort|interrupt|stopped/iu);
    expect([notes, read.length > 0]).toEqual([[], true]);
    await server.sql(database, `UPDATE many SET name = 'by hand' WHERE id = 2`);
    const { header } = await planFromHistory(request, deps, { reporter });
    expect(notes).toEqual([expect.stringMatching(/^Continuing: the history of \d+ of 12000 public\.many was read before\.$/u)]);
    expect(header.counts).toMatchObject({ records: 11_999, conflicts: { 'edited-since': 1 } });
    expect(header.history?.objects).toEqual([{ object: 'public.many', read: 12_000, of: 12_000, written: 12_000 }]);
  } finally {
    await platform.close();
  }
});
