import { openPlatform } from '../../src/connectors/index.js';
import { systemClock } from '../../src/lib/index.js';
import type { ContractPlatform } from '../contracts/connector.js';
import { AUDIT_CONFIG, auditSql, watchSql } from './audit-triggers.js';
import type { TestPostgres } from './postgres.js';
import { startProxy } from './tcp-proxy.js';

const SCHEMA = `
  CREATE TABLE companies (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
  CREATE TABLE contacts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text UNIQUE, city text, note text, company bigint REFERENCES companies,
    changed_by text NOT NULL DEFAULT current_user, changed_at timestamptz NOT NULL DEFAULT now());
`;

/** How the database of a contract stands. */
interface Standing {
  /** With an audit table. */
  readonly audited?: boolean;
  /** What stands in front of the server. */
  readonly through?: { readonly host: string; readonly port: number };
  /** Is done to the database once it is made. */
  readonly prepare?: (database: string) => Promise<void>;
}

/** A database that the contract of connectors is tried on. */
export async function contractDatabase(
  server: TestPostgres,
  { audited = false, through = server, prepare }: Standing = {},
): Promise<ContractPlatform> {
  const database = await server.createDatabase(
    audited ? `${SCHEMA}; ${auditSql('record_version')}; ${watchSql('record_version', 'contacts')}` : SCHEMA,
  );
  await prepare?.(database);
  const proxy = await startProxy(through);
  const insert = async (table: string, fields: Readonly<Record<string, string | null>>): Promise<string> => {
    const names = Object.keys(fields);
    const columns = names.length === 0 ? 'DEFAULT VALUES' : `(${names.join(', ')}) VALUES (${names.map((_, i) => `$${String(i + 1)}`).join(', ')})`;
    const [row] = await server.sql(database, `INSERT INTO ${table} ${columns} RETURNING id`, Object.values(fields));
    return row?.['id'] ?? '';
  };
  return {
    now: () => new Date(),
    async open() {
      const platform = await openPlatform(
        {
          name: 'warehouse',
          connector: 'postgres',
          environment: 'sandbox',
          url: `postgres://postgres@127.0.0.1:${String(proxy.port)}/${database}`,
          credentials: {},
          limits: { wait: '300ms' },
          modified: { by: 'changed_by', at: 'changed_at' },
          ...(audited ? { audit: AUDIT_CONFIG.record_version } : {}),
          options: {},
        },
        { secret: async () => '', clock: systemClock, writes: 'private' },
      );
      return platform.connector;
    },
    object: 'public.contacts',
    text: 'city',
    other: 'note',
    unique: 'email',
    missingKey: '900000',
    emptyReads: '',
    seed: (fields) => insert('contacts', fields),
    async edit(key, fields) {
      for (const [name, value] of Object.entries(fields))
        await server.sql(database, `UPDATE contacts SET ${name} = $2, changed_by = 'a colleague', changed_at = now() WHERE id = $1`, [key, value]);
    },
    async remove(key) {
      await server.sql(database, 'DELETE FROM contacts WHERE id = $1', [key]);
    },
    async truth(key) {
      return (await server.sql(database, 'SELECT * FROM contacts WHERE id = $1', [key]))[0];
    },
    links: {
      objects: ['public.contacts', 'public.companies'],
      pick: (links) => links.find((link) => link.from === 'public.contacts'),
      seedFrom: () => insert('contacts', {}),
      seedTo: () => insert('companies', {}),
      async truth() {
        const rows = await server.sql(database, 'SELECT id, company FROM contacts WHERE company IS NOT NULL');
        return rows.map((row) => ({ from: row['id'] ?? '', to: row['company'] ?? '' }));
      },
    },
    faults: {
      dropNextAnswer: async () => proxy.dropAnswerTo('COMMIT\0'),
      cutOff: async () => proxy.cutOff(),
      heal: async () => proxy.heal(),
    },
    stop: () => proxy.stop(),
  };
}
