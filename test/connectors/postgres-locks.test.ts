import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { isRunbackError, type RunbackError } from '../../src/lib/index.js';
import { openTestPlatform, readLinesOf, readRecords, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_prepared_transactions: '2' } });
});
afterAll(() => server.stop());

const ROWS = 500;
const TABLES = `
  CREATE TABLE first (id int PRIMARY KEY, v text); INSERT INTO first SELECT n, 'a' FROM generate_series(1, ${String(ROWS)}) n;
  CREATE TABLE second (id int PRIMARY KEY, v text, first int REFERENCES first); INSERT INTO second SELECT n, 'a', n FROM generate_series(1, ${String(ROWS)}) n;`;

/** What colleagues do to tables that hold good data, each leaving as many rows as there were. */
const ACTS: Readonly<Record<string, readonly string[]>> = {
  'ALTER … TYPE': [`ALTER TABLE second ALTER v TYPE varchar(40)`],
  'TRUNCATE and reload': [
    `BEGIN; CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE second; TRUNCATE second; INSERT INTO second SELECT id, 'reloaded', first FROM kept; COMMIT`,
  ],
  CLUSTER: ['CLUSTER second USING second_pkey'],
  'VACUUM FULL': ['VACUUM FULL second'],
  'DROP and CREATE': [
    `BEGIN; CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE second; DROP TABLE second; CREATE TABLE second (id int PRIMARY KEY, v text, first int); INSERT INTO second SELECT id, 'made again', first FROM kept; COMMIT`,
  ],
};

/** Waits until somebody waits for a lock, or until `over`. */
async function lockWait(application: string, over: () => boolean = () => false): Promise<void> {
  while (!over()) {
    const waiting = `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`;
    const [row] = await server.sql('postgres', waiting, [application]);
    if (row?.['n'] !== '0') return;
  }
}

async function withColleague<T>(database: string, work: (colleague: Client) => Promise<T>): Promise<T> {
  const colleague = await server.connect(database);
  try {
    await colleague.query(`SET application_name = 'migration'`);
    return await work(colleague);
  } finally {
    await colleague.end();
  }
}

async function withPlatform<T>(database: string, options: Record<string, unknown>, work: (platform: Platform) => Promise<T>): Promise<T> {
  const platform = await openTestPlatform(server, database, { objects: ['first', 'second'], options, limits: { wait: '5s' } });
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}

async function refusal(work: Promise<unknown>): Promise<RunbackError> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!isRunbackError(error)) throw new Error('it was not refused', { cause: error });
  return error;
}

for (const [name, statements] of Object.entries(ACTS))
  test(`${name} at any moment of a consistent read never makes a table look empty`, async () => {
    const database = await server.createDatabase(TABLES);
    for (const moment of ['before anything', 'when the tables are described', 'while the first is read', 'when the first is read'] as const)
      await withColleague(database, (colleague) =>
        withPlatform(database, {}, async ({ connector }) => {
          let over = false;
          let acting = Promise.resolve();
          const now = async (at: string): Promise<void> => {
            if (at !== moment) return;
            acting = (async () => {
              for (const statement of statements) await colleague.query(statement);
              over = true;
            })();
            await lockWait('migration', () => over);
          };
          await connector.beginRead?.();
          await now('before anything');
          const { objects } = await connector.describe(['first', 'second']);
          await now('when the tables are described');
          const counts: Record<string, number> = {};
          for (const schema of [...objects].sort((a, b) => (a.object < b.object ? -1 : 1))) {
            let rows = 0;
            for await (const batch of connector.readLines?.(schema) ?? []) {
              rows += batch.ends.length;
              if (schema.object === 'public.first') await now('while the first is read');
            }
            counts[schema.object] = rows;
            if (schema.object === 'public.first') await now('when the first is read');
          }
          const again = await schemaOf(connector, 'second');
          const records = await readRecords(connector, again);
          await connector.endRead?.();
          await acting;
          expect({ moment, counts, records: records.length }).toEqual({
            moment,
            counts: { 'public.first': ROWS, 'public.second': ROWS },
            records: ROWS,
          });
        }),
      );
  });

