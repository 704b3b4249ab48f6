import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Commit, Platform } from '../../src/connectors/index.js';
import { type Reporter, silentReporter } from '../../src/lib/index.js';
import type { ObjectSchema } from '../../src/records/index.js';
import { openTestPlatform, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { WITHHELD, withholdLog } from '../support/withheld.js';

let server: TestPostgres;
let database: string;
let platform: Platform;
let schema: ObjectSchema;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.createDatabase(
    `CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, n int GENERATED ALWAYS AS IDENTITY, plain serial); INSERT INTO t (v) SELECT 'a' FROM generate_series(1, 20)`,
  );
  platform = await openTestPlatform(server, database, { options: { lock_timeout: '20ms' } });
  schema = await schemaOf(platform.connector, 't');
});
afterEach(() => platform.close());

const update = (key: string, from = 'a') => ({ action: 'update' as const, schema, key, set: { v: 'b' }, expect: { v: from } });
const valueOf = async (key: string): Promise<string | null | undefined> =>
  (await server.sql(database, 'SELECT v FROM t WHERE id = $1', [key]))[0]?.['v'];

/** Asks another process, as one that was started again would: another connection. */
async function askedAnew(token: string): Promise<unknown> {
  const later = await openTestPlatform(server, database);
  try {
    return await later.connector.outcomeOf?.(token);
  } finally {
    await later.close();
  }
}

test('a commit is told of before it is made, with the records it will write, and can be asked about after a restart', async () => {
  const commits: Commit[] = [];
  const seen: unknown[] = [];
  const results = await platform.connector.write([update('1'), update('2', 'other'), update('3')], {
    committing: async (commit) => {
      commits.push(commit);
      seen.push(await valueOf('1'), await askedAnew(commit.token));
    },
  });
  expect(results.map(({ status }) => status)).toEqual(['applied', 'moved', 'applied']);
  expect(commits).toEqual([{ token: expect.stringMatching(/^[0-9A-F]{8}\/\d+$/) as string, places: [0, 2] }]);
  // While it is open nobody can say.
  expect(seen).toEqual(['a', 'running']);
  expect(await askedAnew(commits[0]?.token ?? '')).toBe('done');
});

test.each(WITHHELD)('a service that tells nothing of its log (%s %s) is written to as others are, and asked', async (...answer) => {
  await withholdLog(server, database, answer);
  await platform.close();
  platform = await openTestPlatform(server, database);
  expect(platform.identity.account).toContain(database);
  const commits: Commit[] = [];
  const seen: unknown[] = [];
  const committing = async (commit: Commit): Promise<void> => {
    commits.push(commit);
    seen.push(await askedAnew(commit.token));
  };
  for (const key of ['1', '2'])
    expect(await platform.connector.write([update(key), update('3', 'other')], { committing })).toMatchObject([
      { status: 'applied' },
      { status: 'moved' },
    ]);
  expect(seen).toEqual(['running', 'running']);
  expect(commits.map(({ token }) => token)).toEqual([expect.stringMatching(/^s\d{20}\/\d+$/u), expect.stringMatching(/^s\d{20}\/\d+$/u)]);
  for (const { token } of commits) expect(await askedAnew(token)).toBe('done');
  const [, number] = commits[0]?.token.split('/') ?? [];
  // Of another start, and of a server that did tell: another transaction may have this number here.
  for (const other of ['s20200101000000000000', '00000001']) expect(await askedAnew(`${other}/${String(number)}`)).toBe('unknown');
});

test('what a transaction came to that was rolled back or belongs to another life of the cluster is not taken for done', async () => {
  const client = await server.connect(database);
  const [row] = (
    (await client.query<{ token: string; other: string; future: string }>(
      `BEGIN; SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || pg_current_xact_id() AS token,
       '0000FFFF/' || pg_current_xact_id() AS other, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || pg_current_xact_id()::text::bigint + 1000000 AS future`,
    )) as unknown as { rows: { token: string; other: string; future: string }[] }[]
  ).flatMap(({ rows }) => rows);
  await client.query('ROLLBACK');
  expect(await askedAnew(row?.token ?? '')).toBe('not-done');
  expect(await askedAnew(row?.other ?? '')).toBe('unknown');
  expect(await askedAnew(row?.future ?? '')).toBe('unknown');
  expect(await askedAnew('nonsense')).toBe('unknown');
  await client.end();
});

test('nothing is written where what is to be committed cannot be kept', async () => {
  const results = await platform.connector.write([update('1')], { committing: () => Promise.reject(new Error('the disk is full')) });
  expect(results).toMatchObject([{ status: 'failed', message: expect.stringContaining('the disk is full') as string }]);
  expect(await valueOf('1')).toBe('a');
});

test('a batch that goes in two transactions tells of both, each with its own records; one that writes nothing tells of none', async () => {
  const colleague = await server.connect(database);
  await colleague.query('BEGIN; SELECT FROM t WHERE id = 2 FOR UPDATE');
  const commits: Commit[] = [];
  const committing = async (commit: Commit): Promise<void> => {
    commits.push(commit);
    await colleague.query('ROLLBACK');
  };
  await platform.connector.write([update('1', 'other'), update('2'), update('3')], { committing });
  expect(commits.map(({ places }) => places)).toEqual([[2], [1]]);
  expect(new Set(commits.map(({ token }) => token)).size).toBe(2);
  await platform.connector.write([update('1', 'other')], { committing });
  expect(commits).toHaveLength(2);
  await colleague.end();
});

test('a record that is created again keeps every number it had, and a sequence left behind is told with what sets it, once', async () => {
  const notes: string[] = [];
  const reporter: Reporter = { ...silentReporter, note: (text) => void notes.push(text) };
  const before = await server.sql(database, 'SELECT * FROM t ORDER BY id');
  await server.sql(database, 'TRUNCATE t RESTART IDENTITY');
  const create = ({ id, v, n, plain }: Record<string, string | null>) => ({
    action: 'create' as const,
    schema,
    key: id ?? '',
    set: { v: v ?? null, n: Number(n), plain: Number(plain) },
  });
  expect((await platform.connector.write(before.slice(0, 10).map(create), { reporter })).map(({ status }) => status)).toEqual(
    before.slice(0, 10).map(() => 'applied'),
  );
  expect((await platform.connector.write(before.slice(10).map(create), { reporter })).map(({ status }) => status)).toEqual(
    before.slice(10).map(() => 'applied'),
  );
  expect(await server.sql(database, 'SELECT * FROM t ORDER BY id')).toEqual(before);
  expect(notes).toHaveLength(3);
  expect(notes[0]).toContain('new records would clash');
  for (const note of notes) await server.sql(database, /SELECT setval.*$/.exec(note)?.[0] ?? 'none');
  expect(await server.sql(database, `INSERT INTO t (v) VALUES ('next') RETURNING id, n, plain`)).toEqual([{ id: '21', n: '21', plain: '21' }]);
  const fresh = await openTestPlatform(server, database);
  await fresh.connector.write([{ action: 'delete', schema, key: '20', expect: { v: 'a', plain: 20 } }]);
  await fresh.connector.write([create(before[19] ?? {})], { reporter });
  expect(notes).toHaveLength(3);
  await fresh.close();
});
