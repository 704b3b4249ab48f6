import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Connector } from '../../src/connectors/index.js';
import type { Link } from '../../src/records/index.js';
import { openTestPlatform, readRecords, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let server: TestPostgres;
/** The contrib modules come with some builds only; a type of the same make is built where there is no citext. */
let citext: string;
beforeAll(async () => {
  server = await startPostgres();
  const [row] = await server.sql('postgres', `SELECT count(*) AS n FROM pg_available_extensions WHERE name = 'citext'`);
  citext = row?.['n'] === '1' ? 'CREATE EXTENSION citext;' : OWN_CITEXT;
});
afterAll(() => server.stop());

/** Text that is equal whatever its case, with its own equality in `public`. */
const OWN_CITEXT = `
  CREATE TYPE citext;
  CREATE FUNCTION citextin(cstring) RETURNS citext LANGUAGE internal IMMUTABLE STRICT AS 'textin';
  CREATE FUNCTION citextout(citext) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
  CREATE TYPE citext (INPUT = citextin, OUTPUT = citextout, LIKE = text, CATEGORY = 'S', COLLATABLE = true);
  CREATE CAST (citext AS text) WITHOUT FUNCTION AS IMPLICIT; CREATE CAST (text AS citext) WITHOUT FUNCTION AS ASSIGNMENT;
  CREATE FUNCTION citext_cmp(citext, citext) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT pg_catalog.bttextcmp(lower($1::text), lower($2::text)) $$;
  CREATE FUNCTION citext_lt(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower($1::text) < lower($2::text) $$;
  CREATE FUNCTION citext_le(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower($1::text) <= lower($2::text) $$;
  CREATE FUNCTION citext_eq(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower($1::text) = lower($2::text) $$;
  CREATE FUNCTION citext_ge(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower($1::text) >= lower($2::text) $$;
  CREATE FUNCTION citext_gt(citext, citext) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower($1::text) > lower($2::text) $$;
  CREATE OPERATOR < (FUNCTION = citext_lt, LEFTARG = citext, RIGHTARG = citext, COMMUTATOR = >);
  CREATE OPERATOR <= (FUNCTION = citext_le, LEFTARG = citext, RIGHTARG = citext, COMMUTATOR = >=);
  CREATE OPERATOR = (FUNCTION = citext_eq, LEFTARG = citext, RIGHTARG = citext, COMMUTATOR = =);
  CREATE OPERATOR >= (FUNCTION = citext_ge, LEFTARG = citext, RIGHTARG = citext, COMMUTATOR = <=);
  CREATE OPERATOR > (FUNCTION = citext_gt, LEFTARG = citext, RIGHTARG = citext, COMMUTATOR = <);
  CREATE OPERATOR CLASS citext_ops DEFAULT FOR TYPE citext USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 citext_cmp(citext, citext);`;

async function withConnector<T>(
  database: string,
  work: (connector: Connector) => Promise<T>,
  changes: Parameters<typeof openTestPlatform>[2] = {},
): Promise<T> {
  const platform = await openTestPlatform(server, database, changes);
  try {
    return await work(platform.connector);
  } finally {
    await platform.close();
  }
}

/** Deletes records of an object type as they are now; gives what became of each. */
function erase(database: string, object: string, keys: readonly string[], changes: Parameters<typeof openTestPlatform>[2] = {}): Promise<string[]> {
  return withConnector(
    database,
    async (connector) => {
      const schema = await schemaOf(connector, object);
      const records = new Map((await readRecords(connector, schema)).map((record) => [record.key, record.fields]));
      const results = await connector.write(keys.map((key) => ({ action: 'delete', schema, key, expect: records.get(key) ?? {} })));
      return results.map((result) => (result.status === 'rejected' ? `rejected: ${result.message}` : result.status));
    },
    changes,
  );
}

/** Links of the only foreign key between two tables. */
function linksBetween(database: string, from: string, to: string): Promise<Link[]> {
  return withConnector(database, async (connector) => {
    const { links } = await connector.describe([from, to]);
    const found: Link[] = [];
    for (const link of links) for await (const batch of connector.readLinks({ link })) found.push(...batch);
    return found;
  });
}

/**
 * Two tables where the second refers to records 1 of the first by a key that its constraint compares in its own way.
 */
const OWN_EQUALITY: Readonly<Record<string, (rule: string) => string>> = {
  'citext of an extension': (rule) => `${citext}
    CREATE TABLE leads (id citext PRIMARY KEY, v text); INSERT INTO leads VALUES ('Ann', 'a'), ('Bob', 'b');
    CREATE TABLE notes (id int PRIMARY KEY, lead citext REFERENCES leads ON DELETE ${rule}); INSERT INTO notes VALUES (1, 'ANN')`,
  'a collation that ignores case': (rule) => `
    CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE leads (id text COLLATE loose PRIMARY KEY, v text); INSERT INTO leads VALUES ('Ann', 'a'), ('Bob', 'b');
    CREATE TABLE notes (id int PRIMARY KEY, lead text COLLATE loose REFERENCES leads ON DELETE ${rule}); INSERT INTO notes VALUES (1, 'ANN')`,
  'columns with other collations': (rule) => `
    CREATE TABLE leads (id text COLLATE "C" PRIMARY KEY, v text); INSERT INTO leads VALUES ('Ann', 'a'), ('Bob', 'b');
    CREATE TABLE notes (id int PRIMARY KEY, lead text COLLATE "POSIX" REFERENCES leads ON DELETE ${rule}); INSERT INTO notes VALUES (1, 'Ann')`,
  'columns of other types': (rule) => `
    CREATE DOMAIN code AS varchar(9);
    CREATE TABLE leads (id text PRIMARY KEY, v text); INSERT INTO leads VALUES ('Ann', 'a'), ('Bob', 'b');
    CREATE TABLE notes (id int PRIMARY KEY, lead code REFERENCES leads ON DELETE ${rule}); INSERT INTO notes VALUES (1, 'Ann')`,
};

for (const [name, make] of Object.entries(OWN_EQUALITY))
  test(`references are found as the constraint finds them: ${name}`, async () => {
    for (const rule of ['CASCADE', 'SET NULL', 'NO ACTION']) {
      const database = await server.createDatabase(make(rule));
      expect((await linksBetween(database, 'notes', 'leads')).map(({ from, to }) => [from, to])).toEqual([['1', 'Ann']]);
      const [ann, bob] = await erase(database, 'leads', ['Ann', 'Bob']);
      expect([rule, ann?.slice(0, 8), bob]).toEqual([rule, rule === 'NO ACTION' ? 'rejected' : 'moved', 'applied']);
      expect(await server.sql(database, 'SELECT lead IS NOT NULL AS kept FROM notes')).toEqual([{ kept: 't' }]);
    }
  });

test('links whose key ignores case are cut and made', async () => {
  const database = await server.createDatabase(OWN_EQUALITY['citext of an extension']?.('CASCADE') ?? '');
  await withConnector(database, async (connector) => {
    const [link] = (await connector.describe(['notes', 'leads'])).links;
    if (link === undefined) throw new Error('not described');
    const write = async (action: 'link' | 'unlink', to: string): Promise<string[]> =>
      (await connector.write([{ action, link, from: '1', to }])).map((result) => result.status);
    expect(await write('unlink', 'Bob')).toEqual(['moved']);
    expect(await write('unlink', 'Ann')).toEqual(['applied']);
    expect(await write('link', 'Bob')).toEqual(['applied']);
  });
  expect(await server.sql(database, 'SELECT lead FROM notes')).toEqual([{ lead: 'Bob' }]);
});

const PARTED = `
  CREATE TABLE leads (id int PRIMARY KEY, code int NOT NULL, v text) PARTITION BY RANGE (id);
  CREATE TABLE low PARTITION OF leads FOR VALUES FROM (0) TO (100);
  CREATE TABLE high PARTITION OF leads FOR VALUES FROM (100) TO (200);
  INSERT INTO leads VALUES (1, 1, 'a'), (2, 2, 'b'), (101, 1, 'c'), (102, 2, 'd');`;

test('a foreign key that points to a partition counts for its records, and for those of no other partition', async () => {
  for (const rule of ['CASCADE', 'SET NULL', 'SET DEFAULT']) {
    const database = await server.createDatabase(
      `${PARTED} ALTER TABLE low ADD UNIQUE (code);
       CREATE TABLE notes (id int PRIMARY KEY, code int DEFAULT 2 REFERENCES low (code) ON DELETE ${rule}); INSERT INTO notes VALUES (1, 1)`,
    );
    expect(await linksBetween(database, 'notes', 'leads')).toEqual([{ from: '1', to: '1' }]);
    expect([rule, ...(await erase(database, 'leads', ['1', '101', '102']))]).toEqual([rule, 'moved', 'applied', 'applied']);
    expect(await server.sql(database, 'SELECT code FROM notes')).toEqual([{ code: '1' }]);
  }
});

test('a foreign key to a partitioned table is one link, and counts also where one of its partitions is the object type', async () => {
  const database = await server.createDatabase(
    `${PARTED} CREATE TABLE notes (id int PRIMARY KEY, lead int REFERENCES leads ON DELETE CASCADE) PARTITION BY RANGE (id);
     CREATE TABLE few PARTITION OF notes FOR VALUES FROM (0) TO (10); CREATE TABLE others PARTITION OF notes DEFAULT;
     INSERT INTO notes VALUES (1, 1), (11, 102)`,
  );
  await withConnector(database, async (connector) => expect((await connector.describe(['notes', 'leads'])).links).toHaveLength(1));
  expect(await erase(database, 'low', ['1', '2'])).toEqual(['moved', 'applied']);
  expect(await erase(database, 'leads', ['101', '102'])).toEqual(['applied', 'moved']);
  expect(await linksBetween(database, 'few', 'leads')).toEqual([{ from: '1', to: '1' }]);
});

test('foreign keys of a single partition are links of the whole table, each under its own name', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE firms (id int PRIMARY KEY); INSERT INTO firms VALUES (1), (2); ${PARTED}
     ALTER TABLE low ADD CONSTRAINT firm FOREIGN KEY (code) REFERENCES firms; ALTER TABLE high ADD CONSTRAINT firm FOREIGN KEY (code) REFERENCES firms`,
  );
  expect(await linksBetween(database, 'leads', 'firms')).toEqual([
    { from: '1', to: '1' },
    { from: '2', to: '2' },
    { from: '101', to: '1' },
    { from: '102', to: '2' },
  ]);
});

test('composite references count only where they are whole, and are the key of what they refer to in its own order', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE leads (a int, b text, v text, PRIMARY KEY (a, b)); INSERT INTO leads VALUES (1, 'x', 'v'), (2, 'x', 'v'), (3, 'x', 'v');
     CREATE TABLE notes (id int PRIMARY KEY, b text, a int, FOREIGN KEY (b, a) REFERENCES leads (b, a) MATCH FULL ON DELETE CASCADE);
     CREATE TABLE hints (id int PRIMARY KEY, b text, a int, FOREIGN KEY (b, a) REFERENCES leads (b, a) ON DELETE CASCADE);
     INSERT INTO notes VALUES (1, 'x', 1), (2, NULL, NULL); INSERT INTO hints VALUES (1, 'x', 2), (2, 'x', NULL)`,
  );
  await withConnector(database, async (connector) =>
    expect((await connector.describe(['notes', 'leads'])).links).toMatchObject([{ viaFields: ['a', 'b'] }]),
  );
  expect(await erase(database, 'leads', ['["1","x"]', '["2","x"]', '["3","x"]'])).toEqual(['moved', 'moved', 'applied']);
  expect(await server.sql(database, 'SELECT (SELECT count(*) FROM notes) AS notes, (SELECT count(*) FROM hints) AS hints')).toEqual([
    { notes: '2', hints: '2' },
  ]);
});

