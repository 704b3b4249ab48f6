import { type CallOptions, messageOf, RunbackError } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { PlatformSchema } from '../../connector.js';
import type { OpenScratch } from '../../driver.js';
import type { Scratch } from '../../scratch.js';
import { fromServer } from '../errors.js';
import { connect, type Connection } from '../session.js';
import { addressOf, readSettings, type Settings } from '../settings.js';
import { identifier } from '../sql.js';
import { choicesOf, foreignKeySql, literal, partsOf, quoted, tableSql, type TableName, uniqueSql } from './ddl.js';

/** The comment by which everything that is made here is known again. */
const MARK = 'Made by a restore test of runback, which takes it away again';
const WRITING = 'ISOLATION LEVEL READ COMMITTED READ WRITE';
/** Key of the advisory lock of whoever works in a database; released with its connection, however that ends. */
const LOCK_KEY = 7_305_019_441;
const SHOWN = 3;

/** Makes empty tables after the description in a snapshot. */
export const openScratch: OpenScratch = async (config, deps, schema, options) => {
  const settings = await readSettings(config, deps);
  const open = async (): Promise<Connection> => await connect(settings, deps.clock, { requests: 0, retries: 0 }, 'write', options);
  const connection = await open();
  let keeper = connection;
  const close = async (force: boolean): Promise<void> => {
    await connection.close(force);
    if (!keeper.broken) await keeper.rollBack().catch(() => undefined);
    await keeper.close(force);
  };
  const clear = async (): Promise<void> => {
    try {
      if (!connection.broken) await removeMarked(connection, settings);
    } finally {
      await close(connection.broken);
    }
  };
  try {
    // Behind a pooler the lock lies with a transaction, which stays open on a connection of its own.
    if (connection.shared) keeper = await open();
    await takeAlone(keeper, settings, options);
    await removeMarked(connection, settings);
    await requireEmpty(connection, settings, schema, options);
    return { ...(await makeAll(connection, settings, schema, options)), clear };
  } catch (error) {
    await close(true);
    throw fromServer(error, settings, 'making the tables of a restore test');
  }
};

async function takeAlone(connection: Connection, settings: Settings, options: CallOptions): Promise<void> {
  if (connection.shared) await connection.begin({ how: WRITING }, options);
  const take = connection.shared ? 'pg_try_advisory_xact_lock' : 'pg_try_advisory_lock';
  const [row] = await connection.query(`SELECT pg_catalog.${take}($1)`, [LOCK_KEY], options);
  if (row?.[0] === 't') return;
  throw new RunbackError('locked', `Another restore test works in ${settings.database} at ${addressOf(settings)}`, {
    state: 'Nothing was written.',
    next: 'Wait until it has ended, or name another database with --into.',
  });
}

/** Takes away what bears the mark: in one transaction, and nothing that something else depends on. */
async function removeMarked(connection: Connection, settings: Settings): Promise<void> {
  const names = async (text: string): Promise<readonly string[]> => (await connection.query(text, [MARK])).map(([name]) => name ?? '');
  const tables = await names(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
      WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND pg_catalog.obj_description(c.oid, 'pg_class') OPERATOR(pg_catalog.=) $1`,
  );
  const types = await names(
    `SELECT pg_catalog.format('%I.%I', n.nspname, t.typname) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
      WHERE t.typtype OPERATOR(pg_catalog.=) 'e' AND pg_catalog.obj_description(t.oid, 'pg_type') OPERATOR(pg_catalog.=) $1`,
  );
  const schemas = await names(
    `SELECT pg_catalog.format('%I', n.nspname) FROM pg_catalog.pg_namespace n WHERE pg_catalog.obj_description(n.oid, 'pg_namespace') OPERATOR(pg_catalog.=) $1`,
  );
  const drops = [
    ...(tables.length === 0 ? [] : [`DROP TABLE ${tables.join(', ')}`]),
    ...(types.length === 0 ? [] : [`DROP TYPE ${types.join(', ')}`]),
    ...(schemas.length === 0 ? [] : [`DROP SCHEMA ${schemas.join(', ')}`]),
  ];
  if (drops.length === 0) return;
  try {
    await connection.begin({ how: WRITING, after: drops });
    await connection.query('COMMIT');
  } catch (error) {
    await connection.rollBack().catch(() => undefined);
    throw new RunbackError('platform-rejected', `The tables of a restore test could not be taken away from ${settings.database}`, {
      why: messageOf(error),
      state: `Their comment says: ${MARK}.`,
      next: 'Drop them yourself, or free what depends on them and run the same command again.',
      cause: error,
    });
  }
}

/** Refuses a place in which one of the schemas of the snapshot holds anything. What belongs to an extension does not count. */
async function requireEmpty(connection: Connection, settings: Settings, { objects }: PlatformSchema, options: CallOptions): Promise<void> {
  const schemas = [...new Set(objects.flatMap(({ object }) => partsOf(object)?.schema ?? []))];
  const found = await connection.query(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
      WHERE n.nspname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.name[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.objid OPERATOR(pg_catalog.=) c.oid AND d.deptype OPERATOR(pg_catalog.=) 'e') ORDER BY 1`,
    [schemas],
    options,
  );
  if (found.length === 0) return;
  const names = found.slice(0, SHOWN).map(([name]) => name ?? '');
  const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
  throw new RunbackError('stage-refused', `${settings.database} at ${addressOf(settings)} is not empty`, {
    why: `A restore test needs ${schemas.join(', ')} to be empty there; it holds ${names.join(', ')}${more}.`,
    state: 'Nothing was written.',
    next: 'Name an empty database with --into: createdb restore_test',
    data: { found: names },
  });
}