for (const isolation of ['read committed', 'repeatable read'])
  test(`whatever waited for a table that is emptied and filled again reads what is there afterwards (the database's own level: ${isolation})`, async () => {
    const database = await server.createDatabase(TABLES);
    await server.sql('postgres', `ALTER DATABASE ${database} SET default_transaction_isolation = '${isolation}'`);
    const reload = `BEGIN; CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE second; TRUNCATE second; INSERT INTO second SELECT * FROM kept`;
    const keys = ['1', '2', '3'];
    await withPlatform(database, {}, async ({ connector }) => {
      const { objects, links } = await connector.describe(['first', 'second']);
      const schema = objects.find((each) => each.object === 'public.second');
      const [link] = links;
      if (schema === undefined || link === undefined) throw new Error('not described');
      const pairs = async (): Promise<number> => {
        let count = 0;
        for await (const batch of connector.readLinks({ link, fromKeys: keys })) count += batch.length;
        return count;
      };
      const readers: Readonly<Record<string, () => Promise<number>>> = {
        keys: async () => (await readRecords(connector, schema, keys)).length,
        all: async () => (await readRecords(connector, schema)).length,
        lines: async () => (await readLinesOf(connector, schema)).length,
        links: pairs,
        created: async () =>
          (
            await connector.findCreated(
              keys.map((key) => ({ action: 'create' as const, schema, key, set: {} })),
              new Date(0),
            )
          ).filter((found) => found.state === 'created').length,
      };
      const found: Record<string, number> = {};
      for (const [name, read] of Object.entries(readers))
        await withColleague(database, async (colleague) => {
          await colleague.query(reload);
          const reading = read();
          await lockWait('runback');
          await colleague.query('COMMIT');
          found[name] = await reading;
        });
      expect(found).toEqual({ keys: 3, all: ROWS, lines: ROWS, links: 3, created: 3 });
    });
  });

test('a table that was emptied, rewritten or replaced before a view that is open needs it is an error, not an empty table', async () => {
  for (const [name, statements] of Object.entries(ACTS)) {
    // Without the foreign key: dropping a table that has one waits for everybody who reads the other.
    const database = await server.createDatabase(`${TABLES} ALTER TABLE second DROP CONSTRAINT second_first_fkey`);
    await withPlatform(database, {}, async ({ connector }) => {
      const [first, second] = [await schemaOf(connector, 'first'), await schemaOf(connector, 'second')];
      await connector.beginRead?.();
      expect(await readRecords(connector, first, ['1', '2'])).toHaveLength(2);
      await withColleague(database, async (colleague) => {
        for (const statement of statements) await colleague.query(statement);
      });
      const error = await refusal(readRecords(connector, second, ['1', '2']));
      await connector.endRead?.();
      expect([name, error.code]).toEqual([name, 'platform-incomplete']);
      expect(await readRecords(connector, second, ['1', '2'])).toHaveLength(2);
    });
  }
});

test('a table that is left alone can join a view that is open', async () => {
  const database = await server.createDatabase(TABLES);
  await withPlatform(database, {}, async ({ connector }) => {
    const [first, second] = [await schemaOf(connector, 'first'), await schemaOf(connector, 'second')];
    await connector.beginRead?.();
    expect(await readRecords(connector, first, ['1', '2'])).toHaveLength(2);
    await server.sql(database, `UPDATE second SET v = 'later'; DELETE FROM second WHERE id = 2`);
    expect((await readRecords(connector, second, ['1', '2'])).map((record) => record.fields['v'])).toEqual(['a', 'a']);
    expect(await readLinesOf(connector, second)).toHaveLength(ROWS);
    await connector.endRead?.();
  });
});

