import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { AUDIT_CONFIG, type AuditShape, auditSql, watchSql } from '../support/audit-triggers.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';

/** A user would lose: the values of a database that nobody took a snapshot of, although its audit table has all of them. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const SHAPES: readonly AuditShape[] = ['logged_actions', 'record_version', 'rows', 'column'];

describe.each(SHAPES)('an audit table of the shape %s', (shape) => {
  test('what one writer wrote in a window is put back, and nothing else', async () => {
    const database = await server.createDatabase(
      `CREATE TABLE people (id int PRIMARY KEY, name text, phone text, score numeric(8,2));
       INSERT INTO people SELECT i, 'Person ' || i, '+49 30 ' || 1000 + i, i / 4.0 FROM generate_series(1, 60) i;
       ${auditSql(shape)}; ${watchSql(shape, 'public.people')}`,
    );
    const dir = await mkdtemp(join(tmpdir(), 'runback-audit-'));
    try {
      await writeFile(join(dir, 'database-url'), server.url(database), { mode: 0o600 });
      await writeFile(
        join(dir, 'runback.yml'),
        `version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: sandbox\n    url: file:database-url\n    objects: [public.people]\n    audit: ${JSON.stringify(AUDIT_CONFIG[shape])}\nrestores: { limits: { percent: 100 } }\n`,
      );
      await server.sql(database, `ALTER DATABASE "${database}" SET runback.environment = 'sandbox'`);
      const as = async (writer: string, sql: string): Promise<void> => {
        const client = await server.connect(database);
        try {
          await client.query(`SET app.writer = '${writer}'; SET application_name = '${writer}'; ${sql}`);
        } finally {
          await client.end();
        }
      };
      const last = async (...args: string[]): Promise<Record<string, unknown>> => {
        const { stdout, stderr } = await runHere(['restore', ...args, '--no-input', '--json'], { cwd: dir });
        return jsonLines(stdout).at(-1) ?? { stderr };
      };
      const name = (writer: string): string => (shape === 'logged_actions' ? `postgres/${writer}` : writer);
      await as('ann', `UPDATE people SET name = 'Earlier' WHERE id = 50`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const since = new Date().toISOString();
      const before = await server.sql(database, 'SELECT * FROM people WHERE id <= 40 ORDER BY id');
      await as('sync', `UPDATE people SET phone = '', score = score * 100 WHERE id <= 40`);
      await as('sync', `UPDATE people SET phone = NULL WHERE id <= 20; INSERT INTO people VALUES (61, 'Made', '1', 1)`);
      await as(
        'ann',
        `UPDATE people SET name = 'Ann was here' WHERE id = 1; UPDATE people SET phone = '+1 by hand' WHERE id = 2; DELETE FROM people WHERE id = 60`,
      );
      await as('ann', `UPDATE people SET phone = '+2' WHERE id = 51`);
      const from = ['plan', '--platform', 'db', '--from-history', '--since', since];

      expect(await last(...from)).toMatchObject({
        error: {
          code: 'usage',
          data: { limit: 'suspects', writers: expect.arrayContaining([expect.objectContaining({ writer: name('sync') })]) as unknown },
        },
      });
      const made = await last(...from, '--suspect', name('sync'));
      if (made['ok'] !== true) throw new Error(JSON.stringify(made));
      expect(made).toMatchObject({
        ok: true,
        data: {
          counts: { records: 40, cells: 79, conflicts: { 'edited-since': 1 } },
          history: { objects: [{ object: 'public.people', of: 60, written: 41 }] },
          notCovered: [
            { object: 'public.people', extent: 'created', records: 1 },
            { object: 'public.people', extent: 'deleted', records: 1 },
          ],
        },
      });
      const { id, counts } = (made as { readonly data: { readonly id: string; readonly counts: { readonly records: number } } }).data;
      expect(await last('apply', id, '--confirm', `sandbox:${counts.records}`)).toMatchObject({ ok: true, data: { state: 'done' } });
      const after = await server.sql(database, 'SELECT * FROM people ORDER BY id');
      expect(after.slice(0, 40)).toEqual(
        before.map((row) => ({
          ...row,
          ...(row['id'] === '1' ? { name: 'Ann was here' } : {}),
          ...(row['id'] === '2' ? { phone: '+1 by hand' } : {}),
        })),
      );
      expect(after.slice(40).filter(({ phone }) => phone === '+2')).toHaveLength(1);
      expect(await last('verify', id)).toMatchObject({ ok: true, data: { remaining: 0 } });
      expect(await last('undo', 'latest')).toMatchObject({ ok: true, data: { state: 'undone' } });
      const [undone] = await server.sql(
        database,
        `SELECT count(*) FILTER (WHERE phone IS NULL) AS none, count(*) FILTER (WHERE phone = '') AS empty FROM people`,
      );
      expect(undone).toEqual({ none: '19', empty: '20' });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});

test('without audit in runback.yml, doctor names the table with what to write, and what is written wrongly is named too', async () => {
  const database = await server.createDatabase(`CREATE TABLE people (id int PRIMARY KEY, name text); ${auditSql('logged_actions')}`);
  await server.sql(database, `ALTER DATABASE "${database}" SET runback.environment = 'sandbox'`);
  const dir = await mkdtemp(join(tmpdir(), 'runback-audit-'));
  const open = async (more: string): Promise<void> =>
    await writeFile(
      join(dir, 'runback.yml'),
      `version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: sandbox\n    url: file:database-url\n    objects: [public.people]\n${more}`,
    );
  const run = async (...args: string[]): Promise<Record<string, unknown>> =>
    jsonLines((await runHere([...args, '--no-input', '--json'], { cwd: dir })).stdout).at(-1) ?? {};
  const checked = async (): Promise<unknown> =>
    ((await run('doctor'))['data'] as { readonly checks: readonly { readonly what: string }[] }).checks.find(({ what }) => what === 'Platform db');
  try {
    await writeFile(join(dir, 'database-url'), server.url(database), { mode: 0o600 });
    await open('');
    expect(await checked()).toMatchObject({
      ok: true,
      warning: true,
      found: expect.stringContaining('put under db in runback.yml:  audit: { table: "audit.logged_actions" }') as unknown,
    });
    const plan = ['restore', 'plan', '--platform', 'db', '--from-history', '--since', '2026-11-01 00:00Z', '--suspect', 'x'];
    expect(await run(...plan)).toMatchObject({
      error: { code: 'usage', next: expect.stringContaining('name it under audit in runback.yml') as unknown },
    });
    // Whoever wrote a record last was told as who wrote each of its fields, with a command that is refused.
    await open('    modified: { by: name }\n');
    expect(await run(...plan.slice(0, -2))).toMatchObject({
      error: { code: 'usage', message: expect.stringContaining('keeps no history of its fields') as unknown },
    });
    await open('    audit: { table: audit.logged_actions, at: action_tstamp }\n');
    expect(await checked()).toMatchObject({
      ok: false,
      code: 'file-invalid',
      found: expect.stringContaining('at names the column action_tstamp, which the table does not have') as unknown,
    });
    await open('    audit: { table: audit.logged_actions, when: action_tstamp_clk }\n');
    expect(await run(...plan)).toMatchObject({ error: { code: 'file-invalid' } });
    await open('    audit: { table: audit.logged_actions }\n');
    expect(await checked()).toMatchObject({ ok: true });
    // The audit has no entry yet: it tells nothing, and the plan says so.
    expect(await run(...plan)).toMatchObject({
      ok: true,
      data: {
        notCovered: [{ object: 'public.people', extent: 'beyond' }],
      },
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
