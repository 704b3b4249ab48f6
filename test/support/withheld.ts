import type { TestPostgres } from './postgres.js';

/**
 * How services that keep their log in a place of their own answer what asks about it: of Amazon Aurora both are on record, the second where
 * `wal_level` is not `logical`.
 */
export const WITHHELD: readonly (readonly [code: string, message: string])[] = [
  ['0A000', 'Function pg_current_wal_lsn() is currently not supported for Aurora'],
  ['55000', "wal_level must be set to 'logical'"],
];

/** Makes a database answer so, whoever asks. A server knows functions of its own by their numbers, so the true one gets another name. */
export async function withholdLog(server: TestPostgres, database: string, [code, message]: readonly [code: string, message: string]): Promise<void> {
  const client = await server.connect(database);
  const raising = (name: string, gives: string): string =>
    `ALTER FUNCTION pg_catalog.${name}() RENAME TO ${name}_kept;
     CREATE FUNCTION pg_catalog.${name}() RETURNS ${gives} LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}', MESSAGE = '${message.replaceAll("'", "''")}'; END $$;`;
  await client.query('SET allow_system_table_mods = on');
  await client.query(raising('pg_current_wal_lsn', 'pg_lsn'));
  await client.query(
    raising(
      'pg_control_system',
      'TABLE (pg_control_version int, catalog_version_no int, system_identifier bigint, pg_control_last_modified timestamptz)',
    ),
  );
  await client.end();
}