test('references to a unique column that is no key are told apart from references to the key', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE staff (id int PRIMARY KEY, code int NOT NULL UNIQUE, boss int REFERENCES staff (code) ON DELETE CASCADE);
     INSERT INTO staff VALUES (1, 30, NULL), (2, 10, 30), (3, 20, 10), (4, 40, 20), (10, 50, NULL)`,
  );
  await withConnector(database, async (connector) =>
    expect((await connector.describe(['staff'])).links).toMatchObject([{ viaFields: ['boss'], refersTo: ['code'] }]),
  );
  expect(await linksBetween(database, 'staff', 'staff')).toEqual([
    { from: '2', to: '1' },
    { from: '3', to: '2' },
    { from: '4', to: '3' },
  ]);
  expect(await erase(database, 'staff', ['1', '2', '3', '10'])).toEqual(['moved', 'moved', 'moved', 'applied']);
  expect(await erase(database, 'staff', ['1', '2', '3', '4'])).toEqual(['applied', 'applied', 'applied', 'applied']);
});

test('a foreign key that is made after the plan was begun counts', async () => {
  const database = await server.createDatabase(`CREATE TABLE leads (id int PRIMARY KEY, v text); INSERT INTO leads VALUES (1, 'a'), (2, 'a')`);
  await withConnector(database, async (connector) => {
    const schema = await schemaOf(connector, 'leads');
    const erasing = async (key: string): Promise<string[]> =>
      (await connector.write([{ action: 'delete', schema, key, expect: { v: 'a' } }])).map((result) => result.status);
    expect(await erasing('1')).toEqual(['applied']);
    await server.sql(
      database,
      `CREATE TABLE notes (id int PRIMARY KEY, lead int REFERENCES leads ON DELETE CASCADE); INSERT INTO notes VALUES (1, 2)`,
    );
    expect(await erasing('2')).toEqual(['moved']);
  });
  expect(await server.sql(database, 'SELECT lead FROM notes')).toEqual([{ lead: '2' }]);
});

test('where records that refer cannot be seen, nothing that they could refer to is deleted, and the reason is said', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE leads (id int PRIMARY KEY, v text); INSERT INTO leads VALUES (1, 'a'), (2, 'a');
     CREATE SCHEMA secret; CREATE TABLE secret.notes (id int PRIMARY KEY, lead int REFERENCES leads ON DELETE CASCADE, text text); INSERT INTO secret.notes VALUES (1, 1, 'x');
     DROP ROLE IF EXISTS eraser; CREATE ROLE eraser LOGIN; GRANT SELECT, UPDATE, DELETE ON leads TO eraser`,
  );
  const changes = { url: server.url(database, 'eraser') };
  const refused = [expect.stringContaining('secret.notes'), expect.stringContaining('foreign key notes_lead_fkey')];
  expect(await erase(database, 'leads', ['1', '2'], changes)).toEqual(refused);
  await server.sql(database, 'GRANT USAGE ON SCHEMA secret TO eraser; GRANT SELECT (lead) ON secret.notes TO eraser');
  expect(await erase(database, 'leads', ['1', '2'], changes)).toEqual(['moved', 'applied']);
  await server.sql(database, `INSERT INTO leads VALUES (3, 'a'); ALTER TABLE secret.notes ENABLE ROW LEVEL SECURITY`);
  expect(await erase(database, 'leads', ['1', '3'], changes)).toEqual(refused);
  expect(await server.sql(database, 'SELECT lead FROM secret.notes')).toEqual([{ lead: '1' }]);
  await server.sql(database, 'DROP OWNED BY eraser; DROP ROLE eraser');
});

test('where the database does not look after its references, nothing is deleted that something refers to', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE leads (id int PRIMARY KEY, v text); INSERT INTO leads VALUES (1, 'a'), (2, 'a'), (3, 'a');
     CREATE TABLE notes (id int PRIMARY KEY, lead int REFERENCES leads); INSERT INTO notes VALUES (1, 1)`,
  );
  expect(await erase(database, 'leads', ['1', '2'], { options: { session_replication_role: 'replica' } })).toEqual(['moved', 'applied']);
  await server.sql(database, 'ALTER TABLE leads DISABLE TRIGGER ALL');
  expect(await erase(database, 'leads', ['1', '3'])).toEqual(['moved', 'applied']);
});