async function makeAll(
  connection: Connection,
  settings: Settings,
  { objects, links }: PlatformSchema,
  options: CallOptions,
): Promise<Omit<Scratch, 'clear'>> {
  const refused: { object: string; why: string }[] = [];
  const lacks = ['It has no triggers, checks, defaults, generated columns and partitions, and no index but those of keys'];
  const names = new Map(objects.flatMap(({ object }) => (partsOf(object) === undefined ? [] : [[object, partsOf(object) as TableName]])));
  /** Runs a statement that may fail without costing the others; gives why it did. */
  const tried = async (...statements: readonly string[]): Promise<string | undefined> => {
    options.signal?.throwIfAborted();
    try {
      await connection.query(`SAVEPOINT part; ${statements.join('; ')}; RELEASE SAVEPOINT part`);
      return undefined;
    } catch (error) {
      if (connection.broken) throw fromServer(error, settings, 'making the tables of a restore test');
      await connection.query('ROLLBACK TO SAVEPOINT part');
      return messageOf(error);
    }
  };
  await connection.begin({ how: WRITING });
  await makeSchemas(connection, new Set([...names.values()].map(({ schema }) => schema)));
  for (const [type, labels] of choicesOf(objects))
    await tried(`CREATE TYPE ${type} AS ENUM (${labels.map(literal).join(', ')})`, `COMMENT ON TYPE ${type} IS ${literal(MARK)}`);
  const made = new Map<string, ObjectSchema>();
  for (const object of objects) {
    const table = names.get(object.object);
    const sql = table && tableSql(table, object);
    const why =
      table === undefined || sql === undefined
        ? 'its description is none of a table'
        : await tried(sql, `COMMENT ON TABLE ${quoted(table)} IS ${literal(MARK)}`);
    if (why !== undefined) refused.push({ object: object.object, why: `its table cannot be made there: ${why}` });
    else made.set(object.object, object);
  }
  for (const object of made.values()) {
    const table = names.get(object.object);
    for (const { sql, what } of table === undefined ? [] : uniqueSql(table, object)) {
      const why = await tried(sql);
      if (why !== undefined) lacks.push(`It lacks the rule of ${object.object} ${what}: ${why}`);
    }
  }
  for (const link of links) {
    const [from, to, target] = [names.get(link.from), names.get(link.to), made.get(link.to)];
    if (from === undefined || to === undefined || target === undefined || !made.has(link.from)) continue;
    const sql = foreignKeySql(link, from, to, target.keyFields);
    const why = sql === undefined ? undefined : await tried(sql);
    if (why !== undefined) lacks.push(`It lacks the foreign key ${link.label ?? link.kind} of ${link.from}: ${why}`);
  }
  await connection.query('COMMIT');
  return { refused, lacks };
}

async function makeSchemas(connection: Connection, schemas: ReadonlySet<string>): Promise<void> {
  for (const schema of schemas) {
    const [there] = await connection.query('SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) $1', [schema]);
    if (there !== undefined) continue;
    await connection.query(`CREATE SCHEMA ${identifier(schema)}; COMMENT ON SCHEMA ${identifier(schema)} IS ${literal(MARK)}`);
  }
}