const PARTED = `
  CREATE TABLE second (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
  CREATE TABLE low PARTITION OF second FOR VALUES FROM (0) TO (251);
  CREATE TABLE high PARTITION OF second FOR VALUES FROM (251) TO (1000) PARTITION BY RANGE (id);
  CREATE TABLE higher PARTITION OF high FOR VALUES FROM (251) TO (1000);
  CREATE TABLE first (id int PRIMARY KEY, v text); INSERT INTO first VALUES (1, 'a');
  INSERT INTO second SELECT n, 'a' FROM generate_series(1, ${String(ROWS)}) n;`;

test('partitions are locked with their table, at every depth', async () => {
  const database = await server.createDatabase(PARTED);
  await withColleague(database, (colleague) =>
    withPlatform(database, {}, async ({ connector }) => {
      await connector.beginRead?.();
      const { objects } = await connector.describe(['first', 'second']);
      const emptying = colleague.query(
        `BEGIN; CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE higher; TRUNCATE higher; INSERT INTO higher SELECT * FROM kept; COMMIT`,
      );
      await lockWait('migration');
      const counts: number[] = [];
      for (const schema of objects) counts.push((await readLinesOf(connector, schema)).length);
      await connector.endRead?.();
      await emptying;
      expect(counts.sort()).toEqual([1, ROWS]);
    }),
  );
});

test('a partition that is attached to a table of a view that is open is an error, since the view cannot see when it came', async () => {
  const database = await server.createDatabase(
    `${PARTED} CREATE TABLE more (id int PRIMARY KEY, v text); INSERT INTO more VALUES (1001, 'was no record of it')`,
  );
  await withPlatform(database, {}, async ({ connector }) => {
    await connector.beginRead?.();
    const { objects } = await connector.describe(['second']);
    await server.sql(database, 'ALTER TABLE second ATTACH PARTITION more FOR VALUES FROM (1000) TO (2000)');
    const error = await refusal(Promise.all(objects.map((schema) => readLinesOf(connector, schema))));
    await connector.endRead?.();
    expect(error.code).toBe('platform-incomplete');
  });
});

test('a lock that is not given up is an error that names who holds it, on which table and for how long', async () => {
  const database = await server.createDatabase(`${TABLES} CREATE ROLE nightly LOGIN SUPERUSER`);
  await withColleague(database, async (colleague) => {
    const pid = (await colleague.query<{ pid: string }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? '';
    await colleague.query(`SET SESSION AUTHORIZATION nightly; BEGIN; LOCK TABLE second`);
    await withPlatform(database, { lock_timeout: '50ms' }, async ({ connector }) => {
      await connector.beginRead?.();
      const error = await refusal(connector.describe(['first', 'second']));
      expect(error.code).toBe('platform-limit');
      expect(error.message).toContain('public.second');
      expect(error.why).toContain(`Process ${pid}`);
      expect(error.why).toMatch(/application "migration", idle in transaction for \d+/);
      expect(error.why).toContain('holds AccessExclusiveLock on public.second');
      await colleague.query('ROLLBACK');
      expect((await connector.describe(['first', 'second'])).objects).toHaveLength(2);
      await connector.endRead?.();
    });
  });
});

test('a lock on a partition, of a waiting migration, or of a prepared transaction is named as well, and readers by key say it too', async () => {
  const database = await server.createDatabase(`${PARTED} `);
  await withPlatform(database, { lock_timeout: '50ms' }, async (platform) => {
    const { connector } = platform;
    const schema = await schemaOf(connector, 'second');
    const impatient = await openTestPlatform(server, database, { objects: ['second'], options: { lock_timeout: '50ms' }, limits: { wait: '0s' } });
    await withColleague(database, async (colleague) => {
      await colleague.query(`BEGIN; LOCK TABLE higher; PREPARE TRANSACTION 'left behind'`);
      expect((await refusal(readLinesOf(connector, schema))).why).toContain('Prepared transaction "left behind"');
      const byKey = await refusal(readRecords(impatient.connector, schema, ['1', '400']));
      expect([byKey.code, byKey.why]).toEqual(['platform-limit', expect.stringContaining('AccessExclusiveLock on public.higher')]);
      await colleague.query(`ROLLBACK PREPARED 'left behind'`);

      const reader = await server.connect(database);
      await reader.query('BEGIN; SELECT FROM low');
      const waiting = colleague.query('BEGIN; LOCK TABLE low; COMMIT');
      await lockWait('migration');
      expect((await refusal(readLinesOf(connector, schema))).why).toContain('waits for AccessExclusiveLock on public.low');
      await reader.end();
      await waiting;
    });
    await impatient.close();
  });
});

test('a table that is dropped while it is waited for is said to be gone', async () => {
  const database = await server.createDatabase(TABLES);
  await withColleague(database, (colleague) =>
    withPlatform(database, {}, async ({ connector }) => {
      await colleague.query('BEGIN; DROP TABLE second');
      await connector.beginRead?.();
      const describing = refusal(connector.describe(['first', 'second']));
      await lockWait('runback');
      await colleague.query('COMMIT');
      expect((await describing).code).toBe('object-unsupported');
      await connector.endRead?.();
    }),
  );
});

test('what a colleague commits while an update waits for it is neither overwritten nor taken for what the update changed', async () => {
  const database = await server.createDatabase(`
    CREATE TABLE first (id int PRIMARY KEY, v text, w text, n int); CREATE TABLE second (id int PRIMARY KEY);
    INSERT INTO first SELECT i, 'old', 'w', 0 FROM generate_series(1, 4) i;
    CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v = 'new' AND NEW.id = 4 THEN NEW.w := 'w'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER back BEFORE UPDATE ON first FOR EACH ROW EXECUTE FUNCTION back()`);
  await withColleague(database, (colleague) =>
    withPlatform(database, {}, async ({ connector }) => {
      const schema = await schemaOf(connector, 'first');
      // 1: another column; 2: the very column; 3: another column, and nothing else; 4: a column that a trigger then puts back.
      await colleague.query(`BEGIN; UPDATE first SET w = 'theirs' WHERE id IN (1, 3, 4); UPDATE first SET v = 'theirs' WHERE id = 2`);
      const writing = connector.write(
        ['1', '2', '3', '4'].map((key) => ({ action: 'update', schema, key, set: { v: 'new' }, expect: { v: 'old' } })),
      );
      await lockWait('runback');
      await colleague.query('COMMIT');
      expect(await writing).toMatchObject([
        { status: 'applied', asSent: true },
        { status: 'moved', live: { v: 'theirs' } },
        { status: 'applied', asSent: true },
        { status: 'applied', was: { fields: { w: 'theirs' } }, record: { fields: { w: 'w', v: 'new' } } },
      ]);
      expect(await server.sql(database, 'SELECT v, w FROM first ORDER BY id')).toEqual([
        { v: 'new', w: 'theirs' },
        { v: 'theirs', w: 'w' },
        { v: 'new', w: 'theirs' },
        { v: 'new', w: 'w' },
      ]);
    }),
  );
});

test('whoever writes is told that it is under way while its answer is waited for', async () => {
  const database = await server.createDatabase(TABLES);
  await withColleague(database, (colleague) =>
    withPlatform(database, {}, async ({ connector }) => {
      const schema = await schemaOf(connector, 'first');
      await colleague.query('BEGIN; UPDATE first SET v = v WHERE id = 7');
      let told: () => void = () => undefined;
      const underWay = new Promise<void>((resolve) => (told = resolve));
      let isOver = false;
      const writing = connector.write([{ action: 'update', schema, key: '7', set: { v: 'b' }, expect: { v: 'a' } }], { underWay: () => told() });
      void writing.finally(() => (isOver = true));
      await underWay;
      await lockWait('runback', () => isOver);
      expect(isOver).toBe(false);
      await colleague.query('ROLLBACK');
      expect(await writing).toMatchObject([{ status: 'applied', asSent: true }]);
    }),
  );
});
